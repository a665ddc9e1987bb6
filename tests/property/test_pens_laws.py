"""One (peer, counter) never stands for two things, and a text that is saved often has few peers."""

from __future__ import annotations

import shutil
from itertools import combinations, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import contents
from storage.blocks.packed import PackedBlocks
from storage.errors import StoreFull
from storage.facts.change import TOP, EntryId
from storage.facts.pens import MAX_END, MAX_PENS, Pen, Pens, pen_at
from storage.facts.text import TextDocument
from storage.facts.text_version import version_from_bytes, version_to_bytes
from storage.facts.text_wire import Change, Delete, Insert, changes_from_bytes, updates_in
from storage.facts.values import Content
from storage.tree.content import read_bytes
from storage.vault import Vault
from tests.helpers.set_back import set_back
from tests.helpers.vaults import META, Place, core_of, everyone, exchange, save, shown, write
from tests.unit.test_forks import meet

NAMES = ("one", "two", "three")
FAST = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, not shared
LONG = "filler " * 900

Token = tuple[bytes, str]
"""A version that a device may go on from, and its text."""
Thing = tuple[object, ...]
"""What one counter of one peer stands for."""


def things_of(change: Change) -> list[Thing]:
    """Return what each counter of a change stands for, however it is cut into ops."""
    found: list[Thing] = []
    for op in change.ops:
        match op:
            case Insert(at, text):
                found += [("insert", at + n, letter) for n, letter in enumerate(text)]
            case Delete(_, count, (peer, start)):
                ids = range(start, start + abs(count))
                found += [("delete", peer, n) for n in (ids if count > 0 else reversed(ids))]
            case _:
                found.append(("mark",))
    return found


