"""From what was typed to what is asked: paths made whole, moments read, files fetched.

The owner of the data folder may run in another directory and has another standard input,
so all of this happens in the terminal's own process.
"""

from __future__ import annotations

import os
import re
import sys
import time
from argparse import Namespace
from datetime import datetime
from pathlib import Path

from app.cli.entries import Command, Kind
from app.cli.secret import passphrase_of
from app.errors import BadUsage, Unreadable
from app.loose import list_in

SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
SPAN = re.compile(r"(\d{1,6})([mhdw])\Z")
HAND_OVER = b"ATOLL-INVITE-1\n"
MAX_HAND_OVER = 8 << 20
MAX_CODE = 4096


def params_of(command: Command, typed: Namespace) -> dict[str, object]:
    """Return what to ask the owner of the data folder.

    Raises:
        BadUsage: something typed makes no sense.
        Unreadable: a file that was named cannot be read.
    """
    params: dict[str, object] = {}
    for option in command.options:
        value = getattr(typed, option.key, None)
        if value is None or value is False:
            continue
        if isinstance(value, str) and option.kind in {Kind.PATH, Kind.FOLDER}:
            params[option.key] = _whole(value)
            if option.key == "path":
                params["given"] = value
        elif isinstance(value, list) and option.kind is Kind.PATH:
            given = [str(path) for path in list_in(getattr(typed, option.key))]
            params[option.key] = [_whole(path) for path in given]
            params["given"] = given
        elif isinstance(value, str) and option.kind is Kind.SPACE:
            params[option.key] = _whole(value) if _looks_like_path(value) else value
        else:
            params[option.key] = value
    if command.name == "join":
        params |= code_of(typed.code)
    if command.name in {"backup", "restore-backup"}:
        params |= _backup_params(command.name, typed)
    if command.name == "share":
        params["until"] = until_of(typed.until, time.time())
        params["file"] = typed.file is not None
    return params


def _backup_params(command: str, typed: Namespace) -> dict[str, object]:
    """Return the passphrase of a backup, where one is made or opened."""
    if command == "backup" and (typed.list or not typed.into):
        return {"into": None, "passphrase_file": None}
    passphrase = passphrase_of(typed.passphrase_file, twice=command == "backup")
    return {"passphrase": passphrase, "passphrase_file": None}


def _whole(path: str) -> str:
    """Return a path as the owner finds it. Links in it are kept: they are the person's choice."""
    return os.path.abspath(os.path.expanduser(path))  # noqa: PTH100, PTH111  keeps links and '@'


def _looks_like_path(name: str) -> bool:
    return name in {".", ".."} or os.sep in name


def until_of(text: str, now: float) -> int | None:
    """Return the moment that --until names, None for never.

    Raises:
        BadUsage: it names none, or one that has passed.
    """
    if text == "never":
        return None
    span = SPAN.match(text)
    if span:
        return int(now) + int(span[1]) * SECONDS[span[2]]
    try:
        moment = datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise BadUsage(
            "--until is never, a span like 2h or 7d, or a day like 2027-01-31"
        ) from error
    if moment <= now:
        raise BadUsage("--until names a moment that has passed")
    return int(moment)


def code_of(typed: str) -> dict[str, object]:
    """Return the code, or the hand-over file, that `join` was given.

    Raises:
        Unreadable: it is a file that cannot be read.
        BadUsage: it is too long for a code.
    """
    if typed == "-":
        given = sys.stdin.buffer.read(MAX_HAND_OVER)
    elif os.sep in typed or _is_file(typed):
        given = _read(Path(typed).expanduser())
    else:
        given = os.fsencode(typed)
    if given.startswith(HAND_OVER):
        return {"code": "-", "file": given.hex()}
    if len(given) > MAX_CODE:
        raise BadUsage("that is neither a code nor a hand-over file")
    return {"code": given.decode("utf-8", "replace").strip()}


def _is_file(typed: str) -> bool:
    try:
        return Path(typed).is_file()
    except OSError:  # longer than a name may be, as codes often are
        return False


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_HAND_OVER)
    except OSError as error:
        raise Unreadable(error.strerror or "unreadable", str(path)) from error
