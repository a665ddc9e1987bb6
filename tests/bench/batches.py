"""Changes of many notes at once, and when they have arrived in another folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.devices import wait_for_bytes, wait_until
from tests.bench.floors import copy_tree

MANY = "many"
_PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Batch:
    """What was changed, and how to wait for it."""

    touched: tuple[str, ...]
    """Paths below the folder, old ones too."""
    wait: Callable[[Path], object]
    """Return when all of it stands below that other folder."""


def with_many(notes: Path, into: Path, count: int) -> Path:
    """Copy the notes, so many of them into one folder `many`, and return the copy."""
    copy_tree(notes, into)
    (into / MANY).mkdir()
    for note in sorted(into.glob("topic */*.md"))[:count]:
        note.rename(into / MANY / note.name)
    return into


def saving(count: int) -> Callable[[Path, int], Batch]:
    """Return what adds a line to so many notes of that folder at once.

    Most of each note stays, as in any edit: notes replaced by others are held, and a person asked.
    """

    def save(here: Path, run: int) -> Batch:
        many = many_of(here)
        line = b"line %d\n" % run
        names = [f"{many.name}/{name}" for name in _names(many)[:count]]
        some = {name: (here / name).read_bytes() + line for name in names}
        for name, text in some.items():
            (here / name).write_bytes(text)

        def wait(there: Path) -> None:
            for name, text in some.items():
                wait_for_bytes(there / name, text, _PATIENCE)

        return Batch(tuple(some), wait)

    return save


def renaming(here: Path, _run: int) -> Batch:
    """Give the folder of many notes a name that it never had."""
    old = many_of(here)
    new = old.rename(here / next_name(old.name))
    count = len(_names(new))

    def wait(there: Path) -> float:
        into = there / new.name
        return wait_until(
            lambda: into.is_dir() and len(_names(into)) == count, _PATIENCE, "the folder"
        )

    return Batch((old.name, new.name), wait)


def many_of(here: Path) -> Path:
    """Return the folder of many notes, whatever its name is by now."""
    return next(path for path in here.iterdir() if path.name.startswith(MANY))


def next_name(name: str) -> str:
    """Return another name, each time one that was not there before."""
    number = name.removeprefix(MANY)
    return f"{MANY} {int(number or 0) + 1}"


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix == ".md")
