"""Where a version is, in words: the delivery sentence, which window, tray and terminal share.

It says what is known and nothing else. Pure: the present moment is handed in.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.complaints import words_of
from app.guard_words import held_sentence
from app.keep_words import WHOLE
from app.values import Delivery, Holding, Reach
from app.words import DOT, FEW, ago, count_words, day_words, lasting, list_words, local, of_words
from storage.errors import AccessExpired


def delivery_sentence(
    delivery: Delivery, now: float | None = None, left: float | None = None
) -> str:
    """Return where a version is; the one sentence that window, tray and terminal share.

    With `now`, it says when a device that is waited for was last seen; with `left`, for
    how many seconds the sending will go on.
    """
    parts = [held_sentence(held) for held in delivery.held]
    parts += [_where(delivery, now, left), *_partial(delivery), *_forked(delivery.forked)]
    return DOT.join(parts)


def _where(delivery: Delivery, now: float | None, left: float | None) -> str:
    match delivery.reach:
        case Reach.ONLY_HERE:
            return "On this computer only"
        case Reach.PARTLY:
            return DOT.join([_kept_here(delivery), *_with(delivery), *_waiting(delivery, now)])
        case Reach.EVERYWHERE:
            return DOT.join([_stored(delivery), *_away(_others(delivery, complete=True), now)])
        case Reach.SENDING:
            parts = [_sending(delivery), *([] if left is None else [lasting(left)])]
            return DOT.join([*parts, *_waiting(delivery, now, but_near=True)])
        case Reach.HELD:
            return DOT.join([_kept_here(delivery), *_with(delivery)])
        case Reach.CANNOT:
            return _cannot(delivery)


def _stored(delivery: Delivery) -> str:
    """Say that all have it who keep all: the others do not count, for they may let go of it."""
    keepers = [it for it in delivery.holdings if it.keeps == WHOLE]
    number = count_words(_devices(delivery), "device")
    match keepers:
        case [only] if not only.device.is_this:
            return f"Stored on {only.device.name}"
        case _ if len(keepers) == len(delivery.holdings):
            return f"Stored on all {number}"
        case _:
            return f"Stored on all {number} that keep it"


def _kept_here(delivery: Delivery) -> str:
    partial = any(it.device.is_this and it.keeps != WHOLE for it in delivery.holdings)
    return "Not all of it is kept here" if partial else "Saved here"


def _partial(delivery: Delivery) -> list[str]:
    """Say who does not keep all."""
    words = {"opened": "what was opened", "names": "names only"}
    parts: list[str] = []
    for keeps, what in words.items():
        names = [it.device.name for it in delivery.holdings if it.keeps == keeps and not _this(it)]
        if names:
            keep = "keeps" if len(names) == 1 else "keep"
            parts.append(f"{list_words(names)} {keep} {what}")
        if any(it.keeps == keeps and _this(it) for it in delivery.holdings):
            parts.append(f"this computer keeps {what}")
    return parts


def _this(holding: Holding) -> bool:
    return holding.device.is_this


def reach_word(reach: Reach) -> str:
    """Return a reach alone, where nobody is named."""
    match reach:
        case Reach.ONLY_HERE:
            return "on this computer only"
        case Reach.PARTLY:
            return "on some devices"
        case Reach.EVERYWHERE:
            return "everywhere"
        case Reach.SENDING:
            return "sending"
        case Reach.HELD:
            return "held until you look"
        case Reach.CANNOT:
            return "not reaching others"


def _forked(names: Sequence[str]) -> list[str]:
    """Say of devices that wrote one thing twice over that this is being sorted out."""
    if not names:
        return []
    were = "was" if len(names) == 1 else "were"
    return [f"{list_words(names)} {were} copied or set back, which is being sorted out"]


def _with(delivery: Delivery) -> list[str]:
    having = [holding.device.name for holding in _others(delivery, complete=True)]
    return [f"with {list_words(having)}"] if having else []


def _waiting(delivery: Delivery, now: float | None, *, but_near: bool = False) -> list[str]:
    lacking = _others(delivery, complete=False)
    lost = [] if now is None else [it for it in lacking if it.device.away_since(now) is not None]
    soon = [it.device for it in lacking if it not in lost and not (but_near and it.device.near)]
    away = _away(lost, now)
    if not soon:
        return away
    words = f"waiting for {list_words([device.name for device in soon])}"
    seen = soon[0].last_seen
    if len(soon) > 1 or soon[0].near or now is None or seen is None:
        return [words, *away]
    return [f"{words}, last seen {ago(now - seen)}", *away]


def _away(holdings: Sequence[Holding], now: float | None) -> list[str]:
    """Say of whom nobody heard for long since when; it may be lost, and never come back."""
    if now is None:
        return []
    year = local(now).year
    gone = [
        (holding, since)
        for holding in holdings
        if (since := holding.device.away_since(now)) is not None
    ]
    parts = [
        f"{holding.device.name} has not been here since {day_words(since, year)}{_lacks(holding)}"
        for holding, since in gone[:FEW]
    ]
    if more := len(gone) - FEW if len(gone) > FEW else 0:
        have = "has" if more == 1 else "have"
        parts.append(f"{count_words(more, 'other')} {have} not been here for long")
    return parts


def _lacks(holding: Holding) -> str:
    """Say what a device may lack, to follow a clause; it may have more than it could tell us."""
    if holding.complete:
        return ""
    match holding.behind:
        case None:
            return ", may have nothing of it"
        case 0:
            return ", may lack some files"
        case 1:
            return ", may lack the last change"
        case behind:
            return f", may lack the last {behind:,} changes"


def _sending(delivery: Delivery) -> str:
    """Return 'Sending 3 of 12 files, 4.1 of 20 MB to Phone', as far as that is known."""
    amounts: list[str] = []
    if delivery.total_files == 1:
        amounts.append("1 file")
    elif delivery.total_files:
        amounts.append(f"{delivery.done_files:,} of {delivery.total_files:,} files")
    if delivery.total_bytes:
        amounts.append(of_words(delivery.done_bytes, delivery.total_bytes))
    near = [it.device.name for it in _others(delivery, complete=False) if it.device.near]
    words = f"Sending {', '.join(amounts)}".strip()
    return f"{words} to {list_words(near)}" if near else words


def _cannot(delivery: Delivery) -> str:
    if delivery.reason and not delivery.holdings:  # not even what is kept here is known
        why = words_of(delivery.reason).sentence.rstrip(".")
        ended = delivery.reason == AccessExpired.code
        return DOT.join([why, *(["what is changed here stays here"] if ended else [])])
    lacking = [holding.device.name for holding in _others(delivery, complete=False)]
    head = f"Not reaching {list_words(lacking)}" if lacking else "Not reaching anyone"
    if not delivery.reason:
        return head
    return f"{head}: {words_of(delivery.reason).sentence}"


def _others(delivery: Delivery, *, complete: bool) -> list[Holding]:
    return [
        holding
        for holding in delivery.holdings
        if holding.complete == complete and not holding.device.is_this and holding.keeps == WHOLE
    ]


def _devices(delivery: Delivery) -> int:
    """Return how many devices keep all of it: this one as well, though nobody be named."""
    partial = any(_this(it) and it.keeps != WHOLE for it in delivery.holdings)
    others = sum(not _this(it) and it.keeps == WHOLE for it in delivery.holdings)
    return others if partial else 1 + others
