"""Names at the edge of the disk: what it cannot hold is escaped there, and only there.

The law: `from_disk(to_disk(name, ways), ways) == name`, but for names that are too long
for the disk, which keep their beginning, their ending and a mark; the mirror remembers
what they stand for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

from blake3 import blake3

from app.folder.port import Ways
from storage.facts.names import collision_key

MAX_DISK_NAME = 255
_MARK = 8
_CODE = "(?i:0[1-9a-f]|1[0-9a-f]|2[025ae]|3[acef]|4[13ce]|50|6[13ce]|7[0cf])"
"""Of what is ever escaped, and of nothing else: `50%off.txt` is no escape, on whatever disk."""
_WINDOWS_BAD = re.compile(r'[<>:"|?*\x00-\x1f\x7f]|%(?=' + _CODE + r")|[. ]\Z")
_ESCAPED = re.compile(f"%({_CODE})")
_RESERVED = re.compile(
    r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|\Z)", re.IGNORECASE
)


def to_disk(name: str, ways: Ways) -> str:
    """Return how a name is written on this disk."""
    if ways.windows_names:
        name = _WINDOWS_BAD.sub(_escape, name)
        if _RESERVED.match(name):
            name = f"%{ord(name[0]):02X}{name[1:]}"
    return _shortened(name, ways)


def from_disk(name: str, ways: Ways) -> str:
    """Return what a name on this disk stands for."""
    if not ways.windows_names:
        return name
    meant = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name)
    return name if meant in {".", ".."} else meant


def is_text(name: str) -> bool:
    """Say whether a name on disk is text at all: a disk may hold any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def disk_key(name: str, ways: Ways) -> str:
    """Return what two names share when this disk takes one for the other."""
    if ways.folds_case:
        return collision_key(name)
    return unicodedata.normalize("NFC", name)


def beside(name: str, device: str, taken: Container[str]) -> str:
    """Return the name of a second version next to name: "plan (from Mina's laptop).txt"."""
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    device = re.sub(r"[/\\\0]", "-", device)
    number = 1
    while True:
        word = f" (from {device})" if number == 1 else f" (from {device} {number})"
        candidate = f"{stem}{word}{dot}{ending}"
        if collision_key(candidate) not in taken:
            return candidate
        number += 1


def _escape(match: re.Match[str]) -> str:
    return f"%{ord(match[0]):02X}"


def _shortened(name: str, ways: Ways) -> str:
    """Return name, or its beginning with a mark where the disk takes no more."""
    if _length(name, ways) <= MAX_DISK_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or _length(ending, ways) > 16:  # noqa: PLR2004
        stem, dot, ending = name, "", ""
    tail = f"~{blake3(name.encode()).hexdigest()[:_MARK]}{dot}{ending}"
    while _length(stem + tail, ways) > MAX_DISK_NAME:
        stem = stem[:-1]
    return stem + tail


def _length(name: str, ways: Ways) -> int:
    return len(name.encode("utf-16-le")) // 2 if ways.windows_names else len(name.encode())
