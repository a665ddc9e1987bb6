"""A disk that fails or refuses at any question, or many: what it does not tell is unknown."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.errors import FolderUnavailable
from app.folder.port import Path as DiskPath
from app.folder.port import Stat
from app.progress import silent
from storage.errors import AtollError
from tests.helpers.emulated import LINUX, EmulatedFolder, EmulatedPlace
from tests.helpers.mirrored import Mirrored

NOBODY = 65534
NOWHERE = Path("/dev/null").parent
TREE = ["a", "d/", "d/x", "d/e/", "d/e/y", "d/e/f/", "d/e/f/z", "g/", "g/w"]
ERRORS = [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOENT]


class TellingPlace(EmulatedPlace):
    """A directory that may fail at one of its names, and lists the others."""

    def entries(self) -> list[tuple[str, Stat | OSError]]:
        """Return each name and what it is, or why that is not told."""
        told: list[tuple[str, Stat | OSError]] = []
        for name, stat in super().entries():
            try:
                self._folder.check("tell", (*self._path, name))
            except FileNotFoundError:
                continue  # as on a real disk: it is taken for one that went meanwhile
            except OSError as error:
                told.append((name, error))
            else:
                told.append((name, stat))
        return told


class FailingFolder(EmulatedFolder):
    """A folder of such directories, of which the k-th question fails."""

    def __init__(self) -> None:
        super().__init__(LINUX)
        self.asked: list[tuple[str, DiskPath]] = []
        self.fails_at, self.error = 0, 0

    def enter(self, path: DiskPath) -> TellingPlace:
        """Open a directory."""
        place = TellingPlace(self, self.root, ())
        for name in path:
            place = place.enter(name)
        return place

    def kth(self, at: int, error: int) -> None:
        """Fail at a question from now on counted."""
        self.asked.clear()
        self.fails_at, self.error = at, error
        self.fault = self._count

    def _count(self, what: str, path: DiskPath) -> int:
        self.asked.append((what, path))
        return self.error if len(self.asked) == self.fails_at else 0


def settled() -> tuple[FailingFolder, Mirrored]:
    """Return a folder with its mirror, all agreed."""
    folder = FailingFolder()
    one = Mirrored(NOWHERE, folder=folder)
    for path in TREE:
        if path.endswith("/"):
            folder.make_folder(path.rstrip("/"))
        else:
            folder.write(path, path.encode())
    one.round()
    return folder, one


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("hinted", [(), ("d/e/y", "g")], ids=["everywhere", "where it is hinted"])
def test_whichever_question_fails_nothing_is_taken_for_deleted(
    error: int, hinted: tuple[str, ...]
) -> None:
    """Each listing, each look at a name and each opening in its turn, until none is left."""
    at, failed = 0, True
    folder, one = settled()
    before = one.space.files()
    while failed:
        at += 1
        folder.kth(at, error)
        try:
            looked = one.mirror.look(silent, [tuple(it.split("/")) for it in hinted] or None)
        except (FolderUnavailable, AtollError):
            looked = None
        failed = len(folder.asked) >= at
        assert looked is None or looked.removed == 0, folder.asked[-1]
        assert one.space.files() == before, folder.asked[-1]
    assert at > 20
    folder.kth(0, 0)
    assert not one.look().changed, "nothing is left of it"


@pytest.mark.parametrize("error", ERRORS)
def test_many_failures_beside_a_real_deletion_tell_of_that_alone(error: int) -> None:
    """All of one folder fails; what a person deleted elsewhere is still seen."""
    for broken in ("d", "d/e", "d/e/f", "g"):
        folder, one = settled()
        folder.remove("a")
        prefix = tuple(broken.split("/"))

        def fails(what: str, path: DiskPath, prefix: DiskPath = prefix) -> int:
            below = path[: len(prefix)] == prefix and (len(path) > len(prefix) or what != "tell")
            return error if below and what in {"list", "tell", "stat", "enter"} else 0

        folder.fault = fails
        assert one.look().removed == 1
        assert one.space.files().keys() == set(TREE) - {"a"}


@contextmanager
def as_nobody() -> Iterator[None]:
    """Ask as a user who owns nothing. Only root can; everyone else fails here."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.slow
@pytest.mark.parametrize("rights", [0o000, 0o444, 0o111, 0o222], ids=oct)
def test_a_real_folder_that_we_may_not_read_is_not_empty(rights: int) -> None:
    """Each folder in its turn: closed, names without what they are, no names, and only to write."""
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        one = Mirrored(Path(top) / "folder")
        for path in TREE:
            if not path.endswith("/"):
                one.write(path, path)
        one.round()
        for place in (one.root, *one.root.rglob("*")):
            os.chown(place, NOBODY, NOBODY)
        one.round()
        for path in [path for path in TREE if path.endswith("/")]:
            (one.root / path).chmod(rights)
            with as_nobody():
                looked = one.look()
                named = {it.path for it in looked.skipped}
            assert looked.removed == 0
            assert named, "a person sees what is not looked at"
            assert one.space.files().keys() == set(TREE)
            (one.root / path).chmod(0o755)
        (one.root / "g" / "w").unlink()
        assert one.look().removed == 1
