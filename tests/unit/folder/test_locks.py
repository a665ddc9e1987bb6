"""Claims on folders: one keeper each, none inside another's, and none that outlives its process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli.island import ROOT
from app.errors import FolderUnavailable, KeptElsewhere
from app.folder.claims import Claim, overlap
from app.folder.locks import FolderLocks

HOLDS = """
import sys
from pathlib import Path
from app.folder.locks import FolderLocks
lock = FolderLocks(Path(sys.argv[1])).take(Path(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()
"""
PATHS = ("a", "a/b", "a/b/c", "a/d", "e", "e/f", "ab")


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(PATHS), st.booleans()), max_size=25))
def test_a_claim_is_given_exactly_when_nobody_keeps_what_overlaps(
    steps: list[tuple[int, str, bool]],
) -> None:
    """Whoever asks, in whatever order folders are taken and let go."""
    with TemporaryDirectory() as base:
        for path in PATHS:
            (Path(base) / path).mkdir(parents=True, exist_ok=True)
        atolls = [FolderLocks(Path(base) / "locks") for _ in range(3)]
        held: dict[str, Claim] = {}
        for who, path, take in steps:
            if not take:
                if path in held:
                    held.pop(path).release()
                continue
            folder = Path(base) / path
            if any(overlap(folder, Path(base) / other) for other in held):
                with pytest.raises(KeptElsewhere):
                    atolls[who].take(folder)
            else:
                held[path] = atolls[who].take(folder)
        for claim in held.values():
            claim.release()
        for path in PATHS:
            FolderLocks(Path(base) / "locks").take(Path(base) / path).release()


def test_a_link_does_not_hide_whose_folder_it_is(tmp_path: Path) -> None:
    """The same folder by another path is the same folder."""
    (tmp_path / "folder" / "in").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    claim = FolderLocks(tmp_path / "locks").take(tmp_path / "folder")
    for path in ("link", "link/in"):
        with pytest.raises(KeptElsewhere):
            FolderLocks(tmp_path / "locks").take(tmp_path / path)
    claim.release()


def test_a_kill_leaves_no_claim_behind(tmp_path: Path) -> None:
    """Else a folder would be nobody's until somebody finds a file that they never heard of."""
    (tmp_path / "folder").mkdir()
    with subprocess.Popen(
        [sys.executable, "-P", "-c", HOLDS, str(tmp_path / "locks"), str(tmp_path / "folder")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(KeptElsewhere):
            FolderLocks(tmp_path / "locks").take(tmp_path / "folder")
        other.send_signal(signal.SIGKILL)
        other.wait(20)
    FolderLocks(tmp_path / "locks").take(tmp_path / "folder").release()


def test_a_claim_is_on_the_folder_and_not_on_its_path(tmp_path: Path) -> None:
    """What takes its place later has to be claimed anew."""
    folder = tmp_path / "folder"
    folder.mkdir()
    claim = FolderLocks(tmp_path / "locks").take(folder)
    assert claim.stands()
    folder.rename(tmp_path / "moved")
    assert not claim.stands()
    shutil.copytree(tmp_path / "moved", folder)
    assert not claim.stands()
    claim.release()
    with pytest.raises(FolderUnavailable):
        FolderLocks(tmp_path / "locks").take(tmp_path / "nowhere")


def test_where_no_lock_can_be_made_nobody_is_kept_out(tmp_path: Path) -> None:
    """A full or missing runtime folder must not keep people from their notes."""
    (tmp_path / "locks").write_text("in the way")
    (tmp_path / "folder").mkdir()
    claims = [FolderLocks(tmp_path / "locks").take(tmp_path / "folder") for _ in range(2)]
    assert all(claim.stands() for claim in claims)
    for claim in claims:
        claim.release()
        claim.release()
