"""What the terminal says of how much is kept here."""

from __future__ import annotations

from app.cli.printing import Print, Value, safe
from app.words import count_words, of_words, size_words


def here_words(space: Value) -> str:
    """Return how large a folder is; where not all is kept, how much of that is here."""
    if str(space["keeps"]) in {"", "whole"}:
        return size_words(space["size"].number)
    return f"{of_words(space['here_bytes'].number, space['size'].number)} here"


def keeping_words(space: Value) -> str:
    """Return what is kept here, and how much of it is."""
    budget = f" (up to {size_words(space['budget'].number)})" if space["budget"] else ""
    match str(space["keeps"]):
        case "opened":
            what = f"Notes and what was opened{budget} are kept here"
        case "names":
            what = "Names only are kept here"
        case _:
            what = "All of it is kept here"
    files = count_words(space["entries"].number, "file")
    here = f"{space['here_files'].number:,} of {files}, {here_words(space)}"
    return f"{what}: {here}"


def _keep(value: Value, _now: float) -> str:
    return f"{safe(str(value['name']))}: {keeping_words(value)}.\n"


def _fetch(value: Value, _now: float) -> str:
    are = "is" if value["files"].number == 1 else "are"
    return f"{count_words(value['files'].number, 'file')} {are} here.\n"


KEEP_WORDS: dict[str, Print] = {"keep": _keep, "fetch": _fetch}
