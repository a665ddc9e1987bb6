"""Where a passphrase comes from: a prompt, a file, or standard input; never the command line.

What stands on a command line is seen by every user of the machine, and kept by the shell.
"""

from __future__ import annotations

import getpass
import sys
from pathlib import Path

from app.errors import BadUsage, Unreadable

LONGEST = 1024
PROMPT = "Passphrase of the backup: "


def passphrase_of(file: str | None, *, twice: bool) -> str:
    """Return the passphrase that a person means; asked for twice where a slip would cost all.

    Raises:
        BadUsage: there is nobody to ask, or what was typed differs or is empty.
        Unreadable: the file cannot be read.
    """
    if file is None:
        return _asked_for(twice=twice)
    if file == "-":
        line = sys.stdin.readline(LONGEST)
    else:
        try:
            with Path(file).expanduser().open(encoding="utf-8") as opened:
                line = opened.readline(LONGEST)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise Unreadable(reason or "unreadable", file) from error
    return _some(line.rstrip("\r\n"))


def _asked_for(*, twice: bool) -> str:
    if not sys.stdin.isatty():
        raise BadUsage("there is nobody to ask for the passphrase: use --passphrase-file")
    try:
        typed = getpass.getpass(PROMPT)
        if twice and getpass.getpass("Once more: ") != typed:
            raise BadUsage("these were two different passphrases; nothing was written")
    except EOFError as error:
        raise BadUsage("no passphrase was given") from error
    return _some(typed)


def _some(passphrase: str) -> str:
    if not passphrase:
        raise BadUsage("no passphrase was given")
    return passphrase