class Desk:
    """Three devices that keep one note, and all that any of them ever computed."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        one = self.place.create("one")
        self.vaults = [one, self.place.join(one, "two"), self.place.join(one, "three")]
        self.note = write(one, "note.md", b"begun\n", TOP)
        everyone(self.vaults)
        self.made: dict[tuple[int, int], tuple[int, Thing]] = {}
        self.tokens: list[list[Token]] = [[] for _ in NAMES]
        self.letters: list[str] = []
        self.opened = 0

    def save(self, who: int, at: int, *, long: bool, old: bool, drop: bool) -> None:
        """Put a new letter into the text as it is, or as it once was, and commit or drop it."""
        vault = self.vaults[who]
        now = vault.text(self.note)
        held = self.tokens[who]
        base, text = held[at % len(held)] if old and held else (now.base, now.text)
        letter = chr(0x4E00 + len(self.made) + len(self.letters))
        spot = at % (len(text) + 1)
        text = text[:spot] + letter + (LONG if long else "") + text[spot:]
        change = vault.change()
        token = change.write(self.note, text.encode(), META, base)
        self.look(change.documents[self.note])
        if not drop:
            vault.commit(change, "edited")
            self.letters.append(letter)
            held.append((token, text))

    def look(self, document: TextDocument) -> None:
        """Hold what each counter stands for against what it stood for before."""
        for change in changes_from_bytes(document.snapshot()):
            for offset, thing in enumerate(things_of(change)):
                said = change.lamport + offset, thing
                assert self.made.setdefault((change.peer, change.counter + offset), said) == said

    def read(self) -> None:
        """What is made of documents at hand is what is made of the facts alone."""
        for vault in self.vaults:
            core, facts = core_of(vault), vault.facts(self.note)
            anew = contents.Contents(core.blocks, lambda: bytes(32)).document(facts)
            made = core.contents.document(facts)
            assert (made.text, made.version()) == (anew.text, anew.version())

    def fail(self, who: int, at: int, patch: pytest.MonkeyPatch) -> None:
        """Let the disk be full when a change is to be committed."""
        with patch.context() as broken:
            broken.setattr(PackedBlocks, "sync", _full)
            with pytest.raises(StoreFull):
                self.save(who, at, long=False, old=False, drop=False)

    def reopen(self, who: int, copy: Path | None = None) -> None:
        """Let a program end and start, over what the disk holds or held once."""
        self.vaults[who].close()
        if copy is not None:
            set_back(self.place.folder / NAMES[who], copy)
            self.tokens[who].clear()
            self.place.clock.at += 60
        self.opened += 1
        self.vaults[who] = self.place.open(NAMES[who], f"again {self.opened}")

    def agree(self) -> str:
        """Let all hear all, and return the one text that is left."""
        for one, other in combinations(self.vaults, 2):
            meet(one, other)
        everyone(self.vaults)
        first = shown(self.vaults[0])
        for vault in self.vaults:
            assert shown(vault) == first
            assert vault.root == self.vaults[0].root
            self.look(vault.text(self.note).document)
        self.read()
        return self.vaults[0].text(self.note).text


def _full(_blocks: PackedBlocks) -> None:
    raise StoreFull


moves = st.tuples(st.integers(0, 8), st.integers(0, 2), st.integers(0, 12))


def tell(desk: Desk, move: tuple[int, int, int], patch: pytest.MonkeyPatch) -> None:
    """Do one move of a story."""
    what, who, at = move
    match what:
        case 0 | 1 | 2 | 3 | 4:
            desk.save(who, at, long=what == 1, old=what == 2, drop=what == 3)
        case 5:
            desk.fail(who, at, patch)
        case 6:
            desk.reopen(who)
        case _:
            exchange(desk.vaults[who], desk.vaults[(who + 1 + at % 2) % 3])
            desk.read()


@settings(max_examples=40, deadline=None)
@given(st.lists(moves, max_size=30))
@pytest.mark.slow
def test_no_counter_is_used_twice_and_every_letter_stands_there_once(
    story: list[tuple[int, int, int]],
) -> None:
    """Saved from old versions, dropped, refused by the disk, started anew: still one text."""
    with TemporaryDirectory(dir=FAST) as folder, pytest.MonkeyPatch.context() as patch:
        desk = Desk(Path(folder))
        for move in story:
            tell(desk, move, patch)
        text = desk.agree()
        assert sorted(c for c in text if c >= "\u4e00") == sorted(desk.letters)


@settings(max_examples=25, deadline=None)
@given(st.lists(moves, max_size=12), st.lists(moves, max_size=12), st.lists(moves, max_size=12))
@pytest.mark.slow
def test_not_even_where_a_disk_is_as_it_was_once(
    before: list[tuple[int, int, int]],
    between: list[tuple[int, int, int]],
    after: list[tuple[int, int, int]],
) -> None:
    """The same place and the same incarnation, at an earlier moment: peers are others at least."""
    with TemporaryDirectory(dir=FAST) as folder, pytest.MonkeyPatch.context() as patch:
        desk = Desk(Path(folder, "all"))
        for move in before:
            tell(desk, move, patch)
        desk.reopen(0)  # what is written is on the disk
        desk.vaults[0].close()
        shutil.copytree(desk.place.folder / "one", Path(folder, "copy"))
        desk.vaults[0] = desk.place.open("one", "copied")
        for move in between:
            tell(desk, move, patch)
        desk.reopen(0, Path(folder, "copy"))
        for move in after:
            tell(desk, move, patch)
        letters = [c for c in desk.agree() if c >= "\u4e00"]
        assert len(set(letters)) == len(letters)


def saved(vault: Vault, note: EntryId, times: int, fill: str = "") -> bytes:
    """Save a note so often, each time from the version before; return the last one's token."""
    base = vault.text(note).base
    for number in range(times):
        text = vault.text(note).text
        change = vault.change()
        base = change.write(note, f"{text}{number}{fill}\n".encode(), META, base)
        vault.commit(change, "edited")
    return base


def test_who_saves_again_and_again_is_one_peer(tmp_path: Path) -> None:
    """A peer for each save made every later save dearer, and the token of a version longer."""
    vault = Place(tmp_path).create()
    note = write(vault, "note.md", b"begun\n", TOP)
    assert len(version_from_bytes(saved(vault, note, 40))) == 2
    vault.close()


def test_a_program_that_starts_anew_is_another_peer(tmp_path: Path) -> None:
    """Nothing that is on the disk lets anybody write on as someone who wrote before."""
    place = Place(tmp_path)
    vault = place.create()
    note = write(vault, "note.md", b"begun\n", TOP)
    before = version_from_bytes(saved(vault, note, 3))
    vault.close()
    vault = place.open()
    after = version_from_bytes(saved(vault, note, 3))
    assert len(after) == 3
    assert all(after[peer] == end for peer, end in before.items())
    vault.close()


