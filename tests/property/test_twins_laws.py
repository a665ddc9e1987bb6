"""Twins: whatever several devices did, one of each two stays, everywhere the same one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.facts.change import TOP, EntryId
from storage.facts.node import Node
from storage.facts.values import EntryKind
from storage.index.line import plain_content
from storage.twins import settle_twins
from storage.vault import Vault
from tests.helpers.vaults import (
    Place,
    core_of,
    everyone,
    pure_root,
    save,
    shown,
    tell,
    write,
)

NAMES = ["a.bin", "A.bin", "b", "a (2).bin"]
BYTES = [b"\0one", b"\0two", b"text\n"]
Move = tuple[int, int, int, int]
moves = st.tuples(st.integers(0, 2), st.integers(0, 11), st.integers(0, 9), st.integers(0, 9))


def files_of(vault: Vault) -> list[Node]:
    """Return all files that are entries of their own."""
    return [n for _, n in vault.tree().walk() if n.kind is EntryKind.FILE and n.side_of is None]


def folders_of(vault: Vault) -> list[EntryId]:
    """Return all folders, the top first."""
    return [TOP, *(n.id for _, n in vault.tree().walk() if n.kind is EntryKind.FOLDER)]


class Story:
    """Three devices, and what must be found in the end."""

    def __init__(self, vaults: list[Vault]) -> None:
        self.vaults = vaults
        self.settled = 0
        self.deleted: set[bytes] = set()
        """What somebody saw no copy of any more after deleting or replacing one."""

    def play(self, move: Move) -> None:
        """Let something happen."""
        who, what, one, other = move
        vault = self.vaults[who]
        files, folders = files_of(vault), folders_of(vault)
        match what:
            case 0 | 1 | 2 | 3:
                data = BYTES[other % len(BYTES)]
                write(vault, NAMES[one % len(NAMES)], data, folders[other % len(folders)])
            case 4:
                change = vault.change()
                change.add_folder(folders[other % len(folders)], "Docs")
                vault.commit(change, "folder")
            case 5 | 6 if files and who == 0:  # of two people each may delete another copy
                self._take(vault, files[one % len(files)], BYTES[other % len(BYTES)], what)
            case 7 | 8 | 9:
                self.settle(vault)
            case _:
                tell(self.vaults[(who + 1 + one % 2) % 3], vault)

    def _take(self, vault: Vault, node: Node, other: bytes, what: int) -> None:
        """Delete a file, or put other bytes in its place."""
        data = b"".join(vault.read(node))
        if what == 5:
            save(vault, node.id, other)
        else:
            change = vault.change()
            change.remove(node.id)
            vault.commit(change, "removed")
        if data not in shown(vault).values():
            self.deleted.add(data)

    def settle(self, vault: Vault) -> None:
        """Settle what one device sees; a second time there is nothing left to do."""
        before = Counter(data for data in shown(vault).values() if data is not None)
        self.settled += len(settle_twins(vault))
        after = Counter(data for data in shown(vault).values() if data is not None)
        assert set(before) == set(after)
        seen = vault.seen
        assert settle_twins(vault) == frozenset()
        assert vault.seen == seen


# Two settle at once, each keeping another copy: what outlives both deletions has no place.
@example([(0, 0, 0, 0), (0, 0, 0, 0), (2, 0, 0, 0), (2, 5, 0, 0), (0, 7, 0, 0), (2, 7, 0, 0)])
@settings(max_examples=60, deadline=None)
@given(st.lists(moves, max_size=30))
def test_twins_are_settled_alike_everywhere_and_nothing_is_lost(story: list[Move]) -> None:
    """Devices settle at once, before and after they met; people edit and delete in between."""
    with TemporaryDirectory(dir=_fast_folder()) as folder:
        place = Place(Path(folder))
        one = place.create("one")
        told = Story([one, place.join(one, "two"), place.join(one, "three")])
        try:
            everyone(told.vaults)
            written: set[bytes] = set()
            for move in story:
                told.play(move)
                for vault in told.vaults:
                    written |= {data for data in shown(vault).values() if data is not None}
            everyone(told.vaults)
            rounds = 0
            while sum(len(settle_twins(vault)) for vault in told.vaults):
                everyone(told.vaults)
                rounds += 1
                assert rounds < 4
            judge(told, written)
        finally:
            for vault in told.vaults:
                vault.close()


def judge(told: Story, written: set[bytes]) -> None:
    """All are equal, no twins are left, and what nobody deleted is there."""
    first, *others = told.vaults
    assert first.root.to_bytes() == pure_root(first)
    for vault in others:
        assert (vault.seen, vault.root, shown(vault)) == (first.seen, first.root, shown(first))
    left = {data for data in shown(first).values() if data is not None}
    assert written - told.deleted <= left
    rows = core_of(first).connection.execute(
        "SELECT parent, name, plain, executable FROM entry WHERE plain <> x'' AND parent <> x''"
    )
    alike = Counter(
        (bytes(row[0]), row[1], plain_content(bytes(row[2])).digest, row[3])
        for row in rows.fetchall()
    )
    assert not [key for key, times in alike.items() if times > 1]
    for item in first.bin():
        assert first.facts_before(item.entry, item.step)
    assert first.check().found == ()


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, not shared
