"""How eight programs save a file: each call that changes something on the disk, in its order.

As recorded of the programs with a note of theirs; names that they draw by lot stand for any.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

Call = Callable[["Saving"], None]


@dataclass(slots=True)
class Saving:
    """A program that saves one file, call by call."""

    folder: Path
    name: str
    text: bytes
    fds: dict[str, int] = field(default_factory=dict[str, int])

    def path(self, name: str) -> Path:
        """Return where a name of the program's lies; `{}` stands for the file's own."""
        return self.folder / name.format(self.name)

    def end(self) -> None:
        """Die, or end: whatever is open is closed."""
        for fd in self.fds.values():
            os.close(fd)
        self.fds.clear()


def makes(name: str, how: int = os.O_EXCL) -> Call:
    """Open a name for writing: a new one, or the one that is there."""

    def call(saving: Saving) -> None:
        flags = os.O_WRONLY | os.O_CREAT | how
        saving.fds[name] = os.open(saving.path(name), flags, 0o644)

    return call


def empties(name: str) -> Call:
    """Open a name and throw away what is in it."""
    return makes(name, os.O_TRUNC)


def writes(name: str, part: int = 0, of: int = 1) -> Call:
    """Write one part of the text to an open file."""

    def call(saving: Saving) -> None:
        size = -(-len(saving.text) // of)
        os.write(saving.fds[name], saving.text[part * size : (part + 1) * size])

    return call


def closes(name: str) -> Call:
    """Close it."""

    def call(saving: Saving) -> None:
        os.close(saving.fds.pop(name))

    return call


def renames(name: str, to: str) -> Call:
    """Rename, over whatever is there."""

    def call(saving: Saving) -> None:
        saving.path(name).rename(saving.path(to))

    return call


def removes(name: str) -> Call:
    """Remove."""

    def call(saving: Saving) -> None:
        saving.path(name).unlink(missing_ok=True)

    return call


def copies(name: str, to: str) -> Call:
    """Write a copy, as of what was there before."""

    def call(saving: Saving) -> None:
        saving.path(to).write_bytes(saving.path(name).read_bytes())

    return call


def modes(name: str) -> Call:
    """Set the mode as it was."""

    def call(saving: Saving) -> None:
        saving.path(name).chmod(0o644)

    return call


def whole(name: str) -> list[Call]:
    """Make a file and write it in two parts."""
    return [makes(name), writes(name, 0, 2), writes(name, 1, 2), closes(name)]


EDITORS: dict[str, list[Call]] = {
    "vim": [
        makes(".{}.swp", os.O_RDWR),
        *whole("4913"),
        removes("4913"),
        renames("{}", "{}~"),
        *whole("{}"),
        modes("{}"),
        removes("{}~"),
        closes(".{}.swp"),
        removes(".{}.swp"),
    ],
    "emacs": [
        *whole("#{}#"),
        renames("{}", "{}~"),
        *whole("{}"),
        modes("{}"),
        removes("#{}#"),
    ],
    "VS Code": [empties("{}"), writes("{}", 0, 2), writes("{}", 1, 2), closes("{}")],
    "LibreOffice": [
        *whole(".~lock.{}#"),
        *whole("lu1x2y.tmp"),
        renames("{}", "lu1x2z.tmp"),
        renames("lu1x2y.tmp", "{}"),
        removes("lu1x2z.tmp"),
        removes(".~lock.{}#"),
    ],
    "Word": [
        *whole("~${}"),
        *whole("~WRD0001.tmp"),
        renames("{}", "~WRL0002.tmp"),
        renames("~WRD0001.tmp", "{}"),
        removes("~WRL0002.tmp"),
        removes("~${}"),
    ],
    "sed -i": [*whole("sedX1yZ2w"), modes("sedX1yZ2w"), renames("sedX1yZ2w", "{}")],
    "rsync": [*whole(".{}.Ab12Cd"), modes(".{}.Ab12Cd"), renames(".{}.Ab12Cd", "{}")],
    "gedit": [
        *whole(".goutputstream-AB12CD"),
        copies("{}", "{}~"),
        renames(".goutputstream-AB12CD", "{}"),
    ],
}
