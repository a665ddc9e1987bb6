"""A file that is half of a save is never shared by itself, so it never lies in the bin."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.folder.newborn import originals
from tests.helpers.mirrored import Mirrored, settled


@pytest.fixture
def patient(tmp_path: Path) -> Mirrored:
    """Return a mirror that waits as a real one does, with a note that is shared."""
    return settled(Mirrored(tmp_path / "folder", grace=2.0), {"ed.md": "old\n"})


@pytest.mark.parametrize("scratch", ["ed.md.new", ".ed.md.k3Xz", "ed.md-journal", "save.tmp"])
def test_a_file_that_is_put_over_another_was_its_save(patient: Mirrored, scratch: str) -> None:
    """Looked at in between, again and again: one edit, and nothing was added or deleted."""
    entry, before = patient.space.id("ed.md"), len(patient.space.words)
    for text in ("two\n", "three\n"):
        patient.write(scratch, text)
        looked = patient.look(scratch)
        assert not looked.changed
        assert looked.again == {(scratch,)}
        assert looked.again_in == 1.0
        patient.clock.at += 0.5
        (patient.root / scratch).rename(patient.root / "ed.md")
        assert patient.look("ed.md").edited == 1
        patient.clock.at += 0.5
        assert not patient.look(scratch).changed
        patient.clock.at += 2.0
        assert not patient.look().changed
    assert patient.space.words[before:] == ["edited", "edited"]
    assert (patient.space.id("ed.md"), patient.space.files()) == (entry, {"ed.md": b"three\n"})


def test_a_copy_that_stays_is_shared_after_a_second(patient: Mirrored) -> None:
    """It only looked like a save; however often it is written, it does not wait again."""
    patient.write("ed.md.new", "copy\n")
    assert not patient.look("ed.md.new").changed
    patient.clock.at += 0.6
    patient.write("ed.md.new", "longer copy\n")
    assert patient.look("ed.md.new").again_in == pytest.approx(0.4)
    patient.clock.at += 0.4
    assert patient.look("ed.md.new").added == 1


def test_any_other_new_file_is_shared_at_once(patient: Mirrored) -> None:
    """Someone waits for it."""
    patient.write("other.md", "new\n")
    assert patient.look("other.md").added == 1


def test_a_name_tells_of_which_file_it_may_be_the_save() -> None:
    """By what programs put before and behind."""
    assert "ed.md" in set(originals(".ed.md.swpx"))
    assert "ed.md" in set(originals("ed.md~RF12.TMP"))
    assert "ed.md" not in set(originals("ed.md"))
