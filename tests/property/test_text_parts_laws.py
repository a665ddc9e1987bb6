"""The laws of a document's parts: how they come, one text; what does not stand is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.codec import dagcbor
from storage.contents import Contents
from storage.errors import DecodeError
from storage.facts import text_parts
from storage.facts.change import TOP, EntryId
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.text_parts import Standing
from storage.facts.text_wire import (
    Change,
    Delete,
    Id,
    Insert,
    changes_from_bytes,
    changes_to_bytes,
)
from storage.facts.values import MAX_INLINE_EDIT, Content, Edit
from storage.tree.content import store_bytes
from storage.vault import Vault
from tests.helpers.texts import WORDS
from tests.helpers.vaults import META, Place, core_of, everyone, exchange, save, write

_BEGUN = changes_from_bytes(TextDocument.seed("abcdef").snapshot())
_SEED = _BEGUN[0].peer
_PEERS = (5, 6, 7, 8)
T = TypeVar("T")


def whole_of(parts: Sequence[bytes]) -> bytes:
    """Return the document that is made of these parts."""
    return parts[0] if len(parts) == 1 else dagcbor.encode(["text", 2, list(parts)])


@dataclass
class Forger:
    """Writes parts as they ought to be, and now and then as nobody would who means well."""

    data: st.DataObject
    wild: bool
    ends: dict[int, int] = field(default_factory=lambda: {_SEED: 7})
    heads: set[Id] = field(default_factory=lambda: {(_SEED, 6)})

    def part(self) -> list[Change]:
        """Return the changes of one more part."""
        before, ends = set(self.heads), dict(self.ends)
        return [self._change(before, ends) for _ in range(self._one_of(1, 2, 3))]

    def _change(self, before: set[Id], ends: dict[int, int]) -> Change:
        peer = self._one_of(*_PEERS)
        start = self.ends.get(peer, 0)
        new = [(p, end - 1) for p, end in self.ends.items() if end > ends.get(p, 0)]
        ways = [before, self.heads, *({op} for op in new)]
        if self.wild:
            anyone = self._one_of(*self.ends)
            some = (anyone, self._one_of(*range(self.ends[anyone] + 1)))
            ways += [set(), {some}, {some, *new}, {some, *before}]
        deps = {dep for dep in self._one_of(*ways) if dep[0] != peer or dep[1] < start}
        start += self._one_of(0, 0, 0, 0, 1) if self.wild else 0
        ops = tuple(self._op() for _ in range(self._one_of(1, 2)))
        change = Change(peer, start, start + self._one_of(0, 50), tuple(sorted(deps)), ops)
        self.heads -= {*deps, (peer, start - 1)}
        self.heads.add((peer, change.end - 1))
        self.ends[peer] = change.end
        return change

    def _op(self) -> Insert | Delete:
        at = self._one_of(*range(14 if self.wild else 6))
        if self._one_of(True, False):
            return Insert(at, self._one_of("X", "YZ", "😀q"))
        if not self.wild:
            return Delete(at, 1, (_SEED, at + 1))
        peer = self._one_of(*self.ends)
        return Delete(at, self._one_of(1, 2, -2, 3), (peer, self._one_of(*range(self.ends[peer]))))

    def _one_of(self, *these: T) -> T:
        return self.data.draw(st.sampled_from(these))


def read(parts: Sequence[bytes], cuts: Sequence[int]) -> tuple[str, bytes] | None:
    """Return what parts say to who has them at hand up to each cut; None if it is refused."""
    begin, *others = [*cuts, len(parts)]
    try:
        document = TextDocument.load(whole_of(parts[:begin]))
        for end in others:
            document = document.grow(parts[begin:end])
            begin = end
    except DecodeError:
        return None
    return document.text, document.version()


@given(data=st.data(), wild=st.booleans(), long=st.booleans())
def test_a_document_says_one_thing_however_much_of_it_is_at_hand(
    *, data: st.DataObject, wild: bool, long: bool
) -> None:
    """Two devices that heard of it at other times would show other texts, for good."""
    forger = Forger(data, wild)
    first = [*_BEGUN, *(forger.part() if long else [])]
    parts = [first, *(forger.part() for _ in range(data.draw(st.integers(1, 4))))]
    written = [changes_to_bytes(part) for part in parts]
    whole = read(written, [])
    numbers = range(1, len(written))
    assert whole == read(written, numbers)
    assert whole == read(written, sorted(data.draw(st.sets(st.sampled_from(numbers)))))


@given(st.data(), st.lists(st.sampled_from(WORDS), min_size=2, max_size=6))
def test_what_is_written_together_and_side_by_side_stands(
    data: st.DataObject, words: list[str]
) -> None:
    """What our own programs write is never taken for a broken one."""
    documents = [TextDocument.seed("begin\n")]
    documents.append(documents[0].fork())
    for number, word in enumerate(words):
        mine, other = data.draw(st.permutations(documents))
        mine.edit_from(b"", f"{word}{number}\n{mine.text}", 7 + documents.index(mine))
        if data.draw(st.booleans()):
            other.merge(mine.since(other.version()))
    before = documents[0].version()
    first = documents[0].snapshot()
    documents[0].edit_from(b"", documents[0].text + "end\n", 9)
    update = documents[0].since(before)
    loaded = TextDocument.load(whole_of([first, update]))
    assert loaded.stands
    assert (loaded.text, loaded.version()) == (documents[0].text, documents[0].version())


def _side_by_side(lists: int, first: int, heads: tuple[Id, ...]) -> list[Change]:
    """Return changes of one part: 65 side by side, and then many that list the same 64 of them."""
    begun = [Change(first + n, 0, 7, heads, (Insert(0, "a"),)) for n in range(65)]
    deps = tuple((change.peer, 0) for change in begun[1:])
    more = (Change(first + 65 + n, 0, 8, deps, (Insert(0, "b"),)) for n in range(lists))
    return [*begun, *more]


def test_what_takes_very_long_to_compare_does_not_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen MiB of changes that each list the same 64 took minutes; all parts count together."""
    monkeypatch.setattr(text_parts, "MAX_COMPARED", 64 * 128 * 30)
    standing, last = Standing(), ((_SEED, 6),)
    standing.add(_BEGUN)
    with pytest.raises(DecodeError):
        standing.copy().add(_side_by_side(32, 100, last))
    made = _side_by_side(20, 100, last)
    standing.add(made)
    heads = (made[0].peer, 0), *((change.peer, 0) for change in made[65:])
    standing.copy().add(_side_by_side(8, 1000, heads))
    with pytest.raises(DecodeError):
        standing.add(_side_by_side(20, 1000, heads))


