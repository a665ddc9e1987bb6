"""How much of each space this device keeps, as it is remembered: in the device's own state.

The vault remembers it too, but only in its index, which may be lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from app.errors import BadUsage
from app.keep_words import NAMES, OPENED
from app.keep_words import WHOLE as WHOLE_WORD
from app.loose import mapping_in, number_in, text_in
from app.state import DeviceState
from storage.index.sql import Row
from storage.keeping import WHOLE, Keep, Keeping
from storage.ports import Entropy
from storage.records.receipt import MARK_SIZE

_WORDS = {Keep.WHOLE: WHOLE_WORD, Keep.OPENED: OPENED, Keep.NAMES: NAMES}
_KEY = "keep/"
_KEEPS = {word: keep for keep, word in _WORDS.items()}
DEFAULT_BUDGET = 10_000_000_000
"""Bytes that stay where nobody said how many."""


def keep_word(keep: Keep) -> str:
    """Return the word for how much is kept."""
    return _WORDS[keep]


def keep_named(word: str) -> Keep:
    """Return what a word means.

    Raises:
        ValueError: it means nothing.
    """
    if word not in _KEEPS:
        raise ValueError(word)
    return _KEEPS[word]


def wished(before: Keeping, how: str | None, budget: int | None, entropy: Entropy) -> Keeping:
    """Return the setting that is asked for; what was not said stays.

    Raises:
        BadUsage: a budget is only for what was opened.
    """
    try:
        keep = before.how if how is None else keep_named(how)
    except ValueError as error:
        raise BadUsage("keep whole, opened or names") from error
    if budget is not None and keep is not Keep.OPENED:
        raise BadUsage("a budget is for `opened` only")
    if keep is Keep.WHOLE:
        return WHOLE
    mark = before.mark or entropy.take(MARK_SIZE)
    if keep is Keep.NAMES:
        return Keeping(keep, 0, mark)
    was = before.budget if before.how is Keep.OPENED else DEFAULT_BUDGET
    return Keeping(keep, was if budget is None else budget, mark)


def keeping_in(state: DeviceState, space: str) -> Keeping:
    """Return how much of a space is kept here. What cannot be read is taken for all of it."""
    raw = state.settings.get(_key(space))
    if raw is None:
        return WHOLE
    try:
        found = mapping_in(json.loads(raw))
        keep = keep_named(text_in(found.get("keep")))
        mark = bytes.fromhex(text_in(found.get("mark")))
        return Keeping(keep, number_in(found.get("budget")), mark)
    except ValueError:
        return WHOLE


async def remember_keeping(state: DeviceState, space: str, keeping: Keeping) -> None:
    """Remember how much of a space is kept here."""
    raw = {"keep": keep_word(keeping.how), "budget": keeping.budget, "mark": keeping.mark.hex()}
    await state.set(_key(space), json.dumps(raw))


def with_new_marks(settings: Iterable[Row], entropy: Entropy) -> list[Row]:
    """Return settings of before with marks that nobody has heard of yet.

    A device that was set back may have kept all since: what others signed for the old mark then
    says nothing of now, and they may have let go for our word.
    """
    found: list[Row] = []
    for row in settings:
        match row:
            case (str() as key, str() as raw) if key.startswith(_KEY):
                found.append((key, _with_new_mark(raw, entropy)))
            case _:
                found.append(row)
    return found


def _with_new_mark(raw: str, entropy: Entropy) -> str:
    try:
        setting = mapping_in(json.loads(raw))
    except ValueError:
        return raw  # whoever reads it takes it for all
    if setting.get("mark"):
        setting = {**setting, "mark": entropy.take(MARK_SIZE).hex()}
    return json.dumps(setting)


def _key(space: str) -> str:
    return f"{_KEY}{space}"
