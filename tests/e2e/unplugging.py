"""Looks at a folder while its drive is taken out, put in, or covered by another, at every step.

Runs in a mount namespace of its own, where whatever it mounts is nobody else's:
`unshare --mount python -m tests.e2e.unplugging RUNS`. Says what happened, as JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from app.errors import FolderUnavailable
from tests.helpers.interrupted import SteppedFolder, Steps
from tests.helpers.mirrored import Mirrored

_LIBC = ctypes.CDLL(None, use_errno=True)
_BIND, _PRIVATE, _REC, _DETACH = 0x1000, 1 << 18, 0x4000, 2
FILES = {f"{folder}{name}": name for folder in ("", "d/", "d/e/", "f/") for name in ("a.md", "b")}


def mount(source: str, target: Path | str, kind: str | None, flags: int) -> None:
    """Mount something, or fail."""
    raw = None if kind is None else kind.encode()
    if _LIBC.mount(source.encode(), os.fsencode(target), raw, flags, None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}")


def unmount(target: Path) -> None:
    """Take the topmost mount away, in use or not."""
    if _LIBC.umount2(os.fsencode(target), _DETACH) != 0:
        raise OSError(ctypes.get_errno(), f"umount {target}")


class Drive:
    """A drive that is plugged in at the folder."""

    def __init__(self, top: Path) -> None:
        self.disk, self.root = top / "disk", top / "folder"
        for path in (self.disk, self.root):
            path.mkdir()
        mount("disk", self.disk, "tmpfs", 0)
        self.mounts = 0
        self.plug()

    def plug(self) -> None:
        """Put it in."""
        mount(str(self.disk), self.root, None, _BIND)
        self.mounts += 1

    def unplug(self) -> None:
        """Take out what lies on top."""
        if self.mounts:
            unmount(self.root)
            self.mounts -= 1

    def cover(self) -> None:
        """Put an empty drive in its place."""
        mount("other", self.root, "tmpfs", 0)
        self.mounts += 1

    def restore(self) -> None:
        """Let it be as it was: this drive, and no other."""
        while self.mounts:
            self.unplug()
        self.plug()


def main(runs: int) -> dict[str, int]:
    """Look again and again; each time something else happens at another step."""
    mount("none", "/", None, _PRIVATE | _REC)
    told: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as top:
        drive, steps = Drive(Path(top)), Steps()
        folder = SteppedFolder(drive.root)
        folder.steps = steps
        one = Mirrored(drive.root, folder=folder)
        for name, text in FILES.items():
            one.write(name, text)
        one.round()
        before = one.space.files()
        events: list[Callable[[], None]] = [drive.unplug, drive.cover, drive.plug, drive.restore]
        step = 0
        for run in range(runs):
            first, then = events[run % 2], events[run // 2 % 4]
            told[looked(one, steps, step, first, then)] += 1
            told["removed"] += len(before.keys() - one.space.files().keys())
            drive.restore()
            assert one.look().removed == 0, "once it is back"
            step = step + 1 if step < steps.count else 0
            told["steps"] = max(told["steps"], step)
        told["same"] = int(one.space.files() == before)
        while drive.mounts:
            drive.unplug()
        unmount(drive.disk)
    return dict(told)


def looked(
    one: Mirrored, steps: Steps, at: int, first: Callable[[], None], then: Callable[[], None]
) -> str:
    """Look, while something happens at a step, and something else some steps later."""
    steps.count = 0

    def acts(count: int) -> None:
        if count == at:
            first()
        elif count == at + 3:
            then()

    steps.act = acts
    try:
        return "quiet" if one.look().removed == 0 else "deleted"
    except FolderUnavailable:
        return "unavailable"
    finally:
        steps.act = lambda _count: None


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))  # noqa: T201
