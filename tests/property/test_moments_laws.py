"""Any moment opens as it was, comes back as it was, and what one device did can be taken back."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.facts.change import EntryId
from storage.facts.dots import Seen
from storage.facts.node import Node, Tree
from storage.facts.values import EntryKind
from storage.moment import Moment
from storage.restoring import Deed, Plan, carry_out, part, plan, whole
from storage.vault import Vault
from tests.helpers.vaults import Place, core_of, everyone
from tests.property.test_vaults_agree import Move, Story, agrees, moves

pytestmark = pytest.mark.slow
TOLD = 16
"""From here on a move of a story is that one device tells another all."""
Shown = dict[tuple[str, ...], tuple[EntryKind, bytes, int, bool]]


@dataclass(frozen=True, slots=True)
class Remembered:
    """How one device saw the space at one moment."""

    seen: Seen
    shown: Shown


@dataclass(slots=True)
class Told:
    """A story that happened, and what was seen on the way."""

    vaults: list[Vault]
    moments: list[Remembered] = field(default_factory=list[Remembered])


@contextmanager
def told(story: list[Move], devices: int) -> Generator[Told]:
    """Let devices live through a story, of which the first few write, and meet at its end."""
    with TemporaryDirectory(dir=_memory()) as folder:
        place = Place(Path(folder))
        one = place.create("one")
        vaults = [one, place.join(one, "two"), place.join(one, "three")]
        one.welcome()
        for vault, name in zip(vaults, ("Ada's", "Ben's", "Cy's"), strict=True):
            vault.introduce(name)
        everyone(vaults)
        happened = Told(vaults)
        playing = Story(vaults)
        try:
            for who, what, one_number, other in story:
                vault = vaults[who % devices]
                if what < TOLD or devices > 1:
                    playing.play((who % devices, what, one_number, other))
                    happened.moments.append(Remembered(vault.seen, shown(vault)))
            everyone(vaults)
            yield happened
        finally:
            for vault in vaults:
                vault.close()


def shown(vault: Vault) -> Shown:
    """Return all that a device shows now."""
    return {
        path: _of(node, b"" if _is_folder(node) else b"".join(vault.read(node)))
        for path, node in vault.tree().walk()
    }


def as_it_was(moment: Moment) -> Shown:
    """Return all that a moment shows."""
    return {
        path: _of(node, b"" if _is_folder(node) else b"".join(moment.read(node)))
        for path, node in moment.tree.walk()
    }


def _of(node: Node, data: bytes) -> tuple[EntryKind, bytes, int, bool]:
    is_file = not _is_folder(node)
    return node.kind, data, node.mtime_ns * is_file, node.executable and is_file


def _is_folder(node: Node) -> bool:
    return node.kind is EntryKind.FOLDER


def do(vault: Vault, planned: Plan, then: Moment) -> None:
    """Do what a plan says."""
    change = vault.change()
    carry_out(planned, change, vault.present(), then)
    vault.commit(change, "restored")


def restore(vault: Vault, seen: Seen) -> None:
    """Let all be as it was."""
    then = vault.moment(seen)
    do(vault, whole(vault.present(), then), then)


def undo(vault: Vault, did: str, after: Seen, until: Seen) -> None:
    """Take back what a device did between two moments."""
    undoing = vault.undoing(frozenset({did}), after, until)
    do(vault, undoing.plan, undoing.then)


def did_of(vault: Vault) -> str:
    """Return the device's name among the records."""
    return core_of(vault).device.did


stories = st.lists(moves, max_size=30)
somewhere = st.integers(0, 10_000)


@given(stories, st.integers(1, 3))
def test_every_moment_is_what_was_there_then(story: list[Move], devices: int) -> None:
    """On every device that knows its records, whatever came before, beside or after."""
    with told(story, devices) as happened:
        for number, remembered in enumerate(happened.moments):
            vault = happened.vaults[number % devices]
            assert as_it_was(vault.moment(remembered.seen)) == remembered.shown


@given(stories, st.integers(1, 3), somewhere, somewhere)
def test_restoring_all_gives_the_moment_and_can_itself_be_taken_back(
    story: list[Move], devices: int, when: int, who: int
) -> None:
    """To the last path, byte and time; on the other devices too; and back again."""
    with told(story, devices) as happened:
        if not happened.moments:
            return
        remembered = happened.moments[when % len(happened.moments)]
        vault = happened.vaults[who % devices]
        before, before_seen = shown(vault), vault.seen
        restore(vault, remembered.seen)
        assert shown(vault) == remembered.shown
        agrees(vault)
        assert not whole(vault.present(), vault.moment(remembered.seen)).acts, "it is so already"
        everyone(happened.vaults)
        assert all(shown(each) == remembered.shown for each in happened.vaults)
        restore(vault, before_seen)
        assert shown(vault) == before


