"""Who holds what: the one source of the delivery sentence.

That something is held is said by signed receipts alone; how far the sending is, by what those
near say of themselves. Pure: it is given what the vault says at one moment, and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from app.guard_values import HeldCount
from app.keep_setting import keep_word
from app.keep_words import WHOLE
from app.refusals import DECLINED
from app.sending import Way, together
from app.values import Delivery, DeviceInfo, Holding, Reach
from storage.errors import AccessExpired
from storage.facts.change import EntryId
from storage.facts.dots import Dot, Seen
from storage.keeping import Keep


@dataclass(frozen=True, slots=True)
class Held:
    """What a device has signed for."""

    seen: Seen
    complete: bool
    """All content that these commits name is stored there too, written to a folder or not."""
    keeps: Keep = Keep.WHOLE
    """What it keeps. Who does not keep all may let go of anything at any time."""
    lacks: AbstractSet[EntryId] | None = None
    """The entries with a commit that it has not signed for, and the folders around them; None
    where nobody asked for them. One dot of an entry says nothing of the others."""

    def holds(self, what: Dot | EntryId | None, all_seen: Seen) -> bool:
        """Say whether it holds a commit, an entry as it is now, or (None) everything."""
        if not self.complete:
            return False
        if what is None:
            return self.seen.covers(all_seen)
        if isinstance(what, Dot):
            return self.seen.includes(what)
        return self.lacks is not None and what not in self.lacks


@dataclass(frozen=True, slots=True)
class Standing:
    """How a space stands, taken at one moment on the vault's thread."""

    seen: Seen
    complete: bool
    """All content is on this device."""
    this: str
    """The DID of this device."""
    members: tuple[str, ...]
    """The DIDs of all devices that may use the space now, this one too."""
    receipts: Mapping[str, Held]
    ended: bool = False
    """This device had access, and has none any more."""
    keeps: Keep = Keep.WHOLE
    """What this device keeps."""
    held: tuple[HeldCount, ...] = ()
    """Mass changes that nobody let through yet."""

    @property
    def pauses(self) -> bool:
        """Nothing that is committed here is sent."""
        return any(held.is_this for held in self.held)


def reach_of(
    standing: Standing, what: Dot | EntryId | None, *, here: bool, near: frozenset[str]
) -> Reach:
    """Say where something is; `here` says whether this device holds it all.

    Only those that keep all count: the others may let go of it at any time.
    """
    if standing.ended:
        return Reach.CANNOT
    others = [did for did in standing.members if did != standing.this]
    if not others:
        return Reach.ONLY_HERE
    keepers = [did for did in others if keeps_of(standing, did) is Keep.WHOLE]
    lacking = [did for did in keepers if not _holds(standing, did, what)]
    if not lacking:
        is_kept = here or standing.keeps is not Keep.WHOLE
        return Reach.EVERYWHERE if keepers and is_kept else Reach.PARTLY
    if standing.pauses:
        return Reach.HELD
    return Reach.SENDING if any(did in near for did in lacking) else Reach.PARTLY


def keeps_of(standing: Standing, did: str) -> Keep:
    """Return what a device keeps, as it signed; all, as long as it did not say otherwise."""
    if did == standing.this:
        return standing.keeps
    held = standing.receipts.get(did)
    return Keep.WHOLE if held is None else held.keeps


def delivery_of(
    standing: Standing,
    what: Dot | EntryId | None,
    devices: Mapping[str, DeviceInfo],
    ways: Mapping[str, Way],
    *,
    here: bool,
    declining: AbstractSet[str] = frozenset(),
) -> Delivery:
    """Say who holds something, or (None) all of the space; `ways` is of all of it.

    Those `declining` do not take something that is here, so nothing is on its way to them.
    Whoever's access ended hears of nothing any more: what it heard before says little of now.
    """
    if standing.ended:
        return Delivery(Reach.CANNOT, (), reason=AccessExpired.code)
    near = frozenset(did for did, device in devices.items() if device.near) - declining
    holdings = tuple(
        Holding(
            devices[did],
            complete=here if did == standing.this else _holds(standing, did, what),
            behind=_behind(standing, did),
            keeps=keep_word(keeps_of(standing, did)),
        )
        for did in standing.members
        if did in devices
    )
    reach = reach_of(standing, what, here=here, near=near)
    waited = [it for it in holdings if not it.complete and it.keeps == WHOLE]
    if reach is Reach.PARTLY and any(it.device.did in declining for it in waited):
        return Delivery(Reach.CANNOT, holdings, reason=DECLINED)
    if reach is not Reach.SENDING:
        return Delivery(reach, holdings, held=_named(standing.held, devices))
    lacking = [it.device.did for it in waited if it.device.did in near]
    way = together(ways[did] for did in lacking if did in ways)
    return Delivery(
        reach,
        holdings,
        done_bytes=way.done_bytes,
        total_bytes=way.bytes,
        done_files=way.done_files,
        total_files=way.files,
        held=_named(standing.held, devices),
    )


def _named(held: Iterable[HeldCount], devices: Mapping[str, DeviceInfo]) -> tuple[HeldCount, ...]:
    """Return what is held with the names of the devices that did it."""
    names = {did: device.name for did, device in devices.items()}
    return tuple(replace(it, device=names.get(it.did, "")) for it in held)


def is_safe_elsewhere(delivery: Delivery, now: float) -> bool:
    """Say whether all others that keep all hold it, one at least that was here not long ago."""
    others = (
        holding.device
        for holding in delivery.holdings
        if not holding.device.is_this and holding.keeps == WHOLE
    )
    return delivery.reach is Reach.EVERYWHERE and any(it.met_of_late(now) for it in others)


def unsure(delivery: Delivery) -> Delivery:
    """Return what may still be said of it while something new may be on its way in here."""
    reach = Reach.PARTLY if delivery.reach is Reach.EVERYWHERE else delivery.reach
    holdings = (replace(holding, complete=False) for holding in delivery.holdings)
    return Delivery(reach, tuple(holdings), reason=delivery.reason, held=delivery.held)


def _behind(standing: Standing, did: str) -> int | None:
    """Return how many commits a device has not signed for; None: it never signed for any."""
    held = standing.receipts.get(did)
    if did == standing.this or held is None:
        return 0 if did == standing.this else None
    return sum(max(0, n - held.seen.of(writer)) for writer, n in standing.seen.items())


def _holds(standing: Standing, did: str, what: Dot | EntryId | None) -> bool:
    held = standing.receipts.get(did)
    return held is not None and held.holds(what, standing.seen)
