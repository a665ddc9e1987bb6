"""Words with buttons, pace, comparison, memory: what needs no whole window."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.complaints import CODES as SENTENCES
from storage.errors import AtollError, StoreFull
from ui.letters import count
from ui.memory import Memory
from ui.models.compare import Line, beside, changes
from ui.models.pace import WINDOW, Pace
from ui.models.rows import Item, Row
from ui.pages.switcher import Switcher
from ui.ranking import rank
from ui.theme.theme import Look, Theme
from ui.theme.tokens import NOTE_SIZE, PANES
from ui.window import FIRST_SIZE, Window
from ui.words import BUTTONS, CODES, Act, say, say_code

LINES = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


def test_every_code_with_a_sentence_has_its_buttons_said() -> None:
    """The window and the terminal say the same; the window can also do something."""
    assert set(CODES) == set(SENTENCES)
    assert set(BUTTONS) == set(Act)
    assert all(said.words.sentence for said in CODES.values())


def test_an_error_to_come_is_said_as_its_family() -> None:
    """Never an empty strip."""

    class New(AtollError):
        code = "storage.brand-new"

    assert say(New()).words == SENTENCES["storage"]
    assert say(StoreFull()).acts == (Act.RETRY,)
    assert say_code("nonsense").words == SENTENCES["error"]


# `New` above must not be taken for one of ours by tests that walk all errors.
assert __name__.startswith(("tests", "test_"))


@given(LINES, LINES)
def test_two_texts_stand_beside_each_other_whole(then: list[str], now: list[str]) -> None:
    """Nothing is left out, and equal lines are on one height."""
    found = beside("\n".join(then), "\n".join(now))
    old = [line.then for line in found if line.then_is is not Line.BLANK]
    new = [line.now for line in found if line.now_is is not Line.BLANK]
    assert old == "\n".join(then).splitlines()
    assert new == "\n".join(now).splitlines()
    assert all((line.then_is is Line.SAME) == (line.now_is is Line.SAME) for line in found)
    assert all(line.then == line.now for line in found if line.then_is is Line.SAME)


def test_what_differs_is_counted() -> None:
    """For the line under the comparison."""
    assert changes(beside("a\nb\nc", "a\nx\nc\nd")) == (1, 2)
    assert changes(beside("a", "a")) == (0, 0)


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(0, 10**9)), max_size=20))
def test_a_pace_is_never_negative(steps: list[tuple[float, int]]) -> None:
    """Whatever the clock and the counter do."""
    pace, now = Pace(), 0.0
    for more, done in steps:
        now += more
        pace.at(now, done)
        assert pace.speed >= 0
        left = pace.left(10**9)
        assert left is None or left >= 0


def test_a_pace_forgets_what_is_long_ago() -> None:
    """A pause is not averaged away for ever."""
    pace = Pace()
    for second in range(20):
        pace.at(float(second), second * 1000)
    assert pace.speed == 1000
    assert pace.left(29_000) == 10
    assert len(pace._seen) <= WINDOW + 2  # noqa: SLF001


def test_letters_that_begin_a_word_fit_better() -> None:
    """And all words must be there."""
    begins, inside = rank("dal", "Dal makhani"), rank("dal", "Vandals")
    assert begins is not None
    assert inside is not None
    assert begins < inside
    assert rank("mak dal", "Dal makhani") is not None
    assert rank("xyz", "Dal makhani") is None
    assert rank("deja", "Déjà vu") == rank("DÉJÀ", "Deja vu") is not None


def test_a_switcher_that_finds_nothing_says_so(qtbot: QtBot, theme: Theme) -> None:
    """An empty box would look as if it were still at work."""
    window = QWidget()
    qtbot.addWidget(window)
    switcher = Switcher([(Item("a/b", Row("Bread")), "Bread")], "Jump", theme, window)
    assert switcher.nothing.isHidden() and not switcher.list.isHidden()
    switcher.box.setText("zebra")
    assert switcher.list.isHidden() and not switcher.nothing.isHidden()
    assert switcher.nothing.text() == "Nothing fits these letters."
    switcher.box.setText("br")
    assert switcher.nothing.isHidden() and not switcher.list.isHidden()


def test_a_first_window_fits_its_screen(qtbot: QtBot, theme: Theme, tmp_path: Path) -> None:
    """At 200 % many a screen is smaller than the window would like to be."""
    window = Window(theme, Memory(tmp_path / "window.ini"), lambda: 0.0)
    qtbot.addWidget(window)
    room = window.screen().availableSize()
    assert room.width() < FIRST_SIZE.width(), "the test needs a small screen"
    assert window.size() == FIRST_SIZE.boundedTo(room)


def test_the_signs_of_markdown_are_no_words() -> None:
    """The foot of the window counts what a person would count."""
    assert count("# Groceries\n\nMilk *and* eggs.\n- [ ] buy\n- [x] flour\n* * *\n") == 6
    assert count("") == 0
    assert count("l'été 2027, 日本") == 3


def test_the_window_remembers(tmp_path: Path) -> None:
    """And a damaged memory is as good as none."""
    memory = Memory(tmp_path / "window.ini")
    memory.panes, memory.look, memory.text_size = (200, 300), Look.DARK, 18
    memory.geometry, memory.place = QByteArray(b"x"), "bin"
    again = Memory(tmp_path / "window.ini")
    assert (again.panes, again.look, again.text_size) == ((200, 300), Look.DARK, 18)
    assert (again.geometry, again.place) == (QByteArray(b"x"), "bin")
    (tmp_path / "bad.ini").write_bytes(b"[window]\nsidebar=-3\nlist=zebra\n\0\xff[[[")
    bad = Memory(tmp_path / "bad.ini")
    assert (bad.panes, bad.look, bad.text_size) == (PANES, Look.SYSTEM, NOTE_SIZE)