def test_what_three_devices_save_side_by_side_for_years_stands() -> None:
    """The bound is for who means ill: nobody's own notes are to come near it."""
    ends, made = {5: 0, 6: 0, 7: 0}, list[Change]()
    for number in range(9_000):
        peer = 5 + number % 3
        other = 5 + (number + 1) % 3
        own = ((peer, ends[peer] - 1),) if ends[peer] else ((_SEED, 6),)
        both = (*own, (other, ends[other] - 1)) if number % 2 and ends[other] else own
        made.append(Change(peer, ends[peer], 7 + number, both, (Insert(0, "a"),)))
        ends[peer] += 1
    standing = Standing()
    standing.add([*_BEGUN, *made])


def _deleting(peer: int, size: int) -> Change:
    return Change(peer, 0, size + 1, ((_SEED, size),), (Delete(0, size, (_SEED, 1)),))


def test_deletes_are_counted_over_all_parts() -> None:
    """Else a document that is refused as a whole is taken part by part."""
    standing = Standing()
    standing.add([*_BEGUN, *(_deleting(1000 + n, 6) for n in range(15))])
    heads = tuple((1000 + n, 5) for n in range(15))
    again = [Change(2000 + n, 0, 20, heads, (Delete(0, 6, (_SEED, 1)),)) for n in range(9)]
    standing.copy().add(again[:1])
    with pytest.raises(DecodeError):
        standing.add(again)


def test_a_part_that_builds_on_a_later_one_is_refused() -> None:
    """It would be taken in by who reads all, and left out by who has the first at hand."""
    last = (_SEED, 6)
    later = Change(5, 0, 7, (last,), (Insert(3, "ONE"),))
    early = Change(6, 0, 10, ((5, 2),), (Insert(6, "TWO"),))
    parts = [changes_to_bytes([*_BEGUN, early]), changes_to_bytes([later])]
    with pytest.raises(DecodeError):
        TextDocument.load(whole_of(parts))
    alone = TextDocument.load(parts[0])
    assert (alone.text, alone.stands) == ("abcdef", False)  # what waits for more is as before
    with pytest.raises(DecodeError):
        alone.grow(parts[1:])


