"""How a text changed, as Loro tells it, in the words of editors. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from loro import TextDelta

from storage.errors import DecodeError

Splice = tuple[int, int, str]
"""At, remove and insert, in UTF-16 units; of several, each for the text as those before left it."""


def splices_of(before: str, delta: Sequence[TextDelta]) -> Iterator[Splice]:
    """Walk a change that Loro counts in characters of `before`, as splices."""
    at = index = 0
    remove, insert = 0, ""
    for part in delta:
        match part:
            case TextDelta.Retain():
                if remove or insert:
                    yield at, remove, insert
                    at += _units(insert)
                    remove, insert = 0, ""
                at += _units(before[index : index + part.retain])
                index += part.retain
            case TextDelta.Delete():
                remove += _units(before[index : index + part.delete])
                index += part.delete
            case TextDelta.Insert():
                insert += part.insert
            case _:
                raise DecodeError("a change that is no change of text")
    if remove or insert:
        yield at, remove, insert


def _units(text: str) -> int:
    """Return how many UTF-16 units a text has."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
