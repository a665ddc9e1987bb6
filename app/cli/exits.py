"""Exit codes: what a script may count on."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command ends with."""

    OK = 0
    WRONG = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    UNAVAILABLE = 5
    DAMAGED = 6
    INTERRUPTED = 130


MEANING = {
    Exit.OK: "it was done",
    Exit.WRONG: "something went wrong; one sentence says what",
    Exit.USAGE: "the command makes no sense as it was typed",
    Exit.NOT_FOUND: "nothing of that name is here",
    Exit.NOT_ALLOWED: "the right to do it was not shown, or has ended",
    Exit.UNAVAILABLE: "not there now: no app, no device, no folder; trying later makes sense",
    Exit.DAMAGED: "a check found damage",
    Exit.INTERRUPTED: "stopped by Ctrl-C; what was done until then is whole",
}

_BY_CODE = {
    "app.usage": Exit.USAGE,
    "storage.not-found": Exit.NOT_FOUND,
    "access": Exit.NOT_ALLOWED,
    "storage.corrupt-block": Exit.DAMAGED,
    "storage.block-not-found": Exit.UNAVAILABLE,
    "storage.locked": Exit.UNAVAILABLE,
    "sync": Exit.UNAVAILABLE,
    "app.folder-unavailable": Exit.UNAVAILABLE,
    "app.folder-in-use.elsewhere": Exit.UNAVAILABLE,
    "app.already-running": Exit.UNAVAILABLE,
    "app.not-running": Exit.UNAVAILABLE,
    "app.not-answering": Exit.UNAVAILABLE,
    "app.not-set-up": Exit.UNAVAILABLE,
    "app.stopped": Exit.INTERRUPTED,
}


def exit_of(code: str) -> Exit:
    """Return the exit code of an error's code; of an unknown one, that of its family."""
    while code not in _BY_CODE:
        family, dot, _ = code.rpartition(".")
        if not dot:
            return Exit.WRONG
        code = family
    return _BY_CODE[code]
