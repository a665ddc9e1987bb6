"""Parsing what was typed, and the help."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from typing import NoReturn

from app.cli.entries import Command, Kind, Option
from app.cli.exits import MEANING, Exit
from app.cli.table import COMMANDS, GLOBAL, WORDS

ABOUT = """\
Notes and folders that live on your own devices, shared with whom you invite, with no server.

Without a command, the window opens. A command reaches the app that runs on the same data
folder, and works alone when none runs."""

FIRST_STEPS = """\
first steps:
  atoll init --name "Ana's laptop"       set up this device
  atoll add ~/Recipes                    open a folder of real files
  atoll serve                            let others find it; leave this running
  atoll share Recipes --can edit         in a second terminal: print a code for somebody
  atoll join CODE --into ~/Recipes       on the other device, after its own init"""
PRINT_VERSION = "print_version"
"""Apart from every option of a command: `diff` has a version of its own."""
WRONG_CHOICE = re.compile(r"invalid choice: '([^']*)'")


class Parser(argparse.ArgumentParser):
    """Says what was wrong in one sentence, and exits as documented."""

    def error(self, message: str) -> NoReturn:
        """Refuse what was typed."""
        self.print_usage(sys.stderr)
        self.exit(Exit.USAGE, f"atoll: {_meant(message) or message}\n")


def _meant(message: str) -> str:
    """Return a sentence that proposes the command that was meant, or nothing."""
    wrong = WRONG_CHOICE.search(message)
    if wrong is None or "COMMAND" not in message:
        return ""
    near = difflib.get_close_matches(wrong[1], [command.name for command in COMMANDS], 1)
    proposed = f" Did you mean {near[0]}?" if near else ""
    return f"There is no command {wrong[1]!r}.{proposed} All of them: atoll --help"


def parser() -> Parser:
    """Return the parser of all commands."""
    top = Parser(
        prog="atoll",
        description=ABOUT,
        epilog=f"{FIRST_STEPS}\n\n{_words()}\n\n{_exits()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument(
        "--version", dest=PRINT_VERSION, action="store_true", help="print the version and exit"
    )
    _add_options(top, GLOBAL)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for command in COMMANDS:
        _add_command(commands, command)
    return top


def _add_command(
    commands: argparse._SubParsersAction[Parser],  # pyright: ignore[reportPrivateUsage]
    command: Command,
) -> None:
    examples = "\n".join(f"  {line}" for line in command.examples)
    below = commands.add_parser(
        command.name,
        help=command.words,
        description=f"{command.words[0].upper()}{command.words[1:]}.\n\n{command.about}",
        epilog="\n\n".join(
            part for part in (f"examples:\n{examples}" if examples else "", _exits()) if part
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_options(below, command.options)
    _add_options(below, GLOBAL)


def _add_options(parser: argparse.ArgumentParser, options: tuple[Option, ...]) -> None:
    for option in options:
        _add_option(parser, option)


def _add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    # SUPPRESS: a global option may stand before or behind the command, and must not be
    # overwritten by the default of the other place.
    default = argparse.SUPPRESS if option in GLOBAL else option.default
    if option.kind is Kind.FLAG:
        parser.add_argument(option.name, action="store_true", default=default, help=option.words)
        return
    words = option.words + (f" (default: {option.default})" if option.default is not None else "")
    kind = int if option.kind is Kind.NUMBER else str
    choices = option.choices or None
    if option.is_flag:
        parser.add_argument(
            option.name,
            required=option.needed,
            default=default,
            help=words,
            type=kind,
            choices=choices,
            metavar=option.shown or None,
            action="append" if option.many else "store",
        )
        return
    count = {(True, True): "+", (True, False): None, (False, True): "*", (False, False): "?"}
    parser.add_argument(
        option.name,
        nargs=count[option.needed, option.many],
        help=words,
        type=kind,
        choices=choices,
        metavar=option.shown or option.name.upper(),
    )


def _words() -> str:
    return "\n".join(["words:", *(f"  {word:<16}{meaning}" for word, meaning in WORDS)])


def _exits() -> str:
    lines = [f"  {int(code):>3}  {words}" for code, words in MEANING.items()]
    return "\n".join(["exit codes:", *lines])
