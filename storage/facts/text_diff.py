"""What another program changed in a text: the smallest splices that a person would see in it.

Words are what is compared; what stands between two words is compared once the words are known to
be the same. So whoever only indents, breaks lines anew, trims them or ends them otherwise has
changed no word, and what others typed in those words meanwhile stays where it was typed.

Pure, of the same outcome on every device, and quick: no step looks at all pairs of a long text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

Change = tuple[int, int, str]
"""At which character of the text before, how many of them go, and what comes in their place."""

_ALONE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Scripts that are written without spaces: each letter counts as a word."""
_WORD = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+|[^\w\s]")
_LENGTHS = (12, 4, 1)
"""Words in a row that occur once in both texts are the same words. Longer rows are surer."""
_FARTHEST = 1000
"""Characters that a change is moved at most, to where it begins with a line."""
_FEW_PAIRS = 60_000
"""Of so few words all may be compared with all."""

Range = tuple[int, int, int, int]
Pair = tuple[int, int]


def changes_between(before: str, after: str) -> list[Change]:
    """Return what makes one text the other, in the order of the text before."""
    head, tail = _equal_ends(before, after)
    before, after = before[head : len(before) - tail], after[head : len(after) - tail]
    return [(head + at, remove, insert) for at, remove, insert in _slid(before, after)]


def _slid(before: str, after: str) -> list[Change]:
    """Let what was only put in or taken out begin with a line where it may as well.

    Of "a, b" and "a, b, b" nobody knows which b is new; of lines it is the whole line. Else what
    others wrote at the end of a line that is gone would stand in the middle of the next one.
    """
    changes = _changes(before, after)
    low, found = 0, list[Change]()
    for number, (at, remove, insert) in enumerate(changes):
        high = changes[number + 1][0] if number + 1 < len(changes) else len(before)
        alone = bool(remove) != bool(insert)
        change = (at, remove, insert)
        found.append(_at_a_line(before, change, low, high) if alone else change)
        low = found[-1][0] + remove
    return found


def _at_a_line(before: str, change: Change, low: int, high: int) -> Change:
    at, remove, insert = change
    text, end = insert or before[at : at + remove], at + remove
    back = forth = 0
    least, most = max(low, at - _FARTHEST), min(high, end + _FARTHEST)
    while at - back > least and before[at - back - 1] == text[-1 - back % len(text)]:
        back += 1
    while end + forth < most and before[end + forth] == text[forth % len(text)]:
        forth += 1
    best = max(range(at - back, at + forth + 1), key=lambda to: (_fits(before, to), -abs(to - at)))
    turn = (best - at) % len(text)
    return best, remove, insert and insert[turn:] + insert[:turn]


def _fits(before: str, at: int) -> int:
    """Return how well a place is one at which something begins: a line, a word, or neither."""
    if at == 0 or before[at - 1] == "\n":
        return 2
    return int(before[at - 1].isspace())


def _equal_ends(before: str, after: str) -> tuple[int, int]:
    """Return how much both begin and end with, in whole lines: words are not to be cut."""
    head = before.rfind("\n", 0, common(before, after)) + 1
    rest, other = before[head:], after[head:]
    tail = common(rest[::-1], other[::-1])
    cut = rest.find("\n", len(rest) - tail) if tail else -1
    return head, len(rest) - cut - 1 if cut >= 0 else 0


def _changes(before: str, after: str) -> list[Change]:
    old = [match.span() for match in _WORD.finditer(before)]
    new = [match.span() for match in _WORD.finditer(after)]
    ours = [before[start:end] for start, end in old]
    theirs = [after[start:end] for start, end in new]
    found: list[Change] = []
    at = to = 0
    kept = _kept(_same(ours, theirs), len(old), len(new))
    for i, j in [*kept, (len(old), len(new))]:
        until, upto = (old[i][0], new[j][0]) if i < len(old) else (len(before), len(after))
        _note(found, before, (at, until), after[to:upto])
        if i < len(old):
            at, to = old[i][1], new[j][1]
    return found


