"""Lists change row by row."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from ui.models.rows import MAX_RUNS, Item, Row, RowModel, RowRole
from ui.theme.theme import Theme
from ui.widgets.row_delegate import ENTRIES, direction_of
from ui.widgets.row_list import RowList

keys = st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=10)


def draw(thing: object) -> Row:
    """Return a row with the thing as its title."""
    return Row(str(thing), heading=str(thing).startswith("#"))


def items(names: list[str], version: int = 0) -> list[Item]:
    """Return items."""
    return [Item(name, f"{name}{version}") for name in names]


@given(keys, keys, st.integers(0, 1))
def test_a_new_state_comes_by_removals_insertions_and_changes(
    before: list[str], after: list[str], version: int
) -> None:
    """Never by a reset, which would cost a screen reader its place."""
    model = RowModel(draw)
    tester = QAbstractItemModelTester(model)
    model.show(items(before))
    resets: list[object] = []
    model.modelReset.connect(lambda: resets.append(None))
    model.show(items(after, version))
    shown = [model.index(n).data() for n in range(model.rowCount())]
    assert shown == [f"{name}{version}" for name in after]
    assert not resets
    del tester


def test_only_what_moved_moves() -> None:
    """A note that goes to the top is one removal and one insertion."""
    model = RowModel(draw)
    model.show(items(list("abcdef")))
    moves: list[str] = []
    model.rowsRemoved.connect(lambda _p, a, b: moves.append(f"-{a}{b}"))
    model.rowsInserted.connect(lambda _p, a, b: moves.append(f"+{a}{b}"))
    model.show(items(list("fabcde")))
    assert moves == ["-55", "+00"]


def test_a_filter_on_a_huge_list_lays_it_anew() -> None:
    """Thousands of single removals would block the window."""
    model = RowModel(draw)
    everything = [str(n) for n in range(MAX_RUNS * 4)]
    model.show(items(everything))
    resets: list[object] = []
    model.modelReset.connect(lambda: resets.append(None))
    model.show(items(everything[::2]))
    assert resets
    assert model.rowCount() == MAX_RUNS * 2


@given(keys, keys, keys, st.integers(0, 1))
def test_a_plan_for_a_list_that_has_changed_meanwhile_is_not_followed(
    before: list[str], meanwhile: list[str], after: list[str], version: int
) -> None:
    """It is made on another thread; followed too late it would mix two states."""
    model = RowModel(draw)
    model.show(items(before))
    held = model.held()
    late, good = held.plan(items(after, version)), held.plan(items(meanwhile))
    assert model.follow(good)
    assert not model.follow(late)
    assert [model.key(n) for n in range(model.rowCount())] == meanwhile


def test_room_for_thousands_of_rows_is_made_at_once() -> None:
    """Qt moves all rows behind along for each new one."""
    model = RowModel(draw)
    model.show(items([str(n) for n in range(20_000)]))
    moves: list[object] = []
    model.rowsInserted.connect(lambda *_: moves.append(None))
    model.show(items(["first", *(str(n) for n in range(20_000))]))
    assert moves
    model.show(items([*(f"new {n}" for n in range(1000)), *(str(n) for n in range(20_000))]))
    assert len(moves) == 1
    assert model.rowCount() == 21_000


def test_rows_are_counted_by_qt_alone() -> None:
    """A list view asks once for each row; in Python that holds the window."""
    assert RowModel.rowCount is QStringListModel.rowCount
    assert RowModel.index is QStringListModel.index


def test_the_chosen_row_stays_chosen(qtbot: QtBot, theme: Theme) -> None:
    """Whatever comes before it, and even when the list is laid anew."""
    model = RowModel(draw)
    view = RowList(model, theme, ENTRIES)
    qtbot.addWidget(view)
    told: list[str] = []
    view.chosen.connect(told.append)
    model.show(items(list("abc")))
    view.choose("b")
    model.show(items([*"xyzb", *(str(n) for n in range(500))]))
    assert view.currentIndex().data(RowRole.KEY) == "b"
    assert told == []


def test_group_names_cannot_be_chosen_and_keys_step_over_them(qtbot: QtBot, theme: Theme) -> None:
    """They are no places."""
    model = RowModel(draw)
    view = RowList(model, theme, ENTRIES)
    qtbot.addWidget(view)
    model.show(items(["a", "#", "b"]))
    view.choose("a")
    view._step(1)  # noqa: SLF001
    assert view.key == "b"
    assert not model.flags(model.index(1)) & Qt.ItemFlag.ItemIsSelectable


def test_a_text_runs_as_its_first_letter_does() -> None:
    """Also when a number stands first."""
    assert direction_of("240 MB · Mina") is Qt.LayoutDirection.LeftToRight
    assert direction_of("12 שלום") is Qt.LayoutDirection.RightToLeft
