"""What any text for a terminal is made of: harmless names, columns, values read without fear.

Names come from other people, so nothing that moves the cursor, rings the bell or turns the
direction of writing reaches the terminal as it is.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable, Sequence
from typing import TextIO

from app.loose import list_in, mapping_in
from app.values import Role
from app.words import role_words

HARMLESS = {"\n", "\t"}
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
Row = Sequence[str]
NO_FOLDER = "No folder here yet. Add one with: atoll add FOLDER\n"


def as_json(value: object) -> str:
    """Return a value for programs: one line where it is small, always ending in a line break."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def safe(text: str) -> str:
    """Return text with everything that is not to be seen written out in hex."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if unicodedata.category(char) not in HIDDEN else _written_out(char) for char in text
    )


def safe_lines(text: str) -> str:
    """Return the same for a text of many lines."""
    return "".join(char if char in HARMLESS else safe(char) for char in text)


def _written_out(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"  # noqa: PLR2004  a byte


def width(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    nothing = sum(unicodedata.combining(char) != 0 for char in text)
    return len(text) + wide - nothing


def table(rows: Sequence[Row]) -> str:
    """Return rows in columns; the last one is not filled up."""
    safe_rows = [[safe(cell) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*safe_rows, strict=True)]
    lines = (
        "  ".join(
            cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True)
        ).rstrip()
        for row in safe_rows
    )
    return "".join(f"{line}\n" for line in lines)


class Value:
    """A JSON value, read without fear: what is missing is empty."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __getitem__(self, name: str) -> Value:
        return Value(mapping_in(self._value).get(name))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __str__(self) -> str:
        return "" if self._value is None else str(self._value)

    @property
    def each(self) -> list[Value]:
        """The values of a list."""
        return [Value(item) for item in list_in(self._value)]

    @property
    def given(self) -> bool:
        """Whether it is there at all, be it 0."""
        return self._value is not None

    @property
    def number(self) -> int:
        """A whole number, or 0."""
        return int(self._value) if isinstance(self._value, int | float) else 0

    @property
    def moment(self) -> float | None:
        """A moment, or None."""
        return float(self._value) if isinstance(self._value, int | float) else None

    @property
    def role(self) -> str:
        """A role in words."""
        return role_words(Role(str(self)))


Print = Callable[[Value, float], str]
"""Return what a person reads of a value, at a moment."""


def complain(sentence: str, hint: str, stream: TextIO | None = None) -> None:
    """Say what went wrong, in one sentence and what to do about it."""
    text = " ".join(part for part in (sentence, hint) if part)
    print(f"atoll: {safe_lines(text)}", file=stream or sys.stderr)
