"""Two texts that were begun apart, as one: all lines of both, in their orders. Pure.

One comes after the other. What both begin with in whole lines, a template say, stands once before
them, and what both end with once behind.
"""

from __future__ import annotations

from collections.abc import Sequence

Splice = tuple[int, int, str]
"""As in storage.facts.text: at, remove and insert, in UTF-16 units, one after the other."""


def joining(first: str, second: str) -> list[Splice]:
    """Return what makes two texts that stand one behind the other a text that says all once."""
    ours, theirs = first.splitlines(keepends=True), second.splitlines(keepends=True)
    keys, others = [_key(line) for line in ours], [_key(line) for line in theirs]
    head = _common(keys, others)
    if head == len(theirs):
        return [(_units(first), _units(second), "")] if second else []
    tail = _common(keys[head:][::-1], others[head:][::-1])
    kept = "".join(ours[: len(ours) - tail])
    splices = [(_units(first), _units("".join(theirs[:head])), "")]
    if tail:
        splices.append((_units(kept), _units(first) - _units(kept), ""))
    if kept and not kept.endswith(("\n", "\r")):
        splices.append((_units(kept), 0, "\n"))
    return [(at, remove, insert) for at, remove, insert in splices if remove or insert]


def _key(line: str) -> str:
    """Return what makes a line the same: not how it ends."""
    return line.rstrip()


def _common(ours: Sequence[str], theirs: Sequence[str]) -> int:
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(ours), len(theirs)))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
