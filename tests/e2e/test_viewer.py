"""Who may only view: own words stay here, said as such, and codes cannot be made to give more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli.exits import Exit
from app.cli.island import tree_of
from storage.access.invite import code_from_text
from storage.access.roles import Role
from tests.e2e.changes import begin
from tests.e2e.devices import Device, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.serial]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Device, Device]]:
    """Return an owner of a folder, and somebody who has nothing yet."""
    owner, viewer = Device("Owner", tmp_path / "owner"), Device("Viewer", tmp_path / "viewer")
    begin(owner.folder)
    with running(owner, viewer):
        owner.ask("add", str(owner.folder))
        yield owner, viewer


def code_of(owner: Device, can: str = "view") -> str:
    """Return a code."""
    return str(owner.value("share", "Notes", "--can", can)["code"])


def drafts(viewer: Device) -> set[str]:
    """Return the paths that are changed here only."""
    return {str(draft["path"]) for draft in viewer.values("drafts")}


def test_what_a_viewer_changes_stays_here_and_is_said(pair: tuple[Device, Device]) -> None:
    """Never sent, never lost, never written over; and given back when asked for."""
    owner, viewer = pair
    viewer.ask("join", code_of(owner), "--into", str(viewer.folder))
    before = tree_of(owner.folder)
    assert tree_of(viewer.folder) == before
    at = viewer.folder / "apart"
    viewer.change_line("apart/lines.md", 3, "only the viewer's")
    (at / "mine.md").write_text("new, and only here\n", "utf-8")
    (at / "picture.bin").write_bytes(b"\0mine")
    (at / "gone.md").unlink()
    (at / "rename.md").rename(at / "renamed.md")
    mine = {"apart/lines.md", "apart/mine.md", "apart/picture.bin", "apart/gone.md"}
    until(lambda: mine <= drafts(viewer), "all changes are drafts")
    assert {"apart/rename.md", "apart/renamed.md"} <= drafts(viewer)
    assert "kept here only" in viewer.ask("status")
    owner.change_line("apart/lines.md", 15, "the owner goes on")
    owner.change_line("apart/same.md", 7, "the owner here too")
    until(lambda: b"the owner here too" in viewer.read("apart/same.md"), "the owner's next edit")
    assert b"only the viewer's" in viewer.read("apart/lines.md")
    assert b"the owner goes on" not in viewer.read("apart/lines.md")
    assert (at / "mine.md").exists()
    assert (at / "picture.bin").read_bytes() == b"\0mine"
    viewer.stop()
    viewer.start()
    until(lambda: mine <= drafts(viewer), "drafts outlive a restart")
    theirs = tree_of(owner.folder)
    assert theirs.keys() == before.keys()
    assert {name for name in before if theirs[name] != before[name]} == {
        "apart/lines.md",
        "apart/same.md",
    }
    assert all(b"viewer" not in data for data in theirs.values())
    asked = viewer.tries("restore", str(at / "gone.md"))
    assert asked.returncode == Exit.NOT_FOUND
    assert "what you did to it stayed here" in asked.stderr
    assert f"atoll drafts --drop {at / 'gone.md'}" in asked.stderr
    viewer.ask("drafts", "--drop", str(at / "gone.md"))
    until((at / "gone.md").exists, "what was deleted here only")
    viewer.ask("drafts", "--drop", str(at / "lines.md"))
    until(lambda: b"the owner goes on" in viewer.read("apart/lines.md"), "the shared version")
    assert b"only the viewer's" not in viewer.read("apart/lines.md")
    assert "apart/lines.md" not in drafts(viewer)


def test_a_code_made_to_promise_more_gives_no_more(pair: tuple[Device, Device]) -> None:
    """The right is in what the owner signed, not in what the code says of it."""
    owner, viewer = pair
    forged = replace(code_from_text(code_of(owner)), role=Role.EDIT).text()
    viewer.ask("join", forged, "--into", str(viewer.folder))
    assert viewer.space()["can"] == "view"
    before = tree_of(owner.folder)
    viewer.change_line("apart/lines.md", 3, "not allowed")
    until(lambda: "apart/lines.md" in drafts(viewer), "the edit is a draft")
    assert tree_of(owner.folder) == before


def test_a_code_with_a_guessed_secret_opens_nothing(pair: tuple[Device, Device]) -> None:
    """And is said to be not known, soon; not that nobody is there."""
    owner, viewer = pair
    forged = replace(code_from_text(code_of(owner)), secret=bytes(16)).text()
    done = viewer.tries("join", forged, "--into", str(viewer.folder))
    assert done.returncode == Exit.UNAVAILABLE
    assert "The other device does not know this one. Ask its owner for a new code." in done.stderr
    assert not viewer.space()
