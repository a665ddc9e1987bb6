"""Words to write, and edits of a document."""

from __future__ import annotations

from storage.facts.text import TextDocument

WORDS = ["", "x", "Äpfel ", "😀", "line\n", "\n\n", "- four\n"]


def edited(document: TextDocument, text: str, peer: int) -> bytes | None:
    """Make a document this text, and return the update that does the same elsewhere."""
    before = document.version()
    return document.since(before) if document.edit_from(b"", text, peer) is not None else None
