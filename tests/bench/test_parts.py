"""The parts of the bench that measure nothing: its tables, words, changes and configuration."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.__main__ import MEASURES, read_words
from tests.bench.batches import many_of, next_name, renaming, saving, with_many
from tests.bench.devices import wait_until
from tests.bench.ground import FULL, SMALL
from tests.bench.jump import entries, seconds_of
from tests.bench.kept import copied_again, kept_again, kept_first, nothing, pulled_again
from tests.bench.synced import absences, changes, newcomers, rests, saves, starts
from tests.bench.syncthing import configured, scan_query
from tests.bench.timing import Peer, Row, Unit, p95, peer_table, table
from tests.bench.typing import delays

figures = st.lists(st.floats(0, 1000), min_size=1, max_size=200)
some = figures.map(tuple)
peers = st.builds(Peer, st.text("ab", min_size=1), some, st.none() | st.floats(0, 9))
rows = st.builds(
    Row,
    st.text("abc", min_size=1),
    some,
    st.none() | st.floats(0, 9),
    st.none() | st.floats(0, 9),
    peers=st.lists(peers, max_size=3).map(tuple),
    cpu=st.none() | st.floats(0, 9),
    tail=st.none() | st.floats(0, 9),
    unit=st.sampled_from(Unit),
)
MADE = """<configuration version="36">
  <gui enabled="true"><address>127.0.0.1:8384</address><apikey>secret</apikey></gui>
  <options>
    <listenAddress>default</listenAddress><listenAddress>quic://0.0.0.0:22000</listenAddress>
    <globalAnnounceEnabled>true</globalAnnounceEnabled><relaysEnabled>true</relaysEnabled>
  </options>
</configuration>"""


@given(figures)
def test_ninety_five_of_a_hundred_stay_within_the_p95(found: list[float]) -> None:
    """It is the figure that the goals of the table are held against."""
    most = p95(found)
    assert most in found
    assert sum(figure <= most for figure in found) * 100 >= 95 * len(found)
    assert sum(figure < most for figure in found) * 100 < 95 * len(found)


@given(st.lists(rows, max_size=5))
def test_each_line_of_a_table_has_as_many_cells_as_its_head(made: list[Row]) -> None:
    """One more or less, and all that is right of it stands under the wrong word."""
    for lines in (table(made).splitlines(), peer_table(made).splitlines()):
        assert {line.count("|") for line in lines} == {lines[0].count("|")}
    assert len(table(made).splitlines()) == 2 + len(made)
    assert len(peer_table(made).splitlines()) == 2 + sum(len(row.peers) for row in made)


def test_a_row_says_how_it_stands_to_each_other_program() -> None:
    """Median to median; the CPU seconds beside it, for a faster clock may have cost more work."""
    row = Row("work", (1.0, 2.0, 3.0), 2.0, peers=(Peer("borg", (8.0,), 4.0),), cpu=1.0)
    assert row.to_markdown() == "| work | 2.00 s | 3.00 s | 3 | 1 | 2.00 s | yes |  | 0.25 x borg |"
    assert row.peers_to_markdown() == ["| work | borg | 8.00 s |  | 1 | 4 | 0.25 x | 0.25 x |"]


def test_a_row_without_another_program_says_so() -> None:
    """An empty cell could be read as an oversight."""
    assert Row("work", (1.0,), None).to_markdown().endswith("| none |")


def test_a_goal_for_the_tail_is_missed_by_the_tail() -> None:
    """A good median must not hide that one save of ten is slow."""
    quick = (0.010,) * 18 + (0.5,) * 2
    assert Row("save", quick, 0.012).met
    assert not Row("save", quick, 0.012, tail=0.060).met
    assert Row("save", quick, None).met is None


def test_none_at_all_is_no_division_by_nothing() -> None:
    """Files that were never away, or a program that did nothing in a minute, are figures too."""
    row = Row("away", (0.0,), 0.0, peers=(Peer("one", (7.0,)), Peer("two", (0.0,))))
    assert row.to_markdown().endswith("| 0 x one, 0 to 0 two |")


def test_syncthing_is_told_to_talk_to_its_peer_only() -> None:
    """A measurement must not reach any machine but this one."""
    made, key = configured(MADE, Path("/x/api"), 1234, quick=False)
    top = ET.fromstring(made)  # noqa: S314 - made above
    said = {child.tag: child.text for child in top.iterfind("options/*")}
    assert key == "secret"
    assert top.findtext("gui/address") == "/x/api"
    assert [e.text for e in top.iterfind("options/listenAddress")] == ["tcp://127.0.0.1:1234"]
    off = ("globalAnnounceEnabled", "localAnnounceEnabled", "relaysEnabled", "natEnabled")
    assert {said[name] for name in off} == {"false"}
    assert (said["urAccepted"], said["autoUpgradeIntervalH"]) == ("-1", "0")
    assert "setLowPriority" not in said


def test_only_a_tuned_syncthing_is_changed_in_how_it_works() -> None:
    """The default column is what people have."""
    made, _ = configured(MADE, Path("/x/api"), 1, quick=True)
    assert ET.fromstring(made).findtext("options/setLowPriority") == "false"  # noqa: S314


def test_paths_are_written_as_a_query_takes_them() -> None:
    """A blank in a folder's name would have another folder scanned, or none."""
    assert scan_query(("a b/c&d.md", "é")) == "folder=notes&sub=a%20b%2Fc%26d.md&sub=%C3%A9"


