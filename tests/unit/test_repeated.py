"""A data folder that is put back under a plain folder that was not: nothing is there twice."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.facts.change import TOP, EntryId
from storage.records.history import History
from storage.vault import Vault
from tests.helpers.vaults import META, Place, exchange, save, text, write

BASE = "flour\nwater\n"


class SetBack:
    """Two devices that share a note, and a copy of the first one's data folder."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.one = self.place.create("one")
        self.two = self.place.join(self.one, "two")
        self.note = write(self.one, "bread.md", BASE.encode(), TOP)
        exchange(self.one, self.two)
        self.one.close()
        shutil.copytree(folder / "one", folder / "kept")
        self.one = self.place.open("one", "on")

    def put_back(self) -> None:
        """Let the first device forget all since."""
        self.one.close()
        (self.place.folder / "one").rename(self.place.folder / "lost")
        shutil.copytree(self.place.folder / "kept", self.place.folder / "one")
        self.one = self.place.open("one", "put back")

    def say(self, vault: Vault, words: str) -> None:
        """Save the note as a person does who sees all that the device has."""
        save(vault, self.note, words.encode(), vault.text(self.note).base)

    def add(self, who: str, words: list[str]) -> Counter[str]:
        """Let somebody put words under the note; return them."""
        vault = self.one if who == "one" else self.two
        self.say(vault, text(vault, self.note) + "".join(f"{word}\n" for word in words))
        return Counter(words)

    def meet(self) -> None:
        """Bring both together until neither writes anything."""
        exchange(self.one, self.two)
        for _ in range(9):
            done = [said_once(vault, self.note) for vault in (self.one, self.two)]
            exchange(self.one, self.two)
            if not any(done):
                return
        pytest.fail("it never ends")

    @property
    def lines(self) -> list[str]:
        """Return what both show."""
        shown = text(self.one, self.note)
        assert text(self.two, self.note) == shown
        return shown.split()

    def close(self) -> None:
        """Let go."""
        self.one.close()
        self.two.close()


@pytest.fixture
def story(tmp_path: Path) -> Iterator[SetBack]:
    """Return two devices."""
    made = SetBack(tmp_path)
    yield made
    made.close()


def said_once(vault: Vault, entry: EntryId) -> bool:
    """Do what the app does when things are quiet."""
    found = vault.said_once([entry])
    if found is not None:
        change = vault.change()
        change.write(entry, found[1].encode(), META, alike=True)
        vault.commit(change, "the same lines twice")
    return found is not None


def test_what_was_forgotten_and_taken_from_the_folder_stands_there_once(story: SetBack) -> None:
    """The plain folder held every line; each came back from the other device as well."""
    story.say(story.one, BASE + "salt\n")
    story.say(story.one, BASE + "salt\nyeast\n")
    exchange(story.one, story.two)
    story.put_back()
    story.say(story.one, BASE + "salt\nyeast\n")
    exchange(story.one, story.two)
    assert Counter(story.lines)["yeast"] == 2
    story.meet()
    assert story.lines == ["flour", "water", "salt", "yeast"]


def test_what_another_had_written_and_the_folder_held_stands_there_once(story: SetBack) -> None:
    """It was in the folder too, and is nobody's twice. What came since stays with it."""
    story.say(story.two, BASE + "by-two\n")
    exchange(story.one, story.two)
    story.put_back()
    story.say(story.one, BASE + "by-two\nnever-told\n")
    story.say(story.two, BASE + "by-two\nlater\n")
    story.meet()
    assert Counter(story.lines) == Counter([*BASE.split(), "by-two", "later", "never-told"])


def test_what_was_typed_after_it_was_forgotten_and_before_it_came_back_stays(
    story: SetBack,
) -> None:
    """The person went on writing under the lines that the folder had."""
    story.say(story.one, BASE + "salt\n")
    exchange(story.one, story.two)
    story.say(story.two, BASE + "salt\nby-two\n")
    story.put_back()
    story.say(story.one, BASE + "salt\n")
    story.say(story.one, "title\n" + BASE + "salt\nmore\n")
    story.meet()
    assert Counter(story.lines) == Counter(["title", *BASE.split(), "salt", "by-two", "more"])


def test_what_two_people_type_alike_is_theirs(story: SetBack) -> None:
    """No device of them was another before: each may have meant it."""
    story.say(story.one, BASE + "milk\n")
    story.say(story.two, BASE + "milk\n")
    story.meet()
    assert story.lines.count("milk") == 2


def test_who_never_wrote_the_lines_loses_nothing_of_theirs(story: SetBack) -> None:
    """Put back with its folder, a device has written nothing twice; what it writes is new."""
    story.say(story.one, BASE + "forgotten\n")
    exchange(story.one, story.two)
    story.put_back()
    story.say(story.one, BASE + "new\n")
    story.meet()
    assert Counter(story.lines) == Counter([*BASE.split(), "forgotten", "new"])


