"""Undoing a held batch: all that one device did in it is taken back, as one new commit.

That is what storage.undoing does between two moments, from the first record that harmed
something to the last: what the device deleted, replaced, renamed or moved is as it was, byte for
byte, what it added is in the bin, and what others did since stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from app.guard_batch import Batch
from app.guard_harm import Before
from app.guard_rule import LEAD
from app.guard_values import PutBack
from storage.facts.change import EntryId
from storage.facts.dots import Seen
from storage.facts.values import EntryKind
from storage.moment import Moment
from storage.restoring import Act, Deed, Plan, carry_out, plan
from storage.vault import Vault

EARLIER = 16
"""So many records before the first harm may have put something instead."""


def undo(vault: Vault, batch: Batch, who: str) -> tuple[PutBack, frozenset[EntryId]]:
    """Take back what a batch did. Return how much that was, and what is to be written anew.

    Raises:
        NotAllowed, AccessExpired: this device may not change the space.
        BlockNotFound: a version of before cannot be read.
        StoreFull, StoreUnusable: nothing was put back.
    """
    until = Seen()
    for step in batch.made.values():
        if step.pos <= batch.last:
            until = until.with_dot(step.dot)
    undoing = vault.undoing({batch.hold.did}, batch.hold.before, until)
    own = _own(vault, batch)
    plans = [(_without(undoing.plan, own), undoing.then), *_as_they_were(vault, own)]
    change, acts = vault.change(), list[Act]()
    for planned, then in plans:
        carry_out(planned, change, vault.present(), then)
        acts += planned.acts
    instead = _put_instead(vault, batch) - {act.node.id for act in acts}
    for entry in instead:
        change.remove(entry)
    files = [act for act in acts if act.node.kind is not EntryKind.FOLDER]
    back = {act.node.id for act in files if not _is_away(act)}
    vault.commit(change, f"put back {len(back):,} items that {who} changed at once")
    away = len(instead) + sum(map(_is_away, files))
    lacking = sum(len(planned.absent) for planned, _ in plans)
    told = PutBack(len(back), away, lacking, len(undoing.stays))
    return told, instead | {act.node.id for act in acts}


def _own(vault: Vault, batch: Batch) -> dict[EntryId, Before]:
    """Return what was added after the first harm and harmed later: it is nobody's to take away.

    The first may have been the person's own, some minutes before a bad program came.
    """
    looking = vault.looking_back()
    return {e: batch.files[e] for e in batch.harms if looking.first(e) in batch.made}


def _without(planned: Plan, own: Mapping[EntryId, Before]) -> Plan:
    """Return a plan that leaves alone what is put back besides, and the folders around that."""
    left = own.keys() | {was.folder for was in own.values()}
    return replace(planned, acts=tuple(act for act in planned.acts if act.node.id not in left))


def _as_they_were(vault: Vault, own: Mapping[EntryId, Before]) -> Iterator[tuple[Plan, Moment]]:
    """Yield how each becomes as it was just before it was harmed."""
    found: dict[Seen, set[EntryId]] = {}
    for entry, was in own.items():
        found.setdefault(was.seen, set()).add(entry)
    for seen, entries in found.items():
        then = vault.moment(seen)
        yield plan(vault.present(), then, entries), then


def _put_instead(vault: Vault, batch: Batch) -> frozenset[EntryId]:
    """Return what was put instead of harmed files shortly before the first of them was harmed."""
    before, looking = batch.hold.before, vault.looking_back()
    first = min(batch.made.values(), key=lambda step: step.pos)
    since = Seen(
        (w, max(0, before.of(w) - EARLIER) if w in before else n) for w, n in vault.seen.items()
    )
    found: set[EntryId] = set()
    for step in vault.records_after(since):
        if before.includes(step.dot) and 0 <= first.at - step.at <= LEAD:
            found.update(e for e in looking.did(step) if looking.steps(e)[0].pos == step.pos)
    nodes = vault.nodes(found).values()
    return frozenset(node.id for node in nodes if batch.stands_in(node.parent, node.name))


def _is_away(act: Act) -> bool:
    return act.deed is Deed.BINNED
