"""Letters as a person means them: found with or without their accents, counted as words."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\[[xX]\]|([^\W_]\S*)")


def bare(text: str) -> str:
    """Return a text to look in, and to look for: without accents, in small letters."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in parts if not unicodedata.combining(char))


def count(text: str) -> int:
    """Return how many words there are; the signs of Markdown are none."""
    return sum(found.group(1) is not None for found in _WORD.finditer(text))