def test_a_text_whose_lines_all_stand_there_once_is_looked_at_no_further(
    story: SetBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a start hundreds may be looked at: who wrote what, and when, costs seconds of each."""
    story.say(story.one, BASE + "salt\n")
    exchange(story.one, story.two)
    story.put_back()
    story.say(story.one, BASE + "new\n")
    exchange(story.one, story.two)
    asked: list[EntryId] = []
    monkeypatch.setattr(History, "facts_at", lambda _, entry, __: asked.append(entry))
    assert not said_once(story.one, story.note)
    assert not asked


def test_of_two_that_had_forgotten_one_alone_takes_lines_away(story: SetBack) -> None:
    """Apart, the one would take the line that the other leaves: then it stood nowhere."""
    story.two.close()
    shutil.copytree(story.place.folder / "two", story.place.folder / "kept by two")
    story.two = story.place.open("two", "on")
    story.say(story.one, BASE + "salt\n")
    exchange(story.one, story.two)
    story.put_back()
    story.two.close()
    shutil.rmtree(story.place.folder / "two")
    (story.place.folder / "kept by two").rename(story.place.folder / "two")
    story.two = story.place.open("two", "put back")
    for vault in (story.one, story.two):
        story.say(vault, BASE + "salt\n")
    exchange(story.one, story.two)
    assert story.lines.count("salt") == 2
    assert sum(said_once(vault, story.note) for vault in (story.one, story.two)) == 1
    story.meet()
    assert story.lines == [*BASE.split(), "salt"]


def any_edit(lines: list[str], kind: int, at: int, to: int, fresh: str) -> list[str]:
    """Put in a line, take one away, write one once more, or move one."""
    made = list(lines)
    if not made or kind == 0:
        return [*made[: at % (len(made) + 1)], fresh, *made[at % (len(made) + 1) :]]
    line = made[at % len(made)] if kind == 2 else made.pop(at % len(made))
    if kind > 1:
        made.insert(to % (len(made) + 1), line)
    return made


WHO = st.sampled_from(["one", "two"])
NUMBERS = st.integers(0, 7)
EDITS = st.lists(
    st.tuples(WHO, st.integers(0, 3), NUMBERS, NUMBERS, st.booleans(), st.booleans()), max_size=6
)


@pytest.mark.slow
@settings(max_examples=60)
@given(EDITS, EDITS, st.booleans(), st.booleans())
def test_a_line_that_stands_in_one_place_never_vanishes_and_it_ends(
    before: list[tuple[str, int, int, int, bool, bool]],
    since: list[tuple[str, int, int, int, bool, bool]],
    told: bool,  # noqa: FBT001
    folder_too: bool,  # noqa: FBT001
) -> None:
    """Whatever two people do to the lines: what is taken away stands there still."""
    with TemporaryDirectory() as folder:
        story = SetBack(Path(folder))
        try:
            edit_all(story, before, "x")
            plain = text(story.one, story.note)
            if told:
                exchange(story.one, story.two)
            story.put_back()
            if not folder_too:
                story.say(story.one, plain)
            edit_all(story, since, "y")
            exchange(story.one, story.two)
            had = Counter(story.lines)
            story.meet()
            assert Counter(story.lines) <= had
            assert set(story.lines) == set(had)
        finally:
            story.close()


def edit_all(story: SetBack, edits: list[tuple[str, int, int, int, bool, bool]], word: str) -> None:
    """Let each do what it does, and tell of it or not."""
    for number, (who, kind, at, to, tells, common) in enumerate(edits):
        vault = story.one if who == "one" else story.two
        fresh = "common" if common else f"{word}{number}"
        lines = any_edit(text(vault, story.note).split(), kind, at, to, fresh)
        story.say(vault, "".join(f"{line}\n" for line in lines))
        if tells:
            exchange(story.one, story.two)


WORDS = st.lists(st.sampled_from("abcde"), max_size=4)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.lists(st.tuples(WHO, st.booleans(), WORDS), max_size=5),
    st.lists(st.tuples(WHO, WORDS), max_size=4),
    st.booleans(),
)
def test_no_line_that_somebody_added_is_lost_by_it(
    before: list[tuple[str, bool, list[str]]],
    since: list[tuple[str, list[str]]],
    folder_too: bool,  # noqa: FBT001
) -> None:
    """Whoever wrote it, wherever it was forgotten: it is there as often as somebody wrote it."""
    with TemporaryDirectory() as folder:
        story = SetBack(Path(folder))
        try:
            wrote = Counter[str]()
            for who, tells, words in before:
                wrote |= story.add(who, words)
                if tells:
                    exchange(story.one, story.two)
            plain = text(story.one, story.note)
            exchange(story.one, story.two)
            story.put_back()
            if not folder_too:
                story.say(story.one, plain)
            for who, words in since:
                wrote |= story.add(who, words)
            story.meet()
            assert wrote <= Counter(story.lines)
            assert [story.lines.count(word) for word in BASE.split()] == [1, 1]
        finally:
            story.close()
