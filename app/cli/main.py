"""`atoll`: what was typed, done, shown, and the exit code.

Reaching a running app has to be quick, so this module and all it imports load neither the
event loop nor a store; see `app.cli.late`.
"""

from __future__ import annotations

import os
import sys
import time
from argparse import Namespace
from pathlib import Path

from app.cli import late
from app.cli.arguments import parser
from app.cli.bar import Bar
from app.cli.consent import agreed, asks
from app.cli.control import Answer
from app.cli.entries import Command, Where
from app.cli.exits import Exit, exit_of
from app.cli.moments_words import understood
from app.cli.output import words_for
from app.cli.printing import Value, as_json, complain, safe
from app.cli.reach import have_done
from app.cli.request import params_of
from app.cli.table import BY_NAME, LOOK
from app.complaints import Words, say
from app.errors import Refused, Unreadable
from app.loose import mapping_in
from app.places import Places, default_data
from storage.errors import AtollError

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
QUIET_ZONE = 2


def main(arguments: list[str] | None = None) -> int:
    """Do what was typed, and return the exit code."""
    typed = parser().parse_args(arguments)
    try:
        return _run(typed)
    except Refused as refused:
        return _miss(typed, refused.reason, Words(refused.sentence, refused.hint))
    except AtollError as error:
        return _miss(typed, error.code, say(error))
    except KeyboardInterrupt:
        complain("Stopped. What was done until then is whole.", "")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has enough. Python must not complain again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK


def _miss(typed: Namespace, code: str, words: Words) -> int:
    """Say what went wrong: a sentence for people, with --json an object for programs too."""
    complain(words.sentence, words.hint)
    if _has(typed, "json"):
        sys.stdout.write(as_json({"error": {"code": code, "message": str(words)}}))
        sys.stdout.flush()
    return exit_of(code)


def _run(typed: Namespace) -> int:
    if typed.print_version:
        print(f"atoll {late.metadata().version('atoll')}")
        return Exit.OK
    if typed.command is None:
        return _window(typed) if _has_screen() else _help()
    return _do(BY_NAME[typed.command], typed)


def _has_screen() -> bool:
    return sys.platform in {"darwin", "win32"} or any(map(os.environ.get, SCREENS))


def _help() -> int:
    parser().print_help(sys.stderr)
    return Exit.USAGE


def _window(typed: Namespace) -> int:
    return int(late.window().main(["--data", str(_places(typed).data)]))


def _places(typed: Namespace) -> Places:
    named = getattr(typed, "data", None)
    return Places(Path(named).expanduser().absolute() if named else default_data())


def _do(command: Command, typed: Namespace) -> int:
    match command.name:
        case "completion":
            print(late.completion().script(typed.shell), end="")
            return Exit.OK
        case "demo":
            return int(late.demo().run(notes=typed.notes, keep=bool(typed.keep)))
        case "serve":
            return int(late.serve().run(_places(typed), typed))
        case "init":
            answer = late.alone().set_up(_places(typed), typed.name)
            _show(command, answer, typed)
            return Exit.OK
        case "restore-backup":
            _restore_backup(command, typed)
            return Exit.OK
        case _:
            assert command.where is not Where.HERE, command.name
            return _ask(command, typed)


def _restore_backup(command: Command, typed: Namespace) -> None:
    bar = Bar(sys.stderr, quiet=_has(typed, "quiet"))
    try:
        answer = late.alone().restore(_places(typed), params_of(command, typed), bar)
    finally:
        bar.clear()
    _show(command, answer, typed)


def _ask(command: Command, typed: Namespace) -> int:
    places, quiet = _places(typed), _has(typed, "quiet")
    params = params_of(command, typed)
    bar = Bar(sys.stderr, quiet=quiet)
    if command.name == "join" and not quiet:
        offered = have_done(places, LOOK, params, bar)
        print(words_for("look", offered.value, time.time()), end="", file=sys.stderr)
    try:
        answer = (
            agreed(command, params, bar.clear, lambda given: have_done(places, command, given, bar))
            if asks(command, typed)
            else have_done(places, command, params, bar)
        )
    finally:
        bar.clear()
    if command.name == "share" and typed.file:
        _write(Path(typed.file), answer.body)
    _show(command, answer, typed)
    if command.name == "share" and not quiet and not _has(typed, "json"):
        print(words_for("shared", answer.value, time.time()), end="", file=sys.stderr)
    return _exit_after(command, answer)


def _exit_after(command: Command, answer: Answer) -> Exit:
    match command.name, answer.value:
        case "check" | "repair", {"damaged": int() as damaged} if damaged:
            return Exit.DAMAGED
        case _:
            return Exit.OK


def _show(command: Command, answer: Answer, typed: Namespace) -> None:
    if command.name == "show":
        _remark(answer, typed)
        _content(answer, typed)
    elif _has(typed, "json"):
        sys.stdout.write(as_json(answer.value))
    else:
        if command.name == "share" and sys.stdout.isatty() and not typed.no_picture:
            _draw(answer)
        sys.stdout.write(words_for(command.name, answer.value, time.time()))
    sys.stdout.flush()


def _remark(answer: Answer, typed: Namespace) -> None:
    """Say beside a file's bytes which moment was understood."""
    moment = Value(mapping_in(answer.value).get("moment"))
    if moment.given and not _has(typed, "json") and not _has(typed, "quiet"):
        path = safe(str(mapping_in(answer.value).get("path", "")))
        print(f"atoll: {path} as it was {understood(moment)}", file=sys.stderr)


def _content(answer: Answer, typed: Namespace) -> None:
    """Write a file's bytes as they are; with --json, what they are and the text when it is one."""
    if not _has(typed, "json"):
        sys.stdout.buffer.write(answer.body)
        sys.stdout.buffer.flush()
        return
    value = mapping_in(answer.value).copy()
    try:
        value["text"] = answer.body.decode()
    except UnicodeDecodeError:
        value["hex"] = answer.body.hex()
    sys.stdout.write(as_json(value))


def _draw(answer: Answer) -> None:
    match answer.value:
        case {"code": str() as code}:
            picture = late.segno().make(code, error="m", micro=False)
            picture.terminal(out=sys.stdout, compact=True, border=QUIET_ZONE)
        case _:
            return


def _write(path: Path, content: bytes) -> None:
    """Write a hand-over file, which only this user may read: it gives access."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as stream:
            stream.write(content)
    except OSError as error:
        raise Unreadable(error.strerror or "not written", str(path)) from error


def _has(typed: Namespace, flag: str) -> bool:
    return bool(getattr(typed, flag, False))
