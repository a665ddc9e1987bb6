"""A mirror of a real temporary folder and a space in memory, for tests."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from app.folder.agreed import Agreed, Connection
from app.folder.ahead import Ahead
from app.folder.ground import Brought, Looked
from app.folder.mirror import Mirror
from app.folder.port import Folder
from app.folder.real import RealFolder
from app.progress import silent
from tests.helpers.memory_space import Dice, MemorySpace, SetClock

SPACE = b"s" * 32


class Mirrored:
    """A folder, a space, and the mirror between them. Nothing waits: no grace."""

    def __init__(
        self,
        root: Path,
        space: MemorySpace | None = None,
        *,
        folder: Folder | None = None,
        database: str = ":memory:",
        device: str = "desk",
        grace: float = 0.0,
        ahead: Ahead | None = None,
        boot: bytes = b"",
        asked: Callable[[Connection], Connection] = lambda connection: connection,
    ) -> None:
        root.mkdir(exist_ok=True)
        self.root = root
        self.space = space or MemorySpace()
        self.connection = sqlite3.connect(database)
        self.agreed = Agreed(asked(self.connection))
        self.clock = SetClock()
        self.folder: Folder = folder or RealFolder(root)
        self.mirror = Mirror(
            self.space,
            self.folder,
            self.agreed,
            space_id=SPACE,
            device=device,
            clock=self.clock,
            entropy=Dice(int.from_bytes(device.encode()[:4], "big")),
            grace=grace,
            ahead=ahead,
            boot=boot,
        )
        self.mirror.attach()

    def look(self, *paths: str) -> Looked:
        """Look everywhere, or at paths."""
        hints = [tuple(path.split("/")) for path in paths]
        return self.mirror.look(silent, hints or None)

    def bring(self) -> Brought:
        """Write what is there."""
        return self.mirror.bring(silent)

    def round(self, most: int = 10) -> int:
        """Look and bring until nothing is left to do; return how often it took."""
        for count in range(1, most + 1):
            looked, brought = self.look(), self.bring()
            again = looked.changed or looked.again or brought.again
            if not (again or brought.written or brought.moved or brought.removed):
                return count
        raise AssertionError("it does not end")

    def write(self, path: str, data: bytes | str) -> None:
        """Write a file in the folder, as any program would."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data.encode() if isinstance(data, str) else data)

    def disk(self) -> dict[str, bytes]:
        """Return path -> bytes of what a person sees in the folder, path/ for folders."""
        return disk(self.root)


def settled(one: Mirrored, files: dict[str, str]) -> Mirrored:
    """Return the mirror with some files in its folder, all agreed."""
    for name, text in files.items():
        one.write(name, text)
    one.round()
    return one


def disk(root: Path) -> dict[str, bytes]:
    """Return path -> bytes of files and links, path/ -> b"" of folders; not our own."""
    found: dict[str, bytes] = {}
    for here, folders, files in os.walk(root):
        at = Path(here)
        if at == root:
            folders[:] = [name for name in folders if name != ".atoll"]
        for name in list(folders):
            path = at / name
            if path.is_symlink():
                folders.remove(name)
                files.append(name)
            else:
                found[path.relative_to(root).as_posix() + "/"] = b""
        for name in files:
            path = at / name
            key = path.relative_to(root).as_posix()
            found[key] = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
    return found
