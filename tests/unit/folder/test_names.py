"""Names at the edge of the disk, and what is ignored there."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.folder.ignore import Ignore
from app.folder.names import MAX_DISK_NAME, beside, from_disk, to_disk
from app.folder.port import Ways
from storage.facts.names import check_name

POSIX = Ways()
MAC = Ways(folds_case=True, folds_forms=True)
WINDOWS = Ways(folds_case=True, windows_names=True, keeps_modes=False)
names = st.text(
    st.characters(exclude_characters="/\\\0", exclude_categories=["Cs"]), min_size=1, max_size=60
).filter(lambda name: name not in {".", ".."})
NASTY = [
    "con", "CON.txt", "con.air.txt", "aux ", "nul", "com1", "LPT9.x", "com¹", "a.", "a ", "a. .",
    "%3a", "%2e", "%2F",
    "50%", "%41", "%%41", "a:b", "a*b?", "<>", '"q"', "|", "\x01", "\x7f", "..a", "a..", "-rf", "~",
    "é", "e\u0301", "ﬃ", "İ", "ß", "\u202egnp.exe", "\u200b", "😀", "__proto__", "$RECYCLE",
]  # fmt: skip


@pytest.mark.parametrize("ways", [POSIX, MAC, WINDOWS])
@given(names | st.sampled_from(NASTY))
def test_a_name_comes_back_from_the_disk_as_it_was(ways: Ways, name: str) -> None:
    """The stored name never changes because of a disk."""
    disk = to_disk(name, ways)
    if len(name.encode()) <= 200 and len(disk) <= 200:
        assert from_disk(disk, ways) == name


def test_only_what_we_escape_is_taken_for_an_escape() -> None:
    """A person's own percent sign stays one, and no name on disk stands for a way out of a folder.

    Such a name was refused by the space, and nothing else was shared until it was gone.
    """
    for name in ("50%definitely", "100%be", "a%2Fb", "a%5Cb", "%00", "%2E", "%2e%2E", "%"):
        assert from_disk(name, WINDOWS) == name
        check_name(from_disk(to_disk(name, WINDOWS), WINDOWS))
    assert from_disk("a%3ab", WINDOWS) == from_disk("a%3Ab", WINDOWS) == "a:b"


@given(names | st.sampled_from(NASTY))
def test_windows_can_hold_what_is_written(name: str) -> None:
    """No letter it refuses, no name of a device, no dot or space at the end."""
    disk = to_disk(name, WINDOWS)
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f]', disk)
    assert not disk.endswith((".", " "))
    assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)", disk)


@given(st.text("aé😀.", min_size=200, max_size=1000), st.sampled_from([POSIX, WINDOWS]))
def test_a_long_name_is_made_to_fit(name: str, ways: Ways) -> None:
    """And two long names stay two."""
    disk = to_disk(name, ways)
    size = len(disk.encode("utf-16-le")) // 2 if ways.windows_names else len(disk.encode())
    assert size <= MAX_DISK_NAME
    if disk != name:
        assert to_disk(name + "b", ways) != disk


def test_a_second_version_says_whose_it_is() -> None:
    """And never takes a name that is there."""
    assert beside("plan.txt", "Mina's laptop", set()) == "plan (from Mina's laptop).txt"
    assert beside("plan", "a/b", set()) == "plan (from a-b)"
    assert beside(".rc", "x", set()) == ".rc (from x)"
    assert beside("A.md", "X", {"a (from x).md"}) == "A (from X 2).md"


def test_editors_scratch_files_are_ignored() -> None:
    """Everywhere; what a person named is not."""
    ignore = Ignore()
    scratch = [".a.md.swp", "a~", "#a#", ".#a", ".~lock.a.odt#", "~$a.docx", ".DS_Store", "4913"]
    assert all(ignore.ignores(("d", name), is_folder=False) for name in scratch)
    kept = ["a.swp", "a#", ".hidden", "desktop.in", ".atoll-x.tmp", ".atollignore", ".sync"]
    assert not any(ignore.ignores(("d", name), is_folder=False) for name in kept)
    assert ignore.ignores((".atoll",), is_folder=True)
    assert not ignore.ignores(("d", ".atoll"), is_folder=True)


def test_a_persons_patterns_are_gits() -> None:
    """Folders, negation, anchors; a line that makes no sense harms no other."""
    ignore = Ignore("build/\n*.o\n!keep.o\n/top.txt\n!\n")
    assert ignore.ignores_below(("build", "x"), is_folder=False)
    assert not ignore.ignores(("build",), is_folder=False)
    assert ignore.ignores(("d", "a.o"), is_folder=False)
    assert not ignore.ignores(("keep.o",), is_folder=False)
    assert ignore.ignores(("top.txt",), is_folder=False)
    assert not ignore.ignores(("d", "top.txt"), is_folder=False)
