"""Undoing a held batch: all that one device did in it is taken back, as one new commit.

That is what storage.undoing does between two moments, from the first record that harmed
something to the last: what the device deleted, replaced, renamed or moved is as it was, byte for
byte, what it added is in the bin, and what others did since stays.
"""

from __future__ import annotations

from app.guard_batch import Batch
from app.guard_rule import LEAD
from app.guard_values import PutBack
from storage.facts.change import EntryId
from storage.facts.dots import Seen
from storage.facts.values import EntryKind
from storage.restoring import Act, Deed, carry_out
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
    change = vault.change()
    carry_out(undoing.plan, change, vault.present(), undoing.then)
    instead = _put_instead(vault, batch) - {act.node.id for act in undoing.plan.acts}
    for entry in instead:
        change.remove(entry)
    files = [act for act in undoing.plan.acts if act.node.kind is not EntryKind.FOLDER]
    back = {act.node.id for act in files if not _is_away(act)}
    vault.commit(change, f"put back {len(back):,} items that {who} changed at once")
    away = len(instead) + sum(map(_is_away, files))
    told = PutBack(len(back), away, len(undoing.plan.absent), len(undoing.stays))
    return told, instead | {act.node.id for act in undoing.plan.acts}


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