def put(vault: Vault, note: EntryId, document: bytes) -> None:
    """Commit a document that a member wrote by hand."""
    change, contents = vault.change(), core_of(vault).contents
    staged: list[bytes] = []
    link = store_bytes(document, put=staged.append, secret=contents.secret())
    contents.keep(staged)
    plain = contents.store_bytes(b"PLAIN")
    content = Content(plain.link, plain.size, plain.digest, True, link, b"L" * 32)
    change.replace(note, content, META)
    vault.commit(change, "put")


HOSTILE = (
    [
        changes_to_bytes([*_BEGUN, *(_deleting(1000 + n, 6) for n in range(15))]),
        changes_to_bytes([_deleting(2000 + n, 6) for n in range(9)]),
    ],
    [
        changes_to_bytes([*_BEGUN, Change(6, 0, 10, ((5, 2),), (Insert(6, "TWO"),))]),
        changes_to_bytes([Change(5, 0, 7, ((_SEED, 6),), (Insert(3, "ONE"),))]),
    ],
)


@pytest.mark.parametrize("parts", HOSTILE)
def test_who_heard_at_another_time_reads_the_same_of_a_document_that_is_none(
    tmp_path: Path, parts: list[bytes]
) -> None:
    """A member wrote it by hand; who had its first part at hand, and who had not, agree."""
    place = Place(tmp_path)
    one = place.create("one")
    two = place.join(one, "two")
    note = write(one, "note.md", b"begun\n", TOP)
    everyone([one, two])
    put(two, note, parts[0])
    everyone([one, two])
    begun = one.text(note).text
    put(two, note, whole_of(parts))
    everyone([one, two])
    at_hand = one.text(note).text
    one.close()
    one = place.open("one")
    assert (at_hand, one.text(note).text) == ("PLAIN", "PLAIN")
    assert begun != "PLAIN"
    one.close()
    two.close()


def test_what_is_proven_before_a_save_is_what_everybody_reads(tmp_path: Path) -> None:
    """What waits in a document for more is lost to a copy of it, and not to who reads anew."""
    vault = Place(tmp_path).create("one")
    note = write(vault, "note.md", b"begun\n", TOP)
    first, update = HOSTILE[1]
    put(vault, note, first)
    core = core_of(vault)
    facts = vault.facts(note)
    ((dot, content),) = facts["content"].items()
    assert isinstance(content, Content)
    assert core.contents.look(facts).text == "abcdef"
    edited: EntryFacts = {**facts, "edits": {dot: Edit(dot, update)}}
    anew = Contents(core.blocks, lambda: bytes(32)).look(edited).text
    assert core.contents.look(edited).text == anew == "abcONETWOdef"
    assert core.contents.reads_back(content, update, anew)
    assert not core.contents.reads_back(content, update, "abcONEdef")
    save(vault, note, b"abcdef" + b"long line\n" * MAX_INLINE_EDIT)
    text = vault.text(note).text
    assert Contents(core.blocks, lambda: bytes(32)).look(vault.facts(note)).text == text
    vault.close()


@pytest.mark.parametrize("other", ["two", "other!", "n"])
def test_a_counter_that_was_used_for_something_else_breaks_no_text(
    tmp_path: Path, other: str
) -> None:
    """A member that means ill, or a machine cloned while it ran: all still read one text."""
    place = Place(tmp_path)
    vaults = [place.create("one")]
    vaults += [place.join(vaults[0], name) for name in ("two", "three")]
    note = write(vaults[0], "note.md", b"abcdef", TOP)
    everyone(vaults)
    last = (_SEED, 6)
    for vault, word in zip(vaults, ("one", other), strict=False):
        change = vault.change()
        update = changes_to_bytes([Change(5, 0, 7, (last,), (Insert(6, word),))])
        change.edit(note, update, META)
        vault.commit(change, "edited")
        assert vault.text(note).text == "abcdef" + word
    exchange(vaults[0], vaults[2])
    heard_early = vaults[2].text(note).text
    everyone(vaults)
    (text,) = {vault.text(note).text for vault in vaults}
    assert heard_early == "abcdefone"
    assert text.startswith("abcdef")
    save(vaults[2], note, f"{text} on".encode())
    everyone(vaults)
    assert {vault.text(note).text for vault in vaults} == {f"{text} on"}
    vaults[0].close()
    vaults[0] = place.open("one")
    assert vaults[0].text(note).text == f"{text} on"
    for vault in vaults:
        vault.close()
