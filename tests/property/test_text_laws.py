"""The laws of texts: what several people write at the same time becomes one text everywhere."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.crypto.link import Link
from storage.errors import DecodeError
from storage.facts.change import Add, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot
from storage.facts.state import EntryFacts
from storage.facts.text import (
    TextDocument,
    apply_splices,
    compact,
)
from storage.facts.text_of import text_of
from storage.facts.values import MAX_INLINE_EDIT, Content, Edit
from storage.facts.view import content_version, lineage_of, sides
from tests.helpers.histories import WRITERS, World
from tests.helpers.texts import WORDS, edited

NOTE = EntryId(b"n" * 16)
TEXTS = ["", "# Daily\n\n- one\n- two\n- three\nclosing line\n", "naïve 👩‍👩‍👧 café 😀\r\n", "a"]
words = st.sampled_from(WORDS)


@dataclass(slots=True)
class Desk:
    """Three devices that write one note, and the blocks that all of them can read."""

    random: Random
    world: World = field(default_factory=World)
    plain: dict[bytes, str] = field(default_factory=dict[bytes, str])
    blocks: dict[bytes, bytes] = field(default_factory=dict[bytes, bytes])

    def store(self, text: str) -> Content:
        """Keep a plain text."""
        digest = blake3(text.encode()).digest()
        self.plain[digest] = text
        link = Link(digest, digest) if text else None
        return Content(link, len(text.encode()), digest, is_text=True, lineage=digest)

    def keep(self, data: bytes) -> Link:
        """Keep a document or a long edit."""
        digest = blake3(data).digest()
        self.blocks[digest] = data
        return Link(digest, digest)

    def facts(self, who: int) -> EntryFacts:
        """Return what a device knows of the note."""
        return self.world.applied[who].entries.get(NOTE, {})

    def document(self, who: int, dot: Dot | None = None) -> TextDocument:
        """Return the note as a device sees it."""
        return text_of(
            self.facts(who), lambda c: self.plain[c.digest], lambda k: self.blocks[k.digest], dot
        )

    def edit(self, who: int, at: int, remove: int, insert: str, *, again: bool = False) -> None:
        """Let someone change the note in some program. `again` puts the content anew with it."""
        facts, document = self.facts(who), self.document(who)
        text = document.text
        at %= len(text) + 1
        new = text[:at] + insert + text[at + remove :]
        update = edited(document, new, self.random.getrandbits(63) | 2)
        assert document.text == new
        main = sides(facts)[0]
        assert main is not None
        if update is not None:
            body = self.keep(update) if len(update) > MAX_INLINE_EDIT else update
            operations: list[Operation] = [Add(NOTE, "edits", Edit(main, body))]
            if again:
                operations.append(Put(NOTE, "content", facts["content"][main]))
            self.world.write(who, operations)

    def compact(self, who: int) -> None:
        """Let a device put one document in place of the content and its edits."""
        main = sides(self.facts(who))[0]
        assert main is not None
        before = self.facts(who)["content"][main]
        assert isinstance(before, Content)
        text, snapshot = compact(self.document(who))
        plain = self.store(text)
        content = Content(
            plain.link, plain.size, plain.digest, True, self.keep(snapshot), lineage_of(before)
        )
        self.world.write(who, [Put(NOTE, "content", content), Drop(NOTE, "edits")])

    def sync(self) -> None:
        """Let everyone hear everything."""
        for hearer in (0, 1, 2, 0, 1, 2):
            for teller in range(3):
                if teller != hearer:
                    self.world.tell(teller, hearer, self.random)


def desk_with(text: str, seed: int) -> Desk:
    """Return three devices that all have a note of this text."""
    desk = Desk(Random(seed))  # noqa: S311
    desk.world.write(0, [Put(NOTE, "content", desk.store(text))])
    desk.sync()
    return desk


whos = st.integers(0, 2)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("edit"), whos, st.integers(0, 60), st.integers(0, 9), words),
        st.tuples(st.just("edit again"), whos, st.integers(0, 60), st.integers(0, 9), words),
        st.tuples(st.just("compact"), whos),
        st.tuples(st.just("tell"), whos, whos),
    ),
    max_size=14,
)


@given(st.sampled_from(TEXTS), steps, st.integers(0, 2**32))
@settings(max_examples=60)
def test_three_devices_end_with_one_text(
    text: str, todo: list[tuple[str | int, ...]], seed: int
) -> None:
    """Whoever edits, compacts or hears first; and every version of it has the same name."""
    desk = desk_with(text, seed)
    for step in todo:
        match step:
            case ("edit" | "edit again" as how, int(who), int(at), int(remove), str(insert)):
                desk.edit(who, at, remove, insert, again=how == "edit again")
            case ("compact", int(who)):
                desk.compact(who)
            case (_, int(teller), int(hearer)) if teller != hearer:
                desk.world.tell(teller, hearer, desk.random)
            case _:
                pass
    desk.sync()
    assert desk.facts(0) == desk.facts(1) == desk.facts(2)
    assert len({desk.document(who).text for who in range(3)}) == 1
    assert len({content_version(desk.facts(who)) for who in range(3)}) == 1
    assert sides(desk.facts(0))[1] == ()


def test_nobodys_words_are_lost_and_no_deleted_line_comes_back() -> None:
    """The promise about writing together, on one page."""
    desk = desk_with(TEXTS[1], 1)
    desk.edit(0, 0, 0, "top\n")
    desk.edit(1, len("# Daily\n\n- one\n"), len("- two\n"), "")
    desk.edit(2, len(TEXTS[1]), 0, "the end\n")
    desk.sync()
    assert desk.document(0).text == "top\n# Daily\n\n- one\n- three\nclosing line\nthe end\n"


def test_a_late_edit_finds_the_document_that_took_its_contents_place() -> None:
    """Someone typed on a train; meanwhile the others tidied up twice."""
    desk = desk_with("one\n", 2)
    desk.edit(2, 4, 0, "late\n")
    desk.edit(0, 0, 0, "zero\n")
    desk.compact(0)
    desk.compact(0)
    desk.sync()
    assert desk.document(1).text == "zero\none\nlate\n"


def test_an_edit_stays_beside_a_text_that_replaced_its_own() -> None:
    """Putting the content anew with the edit keeps it readable, as a version of its own."""
    desk = desk_with("one\n", 3)
    desk.edit(2, 4, 0, "late\n", again=True)
    desk.world.write(0, [Put(NOTE, "content", desk.store("other\n")), Drop(NOTE, "edits")])
    desk.sync()
    main, beside = sides(desk.facts(1))
    assert len(beside) == 1
    found = {desk.document(1, dot).text for dot in (main, *beside)}
    assert found == {"other\n", "one\nlate\n"}
    assert content_version(desk.facts(1), main) != content_version(desk.facts(1), beside[0])


def test_an_edit_of_another_text_is_never_mistaken_for_one_of_this() -> None:
    """Even of an empty one: it waits for what it builds on, and changes nothing."""
    for ours, theirs in [("", "abc"), ("abc", ""), ("abc", "abcd"), ("abcd", "abc")]:
        other = TextDocument.seed(theirs)
        update = edited(other, theirs + "!", 7)
        assert update is not None
        document = TextDocument.seed(ours)
        assert document.take(update) == ()
        assert document.text == ours and not document.knows(update)


@given(st.text(max_size=30), st.lists(st.text(max_size=30), max_size=4), st.integers(0, 2**32))
def test_an_editor_follows_by_splices(text: str, others: list[str], seed: int) -> None:
    """What `take`, `undo` and `redo` return turns the text before into the text after."""
    random = Random(seed)  # noqa: S311
    here, there = TextDocument.seed(text), TextDocument.seed(text)
    here.sit(random.getrandbits(63) | 2)
    there.sit(random.getrandbits(63) | 2)
    here.rewrite(text + "mine")
    for new in others:
        since = there.version()
        there.rewrite(new)
        before = here.text
        splices = here.take(there.since(since))
        assert apply_splices(before, splices) == here.text
    for change in (here.undo, here.redo, here.undo, here.undo):
        before = here.text
        assert apply_splices(before, change()) == here.text


@given(st.text(max_size=20), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), words)))
def test_splices_count_as_editors_do(text: str, todo: list[tuple[int, int, str]]) -> None:
    """In UTF-16 units; half a character is refused, and nothing is torn."""
    document = TextDocument.seed(text)
    document.sit(9)
    for at, remove, insert in todo:
        before = document.text
        try:
            document.splice(at, remove, insert)
        except DecodeError:
            assert document.text == before
        else:
            assert document.text == apply_splices(before, [(at, remove, insert)])


def test_undo_takes_back_only_ones_own() -> None:
    """What others wrote meanwhile stays."""
    here, there = TextDocument.seed("abc"), TextDocument.seed("abc")
    here.sit(5)
    here.splice(0, 0, "1")
    here.splice(4, 0, "2")
    since = there.version()
    there.sit(6)
    there.splice(1, 0, "theirs")
    here.take(there.since(since))
    assert here.undo() and here.undo() and here.text == "atheirsbc"
    assert here.undo() == () and here.redo() and here.text == "1atheirsbc"
    assert TextDocument.seed("abc").undo() == () == TextDocument.seed("abc").redo()


@given(
    st.text(max_size=20),
    st.lists(
        st.one_of(
            st.tuples(
                st.integers(0, 40), st.integers(0, 3), st.sampled_from(("", "a", " ", "b c"))
            ),
            st.lists(st.tuples(st.integers(0, 9), st.integers(0, 2), words), max_size=3),
            st.just("theirs"),
        ),
        max_size=30,
    ),
)
def test_undo_goes_all_the_way_back_and_redo_all_the_way_again(
    text: str, todo: list[tuple[int, int, str] | list[tuple[int, int, str]] | str]
) -> None:
    """However splices make steps, and whatever came between: nothing own stays or is missing.

    What was deleted may come back on the other side of what another put there meanwhile.
    """
    here, there = TextDocument.seed(text), TextDocument.seed(text)
    here.sit(5)
    there.sit(6)
    for what in todo:
        since = there.version()
        if isinstance(what, str):
            there.splice(0, 0, what)
            here.take(there.since(since))
        else:
            with suppress(DecodeError):
                here.edit(what) if isinstance(what, list) else here.splice(*what)
    done, theirs = here.text, there.text
    while here.undo():
        pass
    alone = "theirs" not in todo
    assert here.text == theirs if alone else sorted(here.text) == sorted(theirs)
    while here.redo():
        pass
    assert here.text == done if alone else sorted(here.text) == sorted(done)


STEPS = [
    ("Hello ", [""]),
    ("Hello my world", ["Hello my ", "Hello ", ""]),
    ("one, two.\nthree", ["one, two.\n", "one, ", ""]),
    ("Hello, \b\b\bwell", ["Hell", "Hello, ", ""]),
    ("字" * 70, ["字" * 64, ""]),
]


@pytest.mark.parametrize(("keys", "back"), STEPS)
def test_words_are_taken_back_whole(keys: str, back: list[str]) -> None:
    """Nobody wants to press Ctrl+Z once for each letter, nor to lose a page by it."""
    document = TextDocument.seed("")
    document.sit(9)
    for key in keys:
        end = len(document.text)
        if key == "\b":
            document.splice(end - 1, 1, "")
        else:
            document.splice(end, 0, key)
        document.take(document.since(document.version()))
    for text in back:
        assert document.undo() and document.text == text
    assert not document.undo()


def test_steps_end_where_the_writer_goes_elsewhere() -> None:
    """A letter here and a letter there are two things that were done."""
    document = TextDocument.seed("abc")
    document.sit(9)
    document.splice(0, 0, "1")
    document.splice(4, 0, "2")
    document.splice(1, 1, "x")
    document.splice(2, 0, "y")
    document.splice(3, 1, "")
    document.splice(3, 1, "")
    texts = [document.text]
    while document.undo():
        texts.append(document.text)
    assert texts == ["1xy2", "1xybc2", "1abc2", "1abc", "abc"]


def test_what_was_done_at_several_places_is_one_step() -> None:
    """Making a word bold is one thing that was done, and so is indenting five lines."""
    document = TextDocument.seed("one two three")
    document.sit(9)
    document.splice(13, 0, "!")
    document.edit([(7, 0, "**"), (4, 0, "**")])
    document.splice(0, 0, "x")
    texts = [document.text]
    while document.undo():
        texts.append(document.text)
    assert texts[1:] == ["one **two** three!", "one two three!", "one two three"]
    assert document.redo() and document.redo() and document.text == "one **two** three!"


def test_an_old_version_can_be_looked_at_and_written_from() -> None:
    """A mirror edits the version it had written to disk, not the one of now."""
    document = TextDocument.seed("one two")
    old = document.version()
    assert document.edit_from(old, "one two three", 5) is not None
    assert document.edit_from(old, "zero one two", 6) is not None
    assert document.text == "zero one two three"
    assert document.at(old).text == "one two"
    assert document.edit_from(b"", document.text, 7) is None
    assert document.seed_version(blake3(b"one two").digest()) == old
    for other in (TextDocument.seed("x").version(), b"\xff", b"no version"):
        with pytest.raises(DecodeError):
            document.edit_from(other, "y", 8)
    with pytest.raises(DecodeError):
        document.seed_version(bytes(32))


@given(st.sampled_from(TEXTS) | st.text(), words)
def test_a_text_that_nobody_edited_is_one_document_however_it_comes(text: str, more: str) -> None:
    """One device makes it of the text, another one reads it: what each writes has to fit both."""
    made = TextDocument.seed(text)
    read = TextDocument.load(made.snapshot())
    assert (read.text, read.version(), read.snapshot()) == (text, made.version(), made.snapshot())
    ours, theirs = (document.fork() for document in (made, read))
    begun = made.version()
    assert ours.edit_from(begun, text + more, 5) == theirs.edit_from(begun, text + more, 5)
    assert ours.since(begun) == theirs.since(begun)
    assert (made.text, made.version()) == (text, begun), "a fork is nobody else's"


@given(st.lists(st.tuples(st.booleans(), words), max_size=12))
def test_what_one_side_made_stays_a_version_to_go_on_from(story: list[tuple[bool, str]]) -> None:
    """Who never sees what the others add goes on from their own text, and adds to nobody's twice.

    A folder is such a side while others write faster than it can be written to.
    """
    document = TextDocument.seed("begin\n")
    held = [document.version()] * 2
    texts = ["begin\n"] * 2
    for number, (who, word) in enumerate(story):
        texts[who] += f"{int(who)}{number}{word}\n"
        made = document.edit_from(held[who], texts[who], number + 2)
        assert made is not None
        held[who] = made
        assert document.at(made).text == texts[who]
    lines = sorted(line for text in texts for line in text.split("\n")[1:-1])
    assert sorted(document.text.split("\n")[1:-1]) == lines


@pytest.mark.slow
def test_two_hopelessly_different_long_texts_still_become_one_in_time() -> None:
    """Finding the smallest change may take for ever, so at some point any will do."""
    random = Random(4)  # noqa: S311
    old, new = ("".join(random.choices("abcdefgh \n", k=400_000)) for _ in range(2))
    document = TextDocument.seed("head" + old + "tail")
    document.edit_from(b"", "head" + new + "tail", 5)
    assert document.text == "head" + new + "tail"


def test_what_one_member_broke_is_not_lost_to_the_others() -> None:
    """A garbage edit or document is passed by, on every device alike."""
    desk = desk_with("one\n", 5)
    main = sides(desk.facts(0))[0]
    assert main is not None
    desk.world.write(1, [Add(NOTE, "edits", Edit(main, b"garbage"))])
    desk.sync()
    desk.edit(0, 0, 0, "zero\n")
    assert desk.document(0).text == "zero\none\n"
    broken = desk.store("plain\n")
    content = Content(
        broken.link, broken.size, broken.digest, True, desk.keep(b"garbage"), broken.digest
    )
    desk.world.write(0, [Put(NOTE, "content", content)])
    assert desk.document(0).text == "plain\n"


def test_what_is_no_text_has_no_document() -> None:
    """Bytes are never merged by character."""
    digest = bytes(32)
    content = Content(Link(digest, digest), 5, digest, is_text=False)
    for facts in ({}, {"content": {Dot(WRITERS[0], 1): content}}):
        with pytest.raises(DecodeError):
            text_of(facts, lambda _: "", lambda _: b"")


def test_a_sitting_needs_a_peer_of_its_own() -> None:
    """Two writings under one peer and number would break every copy of the text."""
    document = TextDocument.seed("abc")
    with pytest.raises(AssertionError):
        document.splice(0, 0, "x")
    for peer in (-1, 2**64, 2**64 - 1):
        with pytest.raises(DecodeError):
            document.sit(peer)


def test_two_who_delete_the_same_words_are_both_heard() -> None:
    """Each deleted no more than there was; together they may have deleted it twice."""
    text = "one\ntwo\nthree\n"
    document = TextDocument.seed(text)
    before = document.version()
    document.edit_from(before, "xxx\n", 11)
    document.edit_from(before, "yyy\n", 13)
    other = TextDocument.seed(text)
    other.take(document.since(before))
    assert other.text == document.text
    assert "xxx" in other.text
    assert "yyy" in other.text
