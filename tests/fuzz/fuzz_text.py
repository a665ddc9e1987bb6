"""Any bytes as changes of a text: taken, or DecodeError, and the program lives on.

Loro's own form is not let in for a reason: a hundred bytes of it, with the right checksum,
made it ask for 161 GB, and the process ended.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from storage.errors import DecodeError
from storage.facts.text import TextDocument, apply_splices
from storage.facts.text_wire import (
    changes_from_bytes,
    changes_from_json,
    changes_to_bytes,
    changes_to_json,
    grown,
    updates_in,
)

TEXT = "# Daily\n\n- one 😀\n"


def edited() -> TextDocument:
    """Return a text after a few sittings."""
    document = TextDocument.seed(TEXT)
    for n in range(4):
        text = document.text
        document.edit_from(b"", text[:n] + "new 😀" + text[n + 3 :], 100 + n)
    return document


SEEDS = (
    edited().snapshot(),
    edited().since(TextDocument.seed(TEXT).version()),
    grown(TextDocument.seed(TEXT).snapshot(), edited().since(TextDocument.seed(TEXT).version())),
)


def text_of(read: Callable[[], TextDocument]) -> str | None:
    """Return the text that is read, None when it is refused."""
    try:
        return read().text
    except DecodeError:
        return None


def check(data: bytes) -> None:
    """Raise if bytes do anything else than change a text or be refused."""
    with contextlib.suppress(DecodeError):
        changes = changes_from_bytes(data)
        assert changes_to_bytes(changes) == data
        assert changes_from_json(changes_to_json(changes)) == changes
    with contextlib.suppress(DecodeError):
        document = TextDocument.seed(TEXT)
        before = document.text
        splices = document.take(data)
        assert apply_splices(before, splices) == document.text
        assert TextDocument.load(document.snapshot()).text == document.text
    with contextlib.suppress(DecodeError):
        first, *others = updates_in(data)
        assert text_of(lambda: TextDocument.load(data)) == text_of(
            lambda: TextDocument.load(first).grow(others)
        )
    for ask in (TextDocument.seed(TEXT).knows, TextDocument.seed(TEXT).at):
        with contextlib.suppress(DecodeError):
            ask(data)
