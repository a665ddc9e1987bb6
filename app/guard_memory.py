"""What the guard of one folder must not forget: its settings, what is held, what was meant.

Kept in a small file of its own beside the vault, sealed, and durable before anything goes out.
It names devices and numbers of commits only; what they did is read from the history.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from app.guard_values import GuardSettings
from app.loose import list_in
from storage.codec.dagcbor import decode, encode
from storage.errors import DecodeError
from storage.facts.dots import Dot, Seen, Writer, seen_from_cbor

_FORM = 1
MAX_MEANT = 256


@dataclass(frozen=True, slots=True)
class Hold:
    """A batch that is held."""

    did: str
    """Who made it."""
    before: Seen
    """How many commits of that device's writers came before it."""
    out: bool
    """It was made here: nothing of it, and nothing that follows, is sent."""
    sent: Seen
    """With `out`: how many commits of this device's writers may be sent."""
    since: int
    known: Seen = field(default_factory=Seen)
    """How many commits there were when it began to be held: what was made later is not guarded."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """All that is kept."""

    settings: GuardSettings = field(default_factory=GuardSettings)
    holds: tuple[Hold, ...] = ()
    meant: tuple[Dot, ...] = ()
    """Commits that a person made through Atoll to put things right: they count for nothing."""
    settled: Seen = field(default_factory=Seen)
    """What was let through: it is not judged again after a restart."""

    def meaning(self, *dots: Dot) -> Remembered:
        """Return this with more commits that count for nothing, the last ones of all."""
        return replace(self, meant=(*self.meant, *dots)[-MAX_MEANT:])


class Kept(Protocol):
    """Where bytes are kept; a SealedFile is one."""

    def load(self) -> bytes | None:
        """Return what was saved last, None when nothing was."""
        ...

    def save(self, plain: bytes) -> None:
        """Keep these bytes instead, durably."""
        ...


class GuardMemory:
    """Remembers, in a file."""

    def __init__(self, file: Kept) -> None:
        self._file = file
        raw = file.load()
        try:
            self.now = Remembered() if raw is None else _read(decode(raw))
        except (DecodeError, ValueError, TypeError):
            self.now = Remembered()  # of another version: what is held is found again

    def put(self, remembered: Remembered) -> None:
        """Remember this from now on; at once here, and durably when it returns.

        Raises:
            StoreFull, StoreUnusable: it may be forgotten with the next start.
        """
        self.now = remembered
        self._file.save(encode(_written(self.now)))


def _written(it: Remembered) -> object:
    settings = [it.settings.on, it.settings.files, it.settings.percent]
    holds = [
        [h.did, h.before.to_cbor(), h.out, h.sent.to_cbor(), h.since, h.known.to_cbor()]
        for h in it.holds
    ]
    meant = [[dot.writer, dot.n] for dot in it.meant]
    return [_FORM, settings, holds, meant, it.settled.to_cbor()]


def _read(raw: object) -> Remembered:
    form, settings, holds, meant, settled = list_in(raw)
    if form != _FORM:
        raise DecodeError("written by another version")
    on, files, percent = list_in(settings)
    return Remembered(
        GuardSettings(bool(on), _number(files), _number(percent)),
        tuple(_hold(hold) for hold in list_in(holds)),
        tuple(_dot(dot) for dot in list_in(meant)),
        seen_from_cbor(settled),
    )


def _hold(raw: object) -> Hold:
    did, before, out, sent, since, *known = list_in(raw)
    return Hold(
        str(did),
        seen_from_cbor(before),
        bool(out),
        seen_from_cbor(sent),
        _number(since),
        seen_from_cbor(known[0]) if known else Seen(),  # of an earlier version
    )


def _dot(raw: object) -> Dot:
    writer, n = list_in(raw)
    if not isinstance(writer, bytes):
        raise DecodeError("a dot of no writer")
    return Dot(Writer(writer), _number(n))


def _number(raw: object) -> int:
    if not isinstance(raw, int):
        raise DecodeError("no number")
    return raw
