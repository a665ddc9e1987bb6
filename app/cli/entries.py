"""What a command is made of: its options, where it is done, and options that many share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What is typed at a place: completion offers accordingly."""

    TEXT = "text"
    PATH = "path"
    FOLDER = "folder"
    SPACE = "space"
    CHOICE = "choice"
    FLAG = "flag"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Option:
    """A flag, or (without dashes) something that stands at its place."""

    name: str
    words: str
    kind: Kind = Kind.TEXT
    shown: str = ""
    choices: tuple[str, ...] = ()
    needed: bool = False
    many: bool = False
    default: str | int | None = None

    @property
    def is_flag(self) -> bool:
        """It begins with dashes."""
        return self.name.startswith("-")

    @property
    def key(self) -> str:
        """Its name in the parsed arguments."""
        return self.name.lstrip("-").replace("-", "_")


class Where(Enum):
    """Which process can do a command."""

    HERE = "here"
    """The terminal's own; it needs no data folder, or starts what it needs."""
    EITHER = "either"
    """The app when it runs, else the terminal's own process."""
    APP = "app"
    """Only a running app: its answer is about what runs."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    words: str
    about: str
    options: tuple[Option, ...] = ()
    examples: tuple[str, ...] = ()
    where: Where = Where.EITHER
    network: bool = False
    """Done alone, it has to meet other devices."""


SPACE = Option(
    "space", "the shared folder: its last part, its path, or the beginning of its id", Kind.SPACE
)
ANY_SPACE = Option("space", f"{SPACE.words}; all when left out", Kind.SPACE)
NEEDED_SPACE = Option("space", SPACE.words, Kind.SPACE, needed=True)

PASSPHRASE = Option(
    "--passphrase-file",
    "a file whose first line is the passphrase, or - for standard input; else it is asked for",
    Kind.PATH,
    "FILE",
)