def _note(found: list[Change], before: str, span: tuple[int, int], insert: str) -> None:
    """Add what makes a part of the text another, without what both begin and end with."""
    start, end = span
    removed = before[start:end]
    if removed == insert:
        return
    head = common(removed, insert)
    tail = common(removed[head:][::-1], insert[head:][::-1])
    found.append((start + head, len(removed) - head - tail, insert[head : len(insert) - tail]))


def common(a: str, b: str) -> int:
    """Return how many characters two texts begin with in common."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _same(ours: Sequence[str], theirs: Sequence[str]) -> list[Pair]:
    """Return which words are the same ones, both in rising order."""
    numbers: dict[str, int] = {}
    a = [numbers.setdefault(word, len(numbers)) for word in ours]
    b = [numbers.setdefault(word, len(numbers)) for word in theirs]
    found: list[Pair] = []
    todo: list[tuple[Range, int]] = [((0, len(a), 0, len(b)), 0)]
    while todo:
        (alo, ahi, blo, bhi), level = todo.pop()
        while alo < ahi and blo < bhi and a[alo] == b[blo]:
            found.append((alo, blo))
            alo, blo = alo + 1, blo + 1
        while alo < ahi and blo < bhi and a[ahi - 1] == b[bhi - 1]:
            ahi, bhi = ahi - 1, bhi - 1
            found.append((ahi, bhi))
        if alo == ahi or blo == bhi:
            continue
        if level == len(_LENGTHS):
            found += _all_compared(a, b, (alo, ahi, blo, bhi))
            continue
        anchors = _anchors(a, b, (alo, ahi, blo, bhi), _LENGTHS[level])
        found += anchors
        i, j = alo, blo
        for x, y in [*anchors, (ahi, bhi)]:
            todo.append(((i, x, j, y), level + 1))
            i, j = x + 1, y + 1
    return sorted(found)


def _anchors(a: Sequence[int], b: Sequence[int], within: Range, length: int) -> list[Pair]:
    """Return the words that begin rows which occur once in both, as many as keep their order."""
    alo, ahi, blo, bhi = within
    ours, theirs = _once(a, alo, ahi, length), _once(b, blo, bhi, length)
    pairs = [(at, theirs[row]) for row, at in ours.items() if row in theirs]
    return _rising(sorted(pairs))


def _once(words: Sequence[int], low: int, high: int, length: int) -> dict[tuple[int, ...], int]:
    seen: dict[tuple[int, ...], int] = {}
    for at in range(low, high - length + 1):
        row = tuple(words[at : at + length])
        seen[row] = -1 if row in seen else at
    return {row: at for row, at in seen.items() if at >= 0}


def _rising(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the most of these pairs, sorted by the first, whose second numbers rise too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, j) in enumerate(pairs):
        at = bisect_left(ends, j)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1] = [j]
        last[at : at + 1] = [number]
    found: list[Pair] = []
    number = last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _all_compared(a: Sequence[int], b: Sequence[int], within: Range) -> Iterator[Pair]:
    alo, ahi, blo, bhi = within
    if (ahi - alo) * (bhi - blo) > _FEW_PAIRS:
        return  # nothing in it is unmistakable: another text
    matcher = SequenceMatcher(None, a[alo:ahi], b[blo:bhi], autojunk=False)
    for i, j, size in matcher.get_matching_blocks():
        yield from ((alo + i + n, blo + j + n) for n in range(size))


def _kept(pairs: Sequence[Pair], ours: int, theirs: int) -> list[Pair]:
    """Leave out lone words that two other sentences happen to share: nobody kept those."""
    runs: list[list[Pair]] = []
    for pair in pairs:
        if runs and (pair[0] - 1, pair[1] - 1) == runs[-1][-1]:
            runs[-1].append(pair)
        else:
            runs.append([pair])
    kept: list[Pair] = []
    for number, run in enumerate(runs):
        (i, j), (x, y) = kept[-1] if kept else (-1, -1), run[0]
        earlier = max(x - i, y - j) - 1
        (i, j), (x, y) = run[-1], runs[number + 1][0] if number + 1 < len(runs) else (ours, theirs)
        later = max(x - i, y - j) - 1
        if len(run) >= min(earlier, later):
            kept += run
    return kept