@given(st.integers(1, 30))
def test_a_folder_never_gets_a_name_again(times: int) -> None:
    """A store that knows the name already would have less to keep."""
    names = ["many"]
    for _ in range(times):
        names.append(next_name(names[-1]))
    assert len(set(names)) == len(names)


def test_changes_wait_until_they_are_in_the_other_folder(tmp_path: Path) -> None:
    """The same change, and the same end of it, for us and for every other program."""
    notes = tmp_path / "notes" / "topic 1"
    notes.mkdir(parents=True)
    for number in range(5):
        (notes / f"{number}.md").write_text("old")
    here = with_many(notes.parent, tmp_path / "here", 3)
    saved = saving(2)(here, 7)
    assert saved.touched == ("many/0.md", "many/1.md")
    saved.wait(here)
    moved = renaming(here, 0)
    assert moved.touched == ("many", "many 1")
    moved.wait(here)
    assert len(list(many_of(here).iterdir())) == 3
    assert [p.name for p in (here / "topic 1").iterdir()] != []


def test_who_never_sees_it_stops_waiting() -> None:
    """A program that fails must not hold up the whole run."""
    with pytest.raises(TimeoutError, match="the file never came"):
        wait_until(lambda: False, 0, "the file", 0)


def test_where_no_other_program_is_installed_nothing_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bench runs everywhere; a row says what it has."""
    monkeypatch.setenv("PATH", str(tmp_path))
    notes = tmp_path / "notes"
    notes.mkdir()
    home = tmp_path / "home"
    assert not kept_first(notes, home / "1", 2).took
    assert not kept_again(notes, home / "2", 1, nothing, lambda keeper: keeper.save()).took
    assert not copied_again(notes, home / "3", 1, nothing)
    assert not pulled_again(notes, home / "4", 1, nothing).took
    assert not newcomers(notes, home / "5", 1).took
    assert not saves(notes, home / "6", 1, 1, 0)
    assert not changes(notes, home / "7", 1, renaming).took
    assert not absences(notes, home / "8", 1)
    assert not rests(notes, home / "9", 0).took
    assert not starts(home / "10", 1)


def test_words_name_measurements_and_a_scale() -> None:
    """A measurement misspelt must not be an hour of all the others."""
    assert read_words(()) == read_words(tuple(MEASURES))
    assert read_words(("--small", "save")).scale is SMALL
    assert read_words(("save",)).names == ("save",)
    with pytest.raises(SystemExit, match="no such measurement: sav"):
        read_words(("sav",))


def test_a_small_run_is_still_more_than_one() -> None:
    """One run has no spread, and hides what goes wrong only the second time."""
    assert SMALL.runs(3) == 2
    assert FULL.runs(60) == 60


def test_each_key_that_was_typed_is_a_figure() -> None:
    """What else that process prints, Qt's words say, is none."""
    assert seconds_of("qt: x\nkey 0.010000\nkey 0.5\n") == [0.01, 0.5]


def test_what_was_typed_before_the_two_met_is_no_figure() -> None:
    """It waits for the connection, and would be most of the slowest ones."""
    typed = {0: 0, 1: 50_000_000, 2: 900_000_000}
    shown = {0: 800_000_000, 1: 800_000_000, 2: 902_000_000}
    assert delays(typed, shown) == [0.002]


def test_no_two_names_to_jump_to_are_the_same() -> None:
    """Equal names would make one list of all answers."""
    assert len({entry.path for entry in entries(5000)}) == 5000
