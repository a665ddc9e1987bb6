"""Taking back a batch: all that some devices did between two moments, in one new step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from app.accounts import Account
from app.errors import BadUsage
from app.moments_typed import Edge
from app.moments_understood import understood
from app.moments_values import Consent, Stays, Undone
from app.progress import Report, silent
from app.putting_back import carried_out, items, look_first, tell, undone_of
from app.spaces import Kept, Spaces
from app.views import device_by_end
from app.words import list_words
from storage.facts.change import EntryId
from storage.facts.dots import Seen, Writer
from storage.ports import Clock
from storage.undoing import Stays as Left
from storage.undoing import Undoing as Planned
from storage.vault import Vault

ME = {"me", "this device"}
SHORTEST_ID = 6
ALL = Consent()
"""To whatever it is."""
FORGOTTEN = ("something deleted since",)
_Done = tuple[Undone, frozenset[EntryId]]


class Undoing:
    """Undoes batches, by what a person typed or by what had been seen."""

    def __init__(self, account: Account, spaces: Spaces, clock: Clock) -> None:
        self._account = account
        self._spaces = spaces
        self._clock = clock

    async def undo(
        self, space: str, device: str, after: Seen, until: Seen, *, consent: Consent = ALL
    ) -> Undone:
        """Take back what a device (its did:key) did that `until` includes and `after` does not."""
        kept = self._spaces.get(space)

        def work(vault: Vault) -> _Done:
            planned = vault.undoing(frozenset({device}), after, until)
            return self._take_back(kept, planned, frozenset({device}), consent)

        answer, touched = await kept.opened.run(work)
        await tell(kept, touched)
        return answer

    async def undo_typed(
        self,
        space: str,
        who: Sequence[str],
        first: str,
        last: str,
        *,
        consent: Consent,
        report: Report = silent,
    ) -> Undone:
        """Do the same, as it was typed: the names of devices, and two moments."""
        kept = self._spaces.get(space)
        await look_first(kept, report)

        def work(vault: Vault) -> _Done:
            now = self._clock.now()
            one = understood(vault, first, now, Edge.FIRST)
            other = understood(vault, last, now)
            devices = self._devices(vault, who)
            planned = vault.undoing(devices, one.seen, other.seen)
            undone, touched = self._take_back(kept, planned, devices, consent)
            return replace(undone, moments=(one.info, other.info)), touched

        answer, touched = await kept.opened.run(work)
        await tell(kept, touched)
        return answer

    def _take_back(
        self, kept: Kept, planned: Planned, devices: frozenset[str], consent: Consent
    ) -> _Done:
        vault = kept.opened.vault
        names = tuple(sorted(_names(vault, devices)))
        words = f"took back what {list_words(names)} did to {items(planned.plan)}"
        record, touched = carried_out(kept, planned.plan, planned.then, consent, words)
        undone = undone_of(planned.plan, (), record)
        stays = tuple(_stays(vault, planned))
        return replace(undone, stays=stays, devices=names, steps=planned.steps), touched

    def _devices(self, vault: Vault, who: Sequence[str]) -> frozenset[str]:
        """Return the devices that were named, of all that ever wrote here.

        Raises:
            BadUsage: nobody is called so, or several are.
        """
        wrote = {self._account.did, *vault.writers().values()}
        called = vault.device_names()
        found: set[str] = set()
        for name in who:
            dids = {did for did in wrote if _is_called(did, called.get(did, ""), name)}
            if name.casefold() in ME:
                dids = {self._account.did}
            if not dids:
                known = list_words(sorted(set(_names(vault, wrote))))
                raise BadUsage(f"no device called {name!r} wrote here; those that did: {known}")
            if len(dids) > 1:
                ends = ", ".join(sorted(did[-SHORTEST_ID:] for did in dids))
                raise BadUsage(f"several devices are called {name!r}; name one by its end: {ends}")
            found |= dids
        return frozenset(found)


def _is_called(did: str, called: str, name: str) -> bool:
    by_end = len(name) >= SHORTEST_ID and did.endswith(name)
    return by_end or name in {did, device_by_end(did)} or called.casefold() == name.casefold() != ""


def _names(vault: Vault, devices: Iterable[str]) -> Iterator[str]:
    called = vault.device_names()
    return (called.get(did) or device_by_end(did) for did in devices)


def _stays(vault: Vault, planned: Planned) -> Iterator[Stays]:
    dids, called = vault.writers(), vault.device_names()
    paths = vault.paths([left.entry for left in planned.stays])
    gone = vault.gone([left.entry for left in planned.stays])
    for left in planned.stays:
        path = paths.get(left.entry) or gone.get(left.entry, (FORGOTTEN, False))[0]
        yield Stays(path, left.why.value, _by(left, dids, called))


def _by(left: Left, dids: dict[Writer, str], called: dict[str, str]) -> str:
    did = "" if left.by is None else dids.get(left.by.writer, "")
    return (called.get(did) or device_by_end(did)) if did else ""
