"""Which of very many names fit a few letters best, between two keys.

Every name is one bit of a large number. "Who has an e at the fifth place" is such a number, made
when first asked, and who has a whole word there are those of its letters, met. Scores are numbers
written across: one large number for each binary digit, so all names are added up and compared at
once. A key takes the same few thousand steps whether it fits no name or all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby, zip_longest

from ui.letters import bare

INSIDE = 100
"""How much worse a word is inside another one, in places."""
_PLACE = 2
"""Binary digits: one place further weighs as much as four letters more."""
_NO, _YES = b"01"

Digits = Sequence[int]
"""A number for every name: the lowest binary digit of all of them, then the next."""


def rank(words: str, text: str) -> int | None:
    """Return how well letters fit a text, less is better; None where they are not in it.

    All words must be in it; what begins a word is better than what is inside one.
    """
    low = bare(text)
    score = 0
    for word in bare(words).split():
        at = low.find(word)
        if at < 0:
            return None
        begins = at == 0 or not low[at - 1].isalnum()
        score += at + (0 if begins else INSIDE)
    return (score << _PLACE) + len(low)


class Ranking:
    """Ranks texts as `rank` does, the earlier one first where two fit as well."""

    def __init__(self, texts: Sequence[str]) -> None:
        lows = [bare(text) for text in texts]
        # The longest have the lowest bits: who has a letter far behind is then a small number.
        upward = sorted(range(len(lows)), key=lambda n: (len(lows[n]), n))
        self._texts = texts
        self._numbers = upward[::-1]
        self._all = (1 << len(lows)) - 1
        self._order = _digits(upward)
        self._lengths = _digits([len(lows[n]) for n in upward])
        self._columns = _columns([lows[n] for n in upward])
        gaps = {letter for letter in set("".join(lows)) if not letter.isalnum()}
        self._begins = [self._all, *(column.where(gaps) for column in self._columns)]

    def best(self, words: str, most: int) -> list[int]:
        """Return the numbers of the texts that fit best, the very best first."""
        fitting, scores = self._all, self._lengths
        for word in bare(words).split():
            having, places = self._find(word)
            fitting &= having
            scores = _sum(scores, [0] * _PLACE + places)
        numbers = [self._numbers[bit] for bit in _bits(_least(self._order, scores, fitting, most))]
        return sorted(numbers, key=partial(self._place, words))

    def _place(self, words: str, number: int) -> tuple[int, int]:
        return rank(words, self._texts[number]) or 0, number

    def _find(self, word: str) -> tuple[int, list[int]]:
        """Return who has a word, and how far behind it first stands in each."""
        left = self._all
        places = [0] * (len(self._columns) + INSIDE).bit_length()
        for at in range(len(self._columns) - len(word) + 1):
            here = left
            for column, letter in zip(self._columns[at:], word, strict=False):
                here &= here and column.having(letter)
            left ^= here
            begins = here & self._begins[at]
            _write(places, at, begins)
            _write(places, at + INSIDE, here ^ begins)
        return self._all ^ left, places


class _Column:
    """The letters of all names at one place, as bytes: what is lowest in each, and so on."""

    def __init__(self, letters: str) -> None:
        wide = letters.encode("utf-32-le", "surrogatepass")
        self._low, self._middle, self._high = (wide[n::4] for n in range(3))
        self._known: dict[str, int] = {}
        self._pages: dict[int, int] = {}

    def having(self, letter: str) -> int:
        """Return who has a letter here."""
        known = self._known.get(letter)
        if known is None:
            known = self._known[letter] = self.where(letter)
        return known

    def where(self, letters: Iterable[str]) -> int:
        """Return who has one of some letters here."""
        found = 0
        for page, codes in groupby(sorted(map(ord, letters)), lambda code: code >> 8):
            found |= self._page(page) & _marks(self._low, {code & 255 for code in codes})
        return found

    def _page(self, page: int) -> int:
        """Return who has one of 256 letters that follow each other here."""
        known = self._pages.get(page)
        if known is None:
            known = _marks(self._middle, {page & 255}) & _marks(self._high, {page >> 8})
            self._pages[page] = known
        return known


def _columns(lows: Sequence[str]) -> list[_Column]:
    """Return what stands at each place of names, the shortest first; the last one is bit 0."""
    by_length = [(length, "".join(some)) for length, some in groupby(lows, len)]
    return [
        _Column("".join(text[at::length] for length, text in by_length if length > at))
        for at in range(by_length[-1][0] if by_length else 0)
    ]


def _marks(column: bytes, wanted: set[int]) -> int:
    """Return which bytes are wanted, the last one as bit 0."""
    if not any(one in column for one in wanted):
        return 0
    return int(column.translate(bytes(_YES if n in wanted else _NO for n in range(256))), 2)


def _digits(numbers: Sequence[int]) -> list[int]:
    """Return numbers written across, the last one as bit 0."""
    size = (max(numbers, default=0).bit_length() + 7) // 8
    wide = b"".join(number.to_bytes(size, "little") for number in numbers)
    return [
        _marks(wide[n::size], {byte for byte in range(256) if byte >> digit & 1})
        for n in range(size)
        for digit in range(8)
    ]


def _write(digits: list[int], number: int, of: int) -> None:
    """Write one number for some names."""
    for n in range(number.bit_length() if of else 0):
        if number >> n & 1:
            digits[n] |= of


def _sum(left: Digits, right: Digits) -> list[int]:
    """Add for all names at once, as on paper."""
    total: list[int] = []
    carry = 0
    for one, other in zip_longest(left, right, fillvalue=0):
        total.append(one ^ other ^ carry)
        carry = one & other | carry & (one ^ other)
    return [*total, carry]


def _least(order: Digits, scores: Digits, among: int, most: int) -> int:
    """Return so many with the least scores; of equal ones, those that are earlier."""
    chosen = 0
    for digit in (*reversed(scores), *reversed(order)):
        lower = among & ~digit
        if lower.bit_count() >= most:
            among = lower
        else:
            chosen |= lower
            most -= lower.bit_count()
            among &= digit
    return chosen | among


def _bits(of: int) -> Iterable[int]:
    """Return which bits are set."""
    while of:
        bit = of.bit_length() - 1
        of ^= 1 << bit
        yield bit
