"""Asking before much is put back: what will be done is said first, and done only on a yes."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping

from app.cli.control import Answer
from app.cli.entries import Command
from app.cli.output import words_for
from app.errors import BadUsage
from app.loose import list_in, mapping_in

YES = {"y", "yes"}
Done = Callable[[Mapping[str, object]], Answer]
"""Does the command with these parameters."""


def asks(command: Command, typed: Namespace) -> bool:
    """Say whether a command says first what it will do."""
    puts_back = command.name == "undo" or (command.name == "restore" and typed.at is not None)
    return puts_back and not typed.yes and not typed.dry_run


def agreed(
    command: Command, params: Mapping[str, object], make_room: Callable[[], None], done: Done
) -> Answer:
    """Say what will be done, and do just that if the person wants it.

    Raises:
        BadUsage: nobody is there to be asked.
    """
    planned = done({**params, "dry_run": True})
    value = mapping_in(planned.value)
    if not list_in(value.get("do")):
        return planned
    if not sys.stdin.isatty():
        raise BadUsage("nobody can be asked here: say --yes to do it, or --dry-run to look only")
    make_room()
    print(words_for(command.name, value, time.time()), end="", file=sys.stderr)
    print("Do this? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in YES:
        return planned
    return done({**params, "token": value.get("token")})
