"""Whom to dial, where and when: a plain calculation, without network or clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from storage.ports import Entropy
from sync.protocol.backoff import Backoff
from sync.transport.stream import Address

POLITE = 1.0
"""Of two that see each other, the one with the larger DID waits so long, for the other to dial."""
MAX_ADDRESSES = 8
MAX_SIGHTINGS = 256


@dataclass(slots=True)
class _Wanted:
    """One device that we know and do not talk with."""

    backoff: Backoff
    at: float
    """When to dial next."""
    busy: bool = False
    sighted: dict[str, tuple[Address, ...]] = field(default_factory=dict[str, tuple[Address, ...]])
    """Where it is, by the service instance that said so."""


class Dialling:
    """Keeps the times and places of all known devices."""

    def __init__(self, ours: str, entropy: Entropy) -> None:
        self._ours = ours
        self._entropy = entropy
        self._wanted: dict[str, _Wanted] = {}

    def know(self, dids: Iterable[str], now: float) -> None:
        """These are the devices that we know; others are forgotten."""
        known = set(dids)
        for gone in self._wanted.keys() - known:
            del self._wanted[gone]
        for did in sorted(known - self._wanted.keys()):
            self._wanted[did] = _Wanted(Backoff(self._entropy), now)

    def sighted(self, did: str, instance: str, places: tuple[Address, ...], now: float) -> None:
        """A device is near."""
        wanted = self._wanted.get(did)
        if wanted is None or wanted.sighted.get(instance) == places:
            return
        wanted.sighted[instance] = places[:MAX_ADDRESSES]
        while len(wanted.sighted) > MAX_ADDRESSES:
            del wanted.sighted[next(iter(wanted.sighted))]
        wanted.backoff.reset()
        wanted.at = now if self._ours < did else now + POLITE

    def lost(self, instance: str) -> None:
        """A service is there no more."""
        for wanted in self._wanted.values():
            wanted.sighted.pop(instance, None)

    def places(self, did: str) -> tuple[Address, ...]:
        """Return where a device was seen, last first."""
        wanted = self._wanted.get(did)
        found = () if wanted is None else reversed(wanted.sighted.values())
        return tuple(dict.fromkeys(place for places in found for place in places))

    def due(self, now: float, talking: Iterable[str]) -> tuple[str, ...]:
        """Return whom to dial now; each is marked busy until `failed` or `ended`."""
        near = set(talking)
        chosen = [
            did
            for did, wanted in self._wanted.items()
            if did not in near and not wanted.busy and wanted.at <= now
        ]
        for did in chosen:
            self._wanted[did].busy = True
        return tuple(chosen)

    def deadline(self, talking: Iterable[str]) -> float | None:
        """Return when somebody is due."""
        near = set(talking)
        times = [w.at for did, w in self._wanted.items() if did not in near and not w.busy]
        return min(times, default=None)

    def failed(self, did: str, now: float) -> None:
        """Nobody answered, or it would not talk: wait longer each time."""
        if (wanted := self._wanted.get(did)) is not None:
            wanted.busy = False
            wanted.at = now + wanted.backoff.fail()

    def ended(self, did: str, now: float, *, well: bool) -> None:
        """A conversation with it is over."""
        if (wanted := self._wanted.get(did)) is None:
            return
        wanted.busy = False
        if well:
            wanted.backoff.reset()
        wanted.at = now + wanted.backoff.fail()

    def reset(self, now: float) -> None:
        """The network changed, or the machine woke: try everyone anew."""
        for wanted in self._wanted.values():
            wanted.backoff.reset()
            wanted.at = now
