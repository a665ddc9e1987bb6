"""Doing what a plan says, as far as somebody agreed to it: one new step, nothing erased."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from app.errors import FolderInUse, FolderUnavailable
from app.moments_values import Consent, Deed, MomentInfo, Undone
from app.progress import Report
from app.spaces import Kept
from app.words import count_words
from storage.codec.cid import token_digest
from storage.errors import Overtaken
from storage.facts.change import EntryId
from storage.facts.values import EntryKind
from storage.moment import Moment
from storage.restoring import Plan, carry_out


async def look_first(kept: Kept, report: Report) -> None:
    """Take in what changed in the plain folder until now, if it is there: it is put back too."""
    with suppress(FolderUnavailable, FolderInUse):
        await kept.in_step.look_to_the_end(report)


async def tell(kept: Kept, touched: frozenset[EntryId]) -> None:
    """Tell everyone what was put back, and write it to the plain folder."""
    if touched:
        await kept.in_step.committed_here(touched)


def carried_out(
    kept: Kept, planned: Plan, then: Moment, consent: Consent, words: str
) -> tuple[str, frozenset[EntryId]]:
    """Do what a plan says; return the new step, and what it touched. On the vault's thread.

    Raises:
        Overtaken: it is not what was agreed to.
        NotAllowed, AccessExpired: this device may not change the space.
    """
    if consent.only_plan or not planned.acts:
        return "", frozenset()
    if consent.token not in {"", planned.token.hex()}:
        raise Overtaken("something changed since this was looked at; look again")
    vault = kept.opened.vault
    with kept.opened.guard.meant():
        change = vault.change()
        carry_out(planned, change, vault.present(), then)
        touched = frozenset(operation.entry for operation in change.operations)
        record = vault.commit(change, words)
    return ("" if record is None else token_digest(record.cid).hex()), touched


def undone_of(planned: Plan, moments: Sequence[MomentInfo], record: str) -> Undone:
    """Return a plan as it is told."""
    deeds = tuple(
        Deed(act.deed.value, act.path, act.was, act.node.kind is EntryKind.FOLDER)
        for act in planned.acts
    )
    return Undone(tuple(moments), deeds, planned.absent, token=planned.token.hex(), record=record)


def items(planned: Plan) -> str:
    """Return how many things a plan is about."""
    return count_words(len({act.node.id for act in planned.acts}), "item")
