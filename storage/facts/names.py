"""Names: what a folder may hold, and when two names would collide on some disk."""

from __future__ import annotations

import unicodedata

from storage.errors import DecodeError

MAX_NAME = 1024
"""Bytes of UTF-8; what a disk cannot hold is escaped only when written to it."""


def check_name(name: object) -> str:
    """Return name if an entry may bear it.

    Raises:
        DecodeError: empty, `.`, `..`, with a separator or NUL, too long, or no text.
    """
    if not isinstance(name, str) or not name or name in {".", ".."}:
        raise DecodeError("a name is missing")
    if "/" in name or "\0" in name or "\\" in name:
        raise DecodeError("a name with a separator")
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise DecodeError("a name that is no text") from error
    if size > MAX_NAME:
        raise DecodeError("a name that is too long")
    return name


def collision_key(name: str) -> str:
    """Return what two names share when some file system would take one for the other."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
