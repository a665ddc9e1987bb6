"""Write `docs/commands.md` from the table that also makes the help and the completion.

Run by hand when a command changes: `.venv/bin/python packaging/guide.py`. A house test
compares, so the page cannot fall behind.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "commands.md"

sys.path.insert(0, str(ROOT))

from app.cli.entries import Command, Option  # noqa: E402
from app.cli.exits import MEANING  # noqa: E402
from app.cli.table import COMMANDS, GLOBAL, WORDS  # noqa: E402

HEAD = """\
# Commands

Written by `packaging/guide.py` from the table behind `atoll --help`. Without a command, the
window opens. A command reaches the app that runs on the same data folder, and works alone when
none runs."""

ERRORS = """\
What went wrong is one sentence on standard error. With `--json` it is also an object on standard
output, `{"error": {"code": …, "message": …}}`; a line that could not be read at all has the
sentence alone. Codes stay the same from version to version, sentences may change."""


def page() -> str:
    """Return the whole page."""
    parts = [HEAD, "## Words", "\n".join(f"- **{word}**: {said}" for word, said in WORDS)]
    parts += ["## For every command", "\n".join(options(GLOBAL))]
    for command in COMMANDS:
        parts += section(command)
    codes = [f"| {int(code)} | {words} |" for code, words in MEANING.items()]
    parts += ["## Exit codes", "\n".join(["| code | meaning |", "|---|---|", *codes]), ERRORS]
    return "\n\n".join(parts) + "\n"


def section(command: Command) -> Iterator[str]:
    """Walk the paragraphs about one command."""
    yield f"## `atoll {command.name}`"
    yield f"{command.words[0].upper()}{command.words[1:]}."
    yield command.about
    if command.options:
        yield "\n".join(options(command.options))
    if command.examples:
        yield "\n".join(["```", *command.examples, "```"])


def options(some: tuple[Option, ...]) -> Iterator[str]:
    """Walk one line for each option."""
    for option in some:
        name = f"{option.name} {option.shown}" if option.is_flag else option.name.upper()
        choices = f"; one of {', '.join(option.choices)}" if option.choices else ""
        default = f" (default: {option.default})" if option.default is not None else ""
        yield f"- `{name.strip()}`: {option.words}{choices}{default}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
