"""The mirror on a real vault, and a folder under attack."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from app.clock import SystemClock
from app.entropy import SystemEntropy
from app.folder.agreed import Agreed
from app.folder.mirror import Mirror
from app.folder.real import RealFolder
from app.progress import Progress, Stopped, silent
from storage.identity.device import create_device
from storage.vault import Vault
from tests.helpers.mirrored import Mirrored, disk


def mirror_of(vault: Vault, root: Path, device: str) -> Mirror:
    """Return an attached mirror with a database of its own."""
    root.mkdir(exist_ok=True)
    agreed = Agreed(sqlite3.connect(root.with_suffix(".db")))
    mirror = Mirror(
        vault,
        RealFolder(root),
        agreed,
        space_id=vault.space,
        device=device,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        grace=0.0,
    )
    mirror.attach()
    return mirror


def test_two_folders_of_one_real_vault_are_one(tmp_path: Path) -> None:
    """Files, links, programs, edits of a line each, moves and removals, both ways."""
    entropy = SystemEntropy()
    device = create_device(entropy)
    vault = Vault.create(tmp_path / "vault", device, "notes", SystemClock(), entropy)
    one, two = tmp_path / "one", tmp_path / "two"
    first, second = mirror_of(vault, one, "desk"), mirror_of(vault, two, "lap")

    def sync() -> None:
        for _ in range(3):
            for mirror in (first, second):
                mirror.look(silent)
                mirror.bring(silent)
        assert disk(one) == disk(two)

    (one / "d").mkdir()
    (one / "d" / "a.md").write_text("one\ntwo\nthree\n")
    (one / "big.bin").write_bytes(os.urandom(3 << 20))
    (one / "run").write_text("#!/bin/sh\n")
    (one / "run").chmod(0o755)
    (one / "link").symlink_to("d/a.md")
    sync()
    assert (two / "run").stat().st_mode & 0o100
    assert (two / "link").readlink() == Path("d/a.md")
    (one / "d" / "a.md").write_text("ONE\ntwo\nthree\n")
    (two / "d" / "a.md").write_text("one\ntwo\nTHREE\n")
    sync()
    assert (one / "d" / "a.md").read_text() == "ONE\ntwo\nTHREE\n"
    (one / "d").rename(one / "e")
    (two / "big.bin").unlink()
    sync()
    assert set(disk(one)) == {"e/", "e/a.md", "link", "run"}
    vault.close()


def test_stopping_leaves_all_whole(tmp_path: Path) -> None:
    """A person may stop at any report; the next call goes on."""
    one = Mirrored(tmp_path / "folder")
    for number in range(20):
        one.write(f"{number}.md", str(number))
        one.space.put(f"there {number}.bin", b"\0%d" % number)
    left = 10

    def stop(progress: Progress) -> None:
        nonlocal left
        del progress
        left -= 1
        if left < 0:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        one.mirror.look(stop)
    left = 10
    with pytest.raises(Stopped):
        one.mirror.bring(stop)
    assert not [name for name in one.disk() if ".tmp" in name]
    one.round()
    assert one.disk() == one.space.files()
    assert len(one.disk()) == 40


def test_a_flipping_link_leads_nowhere(tmp_path: Path) -> None:
    """Someone swaps a folder for a link to a secret, as fast as they can."""
    root, outside = tmp_path / "folder", tmp_path / "outside"
    (root / "d").mkdir(parents=True)
    outside.mkdir()
    (root / "d" / "file").write_text("inside")
    (outside / "file").write_text("secret")
    (root / "link").symlink_to(outside)
    done = threading.Event()

    def flip() -> None:
        while not done.is_set():
            (root / "d").rename(root / "x")
            (root / "link").rename(root / "d")
            (root / "d").rename(root / "link")
            (root / "x").rename(root / "d")

    flipper = threading.Thread(target=flip)
    flipper.start()
    read: list[bytes] = []
    refused: set[int | None] = set()
    try:
        for _ in range(3000):
            try:
                with RealFolder(root).enter(("d",)) as place, place.open("file") as file:
                    read.append(file.read(100))
            except OSError as error:
                refused.add(error.errno)
    finally:
        done.set()
        flipper.join()
    assert set(read) <= {b"inside"}
    assert refused <= {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    """A link that took a file's place, a pipe, a folder: an error at once, never a wait."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "link").symlink_to("secret")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with RealFolder(tmp_path).enter(()) as place:
        for name in ("link", "folder", "pipe"):
            with pytest.raises(OSError):  # noqa: PT011
                place.open(name)
