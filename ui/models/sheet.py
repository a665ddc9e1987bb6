"""A note's text as the widget can show it, unit for unit, and the way between the two.

A `QPlainTextEdit` turns CR LF into one line end and takes a few characters for line ends of
its own. Here the real text is kept as it is: CR LF is shown as a line end, the others as a
visible stand-in of the same length. Both texts are counted in UTF-16 units, so characters
beyond the first plane are kept as two surrogates while they are in here.
"""

from __future__ import annotations

import re

from ui.models.splices import Splice

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_STAND_INS = str.maketrans(
    {"\0": "␀", "\r": "␍", "\u2028": "␤", "\u2029": "¶", "\ufdd0": "␂", "\ufdd1": "␃"}
)
_SPECIAL = re.compile("[\0\r\u2028\u2029\ufdd0\ufdd1]")


def units(text: str) -> str:
    """Return text with one character for each UTF-16 unit."""
    if text.isascii():
        return text
    return _ASTRAL.sub(_pair, text)


def whole(text: str) -> str:
    """Return text with its surrogates joined again; a lonely one becomes a question mark."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _pair(match: re.Match[str]) -> str:
    code = ord(match[0]) - 0x10000
    return chr(0xD800 + (code >> 10)) + chr(0xDC00 + (code & 0x3FF))


def shown(real: str) -> str:
    """Return what the widget shows of a piece of text that is not cut inside a CR LF."""
    return real.replace("\r\n", "\n").translate(_STAND_INS) if _SPECIAL.search(real) else real


class Sheet:
    """The text of an open note, real and shown."""

    def __init__(self, text: str) -> None:
        self.real = units(text)
        self._crlf = "\r\n" in self.real

    @property
    def text(self) -> str:
        """The real text, as the app has it."""
        return whole(self.real)

    @property
    def shown(self) -> str:
        """The text for the widget."""
        return whole(shown(self.real))

    def typed(self, at: int, remove: int, insert: str) -> tuple[Splice, Splice | None]:
        """Take what was typed in the widget; return it as a splice of the real text.

        The second is what the widget has to do in turn, in the rare case that a lonely CR
        now stands before a line end and is one with it.
        """
        inserted = units(insert)
        start, end = self._real_at(at), self._real_at(at + remove)
        if self._crlf:
            inserted = inserted.replace("\n", "\r\n")
        self.real = self.real[:start] + inserted + self.real[end:]
        united = self.real[max(start - 1, 0) : start + 1] == "\r\n"
        self._crlf = self._crlf or united
        return (start, end - start, inserted), (at - 1, 1, "") if united else None

    def arrived(self, splice: Splice) -> Splice:
        """Take a splice of the real text; return it as one for the widget."""
        at, remove, text = splice
        insert = units(text)
        end = min(at + remove, len(self.real))
        start = at - 1 if at and self.real[at - 1] == "\r" else at
        stop = end + 1 if self.real[end : end + 1] == "\n" else end
        before = shown(self.real[start:stop])
        after = shown(self.real[start:at] + insert + self.real[end:stop])
        first = len(shown(self.real[:start])) if self._crlf else start
        self.real = self.real[:at] + insert + self.real[end:]
        self._crlf = self._crlf or "\r\n" in self.real
        return first, len(before), whole(after)

    def _real_at(self, at: int) -> int:
        """Return where a place of the widget is in the real text."""
        if not self._crlf:
            return at
        for found in re.finditer("\r\n", self.real):
            if found.start() >= at:
                break
            at += 1
        return at
