"""Three vaults, any story: the same folders everywhere, and nothing that was saved is lost."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import NameTaken
from storage.facts.change import TOP, EntryId
from storage.facts.node import Node
from storage.facts.values import EntryKind
from storage.facts.whole import View
from storage.records.record import Record
from storage.vault import Vault
from tests.helpers.vaults import (
    META,
    Place,
    everyone,
    names_of,
    pure_root,
    shown,
    state_of,
    tell,
)

NAMES = ["a.md", "A.md", "b", "é.md", "e\u0301.md", "a (2).md", "c.bin"]
Move = tuple[int, int, int, int]
moves = st.tuples(st.integers(0, 2), st.integers(0, 19), st.integers(0, 99), st.integers(0, 99))


@dataclass(frozen=True, slots=True)
class Saved:
    """Bytes that a device saved, for its history to keep."""

    vault: Vault
    record: Record
    entry: EntryId
    data: bytes


@dataclass(slots=True)
class Story:
    """What happened, and what of it must still be there."""

    vaults: list[Vault]
    tokens: int = 0
    wanted: set[str] = field(default_factory=set[str])
    """Saved, and never replaced or removed by somebody who had seen it."""
    saved: list[Saved] = field(default_factory=list[Saved])

    def play(self, move: Move) -> None:
        """Let something happen."""
        who, what, one, other = move
        vault = self.vaults[who]
        nodes = [node for _, node in vault.tree().walk()]
        folders = [n for n in nodes if n.kind == EntryKind.FOLDER]
        files = [n for n in nodes if n.kind != EntryKind.FOLDER]
        into = folders[one % len(folders)].id if folders and one % 3 else TOP
        name = NAMES[other % len(NAMES)]
        match what:
            case 0 | 1:
                change = vault.change()
                change.add_folder(into, name)
                vault.commit(change, "folder")
            case 2 | 3:
                self._add(vault, into, name, text=bool(one % 4))
            case 4 | 5 | 6 | 7 | 8 if files:
                self._type(vault, files[one % len(files)], other)
            case 9 | 10 if files:
                self._replace(vault, files[one % len(files)])
            case 11 | 12 if nodes:
                with suppress(NameTaken):
                    change = vault.change()
                    change.move(nodes[other % len(nodes)].id, into, name)
                    vault.commit(change, "moved")
            case 13 | 14 if nodes:
                self._remove(vault, nodes[one % len(nodes)])
            case 15:
                self._bring_back(vault, one)
            case _:
                tell(self.vaults[(who + 1 + one % 2) % 3], vault)

    def _token(self) -> str:
        """Return a letter that nobody wrote before: no merge can cut it."""
        self.tokens += 1
        token = chr(0x4E00 + self.tokens)
        self.wanted.add(token)
        return token

    def _add(self, vault: Vault, into: EntryId, name: str, *, text: bool) -> None:
        token = self._token()
        data = f"{token}\n".encode() if text else b"\0" + token.encode()
        change = vault.change()
        made = change.add_file(into, name, vault.store(_Source(data)), META)
        self._done(vault, vault.commit(change, "new"), made)

    def _type(self, vault: Vault, node: Node, at: int) -> None:
        """Add a letter to a text; whatever else is in it stays."""
        if not node.is_text:
            self._replace(vault, node)
            return
        text = vault.text(node.id)
        at %= len(text.text) + 1
        after = text.text[:at] + self._token() + text.text[at:]
        change = vault.change()
        change.write(node.id, after.encode(), META, text.base)
        self._done(vault, vault.commit(change, "typed"), node.id)

    def _replace(self, vault: Vault, node: Node) -> None:
        self._let_go(vault, node)
        change = vault.change()
        change.write(node.id, b"\0" + self._token().encode(), META)
        self._done(vault, vault.commit(change, "replaced"), node.id)

    def _remove(self, vault: Vault, node: Node) -> None:
        todo = [node]
        while todo:
            found = todo.pop()
            self._let_go(vault, found)
            todo += vault.tree().children(found.id)
        change = vault.change()
        change.remove(node.id)
        vault.commit(change, "removed")
        if node.side_of is None:
            assert vault.tree().get(node.id) is None or node.kind == EntryKind.FOLDER

    def _bring_back(self, vault: Vault, one: int) -> None:
        gone = vault.bin()
        if not gone:
            return
        item = gone[one % len(gone)]
        facts = vault.facts_before(item.entry, item.step)
        change = vault.change()
        change.bring_back(item.entry, facts)
        vault.commit(change, "brought back")
        node = vault.tree().get(item.entry)
        assert node is not None
        assert item.entry not in {left.entry for left in vault.bin()}

    def _let_go(self, vault: Vault, node: Node) -> None:
        if node.kind != EntryKind.FOLDER:
            self.wanted -= set(b"".join(vault.read(node)).decode())

    def _done(self, vault: Vault, record: Record | None, entry: EntryId) -> None:
        node = vault.tree().get(entry)
        assert record is not None
        assert node is not None
        assert node.side_of is None
        self.saved.append(Saved(vault, record, entry, b"".join(vault.read(node))))


@dataclass(slots=True)
class _Source:
    data: bytes

    def read(self, size: int) -> bytes:
        """Return some of it."""
        piece, self.data = self.data[:size], self.data[size:]
        return piece


def agrees(vault: Vault) -> None:
    """Check a vault against its own records, by the pure rules."""
    view = View(state_of(vault), names_of(vault))
    assert list(vault.tree().walk()) == list(view.walk())
    assert vault.root.to_bytes() == pure_root(vault)


@settings(max_examples=60, deadline=None)
@given(st.lists(moves, max_size=40), st.integers(1, 8))
def test_whatever_three_devices_do_they_agree_and_lose_nothing(
    story: list[Move], often: int
) -> None:
    """The promise of the whole: any order, any time apart, one answer, and all that was saved."""
    with TemporaryDirectory(dir=_fast_folder()) as folder:
        place = Place(Path(folder))
        one = place.create("one")
        told = Story([one, place.join(one, "two"), place.join(one, "three")])
        one.welcome()
        for vault, name in zip(told.vaults, ("Ada's", "Ben's", "Cy's"), strict=True):
            vault.introduce(name)
        everyone(told.vaults)
        try:
            for number, move in enumerate(story):
                told.play(move)
                if number % often == 0:
                    agrees(told.vaults[move[0]])
            everyone(told.vaults)
            judge(told)
            reopen(told, place)
        finally:
            for vault in told.vaults:
                vault.close()


def judge(told: Story) -> None:
    """Check what all promise together."""
    first, *others = told.vaults
    agrees(first)
    everything = shown(first)
    for vault in others:
        assert vault.seen == first.seen
        assert vault.root == first.root
        assert shown(vault) == everything
    letters = {c for data in everything.values() if data is not None for c in data.decode()}
    assert told.wanted <= letters
    for saved in told.saved:
        assert b"".join(saved.vault.read_at(saved.entry, saved.record.cid)) == saved.data
    assert first.check().found == ()


def reopen(told: Story, place: Place) -> None:
    """An index that is lost is made again, and says the same."""
    vault = told.vaults[2]
    seen, root, everything = vault.seen, vault.root, shown(vault)
    vault.close()
    for path in (place.folder / "three").glob("index.db*"):
        path.unlink()
    vault = told.vaults[2] = place.open("three")
    assert (vault.seen, vault.root) == (seen, root)
    assert shown(vault) == everything


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, not shared