def test_a_document_that_grows_is_written_on_and_not_anew(tmp_path: Path) -> None:
    """What is long already costs nothing to go on, and reads as the same text."""
    place = Place(tmp_path)
    vault = place.create()
    note = write(vault, "note.md", b"begun\n", TOP)
    documents: list[bytes] = []
    for number in range(4):
        save(vault, note, f"{vault.text(note).text}{number}{LONG}\n".encode())
        (content,) = vault.facts(note)["content"].values()
        assert isinstance(content, Content)
        assert content.document is not None
        documents.append(read_bytes(content.document, core_of(vault).blocks.get, limit=1 << 20))
    for earlier, later in pairwise(documents):
        assert updates_in(later)[:-1] == updates_in(earlier)
    text = vault.text(note)
    vault.close()
    again = place.open().text(note)
    assert (again.text, again.base) == (text.text, text.base)


def test_a_long_history_is_read_once_by_who_saves_and_by_who_hears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the thousandth save costs both of them a thousand saves' work."""
    place = Place(tmp_path)
    one = place.create("one")
    two = place.join(one, "two")
    note = write(one, "note.md", b"begun\n", TOP)
    saved(one, note, 3, LONG)
    exchange(one, two)
    assert two.text(note).text == one.text(note).text
    monkeypatch.setattr(contents, "text_of", _read)
    monkeypatch.setattr(TextDocument, "load", _read)
    for fill in ("", LONG, "", LONG, LONG, ""):
        saved(one, note, 2, fill)
        exchange(one, two)
        assert two.text(note).text == one.text(note).text
    one.close()
    two.close()


def _read(*_parts: object) -> TextDocument:
    raise AssertionError("read from its beginning")


def test_a_pen_is_lent_once_and_only_from_its_very_end() -> None:
    """Whoever asks meanwhile, or from another version, gets none."""
    pens, pen = Pens(), Pen(5, 9)
    version = version_to_bytes({5: 9, 7: 2})
    assert pen_at(5, version) == pen
    pens.put_back(b"a", pen, version)
    assert pens.take(b"b", version, version) is None
    assert pens.take(b"a", version, version) == 5
    assert pens.take(b"a", version, version) is None
    for other in (version_to_bytes({5: 8}), version_to_bytes({5: 10}), b"", b"none"):
        pens.put_back(b"a", pen, version)
        assert pens.take(b"a", other, other) is None
        assert pens.take(b"a", version, version) is None
    for wrong in (None, Pen(5, 8), Pen(6, 9)):
        pens.put_back(b"a", wrong, version)
        assert pens.take(b"a", version, version) is None
    pens.put_back(b"a", Pen(5, MAX_END), version_to_bytes({5: MAX_END}))
    assert pens.take(b"a", version_to_bytes({5: MAX_END}), version_to_bytes({5: MAX_END})) is None


def test_pens_are_few_and_forgotten_with_the_store() -> None:
    """What was committed may not be there any more once a store is opened again."""
    pens, version = Pens(), version_to_bytes({5: 9})
    for number in range(MAX_PENS + 1):
        pens.put_back(b"%d" % number, Pen(5, 9), version)
    assert pens.take(b"0", version, version) is None
    assert pens.take(b"1", version, version) == 5
    pens.forget()
    assert pens.take(b"2", version, version) is None


def test_a_pen_that_somebody_else_wrote_with_is_thrown_away(tmp_path: Path) -> None:
    """A clone that ran on, or a member that means ill: the words saved next are not taken for its.

    They are saved from a version that fits the pen, by a program that read the file before.
    """
    place = Place(tmp_path)
    one = place.create("one")
    two = place.join(one, "two")
    note = write(one, "note.md", b"begun\n", TOP)
    everyone([one, two])
    begun, change = one.text(note).base, one.change()
    token = change.write(note, b"begun\nfirst\n", META, begun)
    one.commit(change, "edited")
    everyone([one, two])
    (peer,) = version_from_bytes(token).keys() - version_from_bytes(begun).keys()
    document = two.text(note).document
    before = document.version()
    document.edit_from(b"", "begun\nfirst\nby the other\n", peer)
    change = two.change()
    change.edit(note, document.since(before), META)
    two.commit(change, "edited")
    everyone([one, two])
    change = one.change()
    held = change.write(note, b"begun\nfirst\nour words\n", META, token)
    one.commit(change, "edited")
    everyone([one, two])
    assert one.text(note).text == two.text(note).text
    assert "our words" in one.text(note).text
    assert "by the other" in one.text(note).text
    assert one.text(note).document.at(held).text == "begun\nfirst\nour words\n"