@given(stories, st.integers(1, 2), somewhere, somewhere)
def test_restoring_a_part_gives_that_part_and_takes_nothing_away(
    story: list[Move], devices: int, when: int, which: int
) -> None:
    """What came since stays, be it renamed to make room."""
    with told(story, devices) as happened:
        if not happened.moments:
            return
        vault = happened.vaults[0]
        then = vault.moment(happened.moments[when % len(happened.moments)].seen)
        nodes = [node for _, node in then.tree.walk()]
        if not nodes:
            return
        top = nodes[which % len(nodes)]
        chosen = frozenset(part(then, top))
        before = {node.id for _, node in vault.tree().walk()}
        do(vault, plan(vault.present(), then, chosen), then)
        agrees(vault)
        after = vault.tree()
        assert before | chosen <= {node.id for _, node in after.walk()} | _revived(before, after)
        assert _relative(vault, after, chosen, top) == _relative(then, then.tree, chosen, top)


def _revived(before: set[EntryId], after: Tree) -> set[EntryId]:
    """Folders that only the view had made are gone when the real ones are back."""
    return {entry for entry in before if after.get(entry) is None}


def _relative(
    read: Vault | Moment, tree: Tree, chosen: frozenset[EntryId], top: Node
) -> dict[tuple[str, ...], bytes]:
    """Return what was chosen, by its path below the folder that it lies in."""
    depth = len(tree.path(top.id)) - 1
    return {
        tree.path(node.id)[depth:]: b"" if _is_folder(node) else b"".join(read.read(node))
        for entry in chosen
        if (node := tree.get(entry)) is not None
    }


@given(stories, somewhere)
def test_undoing_what_the_only_writer_did_is_restoring_the_moment_before(
    story: list[Move], when: int
) -> None:
    """Two ways to one answer."""
    with told(story, 1) as happened:
        if not happened.moments:
            return
        vault = happened.vaults[0]
        remembered = happened.moments[when % len(happened.moments)]
        assert not vault.undoing(frozenset({did_of(vault)}), remembered.seen, vault.seen).stays
        undo(vault, did_of(vault), remembered.seen, vault.seen)
        assert shown(vault) == remembered.shown
        agrees(vault)


@given(stories, st.integers(1, 3), somewhere, somewhere, somewhere)
def test_undoing_an_undoing_leaves_all_as_it_was(
    story: list[Move], devices: int, first: int, last: int, who: int
) -> None:
    """Whatever the batch was, and whoever changed what meanwhile."""
    with told(story, devices) as happened:
        if not happened.moments:
            return
        one, other = sorted((first % len(happened.moments), last % len(happened.moments)))
        vault = happened.vaults[0]
        batch_of = did_of(happened.vaults[who % devices])
        before, seen = shown(vault), vault.seen
        undo(vault, batch_of, happened.moments[one].seen, happened.moments[other].seen)
        agrees(vault)
        undo(vault, did_of(vault), seen, vault.seen)
        assert shown(vault) == before


@example(story=[(0, 0, 0, 0)] * 3 + [(0, 11, 1, 0)], devices=2, when=2, who=0)
@given(stories, st.integers(2, 3), somewhere, somewhere)
def test_undoing_touches_nothing_that_the_device_did_not(
    story: list[Move], devices: int, when: int, who: int
) -> None:
    """What others made alone keeps its bytes, and its place unless what comes back lay there."""
    with told(story, devices) as happened:
        if not happened.moments:
            return
        vault = happened.vaults[0]
        batch_of = frozenset({did_of(happened.vaults[who % devices])})
        remembered = happened.moments[when % len(happened.moments)]
        undoing = vault.undoing(batch_of, remembered.seen, vault.seen)
        touched = {act.node.entry for act in undoing.plan.acts}
        asides = [act for act in undoing.plan.acts if act.deed is Deed.ASIDE]
        ends = {act.path for act in undoing.plan.acts if act.deed in {Deed.BACK, Deed.MOVED}}
        assert all(act.was in ends for act in asides), "another name only for whose name comes back"
        ledger = core_of(vault).ledger
        steps = ledger.made_between(batch_of, remembered.seen, vault.seen)
        named = {entry for step in steps for entry in ledger.touched_by(step.pos)}
        above = {
            node.id for _, node in undoing.then.tree.walk() if vault.tree().get(node.id) is None
        }
        assert touched - {act.node.entry for act in asides} <= named | above
        untouched = [
            node
            for _, node in vault.tree().walk()
            if node.entry not in touched and not _is_folder(node)
        ]
        before = {node.id: b"".join(vault.read(node)) for node in untouched}
        do(vault, undoing.plan, undoing.then)
        after = vault.tree()
        for entry, data in before.items():
            node = after.get(entry)
            assert node is not None
            assert b"".join(vault.read(node)) == data


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, not shared
