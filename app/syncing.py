"""What sync asks of a space, answered on the vault's own thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.guard import Guard
from app.opened import OpenSpace
from storage.blocks.store import Thing
from storage.errors import AtollError
from storage.facts.change import EntryId
from storage.facts.dots import Seen
from storage.vault import Vault
from sync.ports import UNTOLD, Accepted, Heads, Parcel


@dataclass(frozen=True, slots=True)
class Hears:
    """Who hears what peers did to a space."""

    came: Callable[[OpenSpace, frozenset[EntryId], frozenset[EntryId]], None]
    """Entries changed, or are complete now."""
    signed: Callable[[OpenSpace], None]
    """Others said anew what they hold."""
    joined: Callable[[OpenSpace], None]
    """Who may use the space changed."""


class SpaceReplica:
    """One space, as sync sees it."""

    def __init__(self, opened: OpenSpace, meeting_key: bytes, hears: Hears) -> None:
        self.opened = opened
        self._meeting_key = meeting_key
        self._came = hears.came
        self._signed = hears.signed
        self._joined = hears.joined

    @property
    def space(self) -> bytes:
        """The space's public key."""
        return self.opened.key

    @property
    def meeting_key(self) -> bytes:
        """What all who share the space know."""
        return self._meeting_key

    async def heads(self) -> Heads:
        """Return how the space stands here."""
        return await self.opened.run(lambda vault: _heads(vault, self.opened.guard.outward()))

    async def things_after(self, seen: Seen, auth: bytes, budget: int) -> Parcel:
        """Return what a peer lacks."""
        guard = self.opened.guard
        return await self.opened.run(
            lambda vault: vault.things_after(seen, auth, budget, guard.outward())
        )

    async def accept(self, things: Sequence[Thing], peer: str) -> Accepted:
        """Verify and keep what a peer sent."""
        del peer  # what counts is who signed, not who carried
        accepted, ready, people = await self.opened.run(
            lambda vault: _accept(vault, self.opened.guard, things)
        )
        self._came(self.opened, accepted.entries, ready)
        if people:
            self._joined(self.opened)
        return accepted

    async def missing(self, limit: int) -> Sequence[bytes]:
        """Return the addresses of content that is still to come."""
        return await self.opened.run(lambda vault: vault.missing(limit))

    async def get_blocks(self, digests: Sequence[bytes]) -> Sequence[bytes | None]:
        """Return blocks that a peer wants."""
        return await self.opened.run(lambda vault: vault.get_blocks(digests))

    async def put_blocks(self, blocks: Sequence[bytes]) -> frozenset[EntryId]:
        """Keep blocks that were wanted."""
        entries = await self.opened.run(lambda vault: _put(vault, self.opened.guard, blocks))
        self._came(self.opened, entries, entries)
        return entries

    async def receipt(self) -> Thing:
        """Return our signed word of what is held here."""
        return await self.opened.run(lambda vault: vault.receipt())

    async def take_receipts(self, things: Sequence[Thing]) -> None:
        """Take such words of others."""
        await self.opened.run(lambda vault: vault.accept(things))
        self._signed(self.opened)

    async def hear(self, did: str, heads: Heads) -> None:
        """Note how the space stands on another device, as that says itself.

        What it holds back it has seen all the same, and may give later: so then it says nothing.
        """
        if heads.root != UNTOLD:
            with suppress(AtollError):  # it is heard again, and a repair waits for that
                await self.opened.run(lambda vault: vault.hear(did, heads.seen))


def _accept(
    vault: Vault, guard: Guard, things: Sequence[Thing]
) -> tuple[Accepted, frozenset[EntryId], bool]:
    """Take things in; say which entries can be written out, and whether people are told of.

    Who came by an invite gets the keys from whoever may give them.
    """
    accepted = vault.accept(things)
    guard.judge()  # before any of it is written to the folder
    if accepted.others:
        vault.welcome()
    ready = accepted.entries - vault.lacking(accepted.entries)
    return accepted, ready, accepted.others > 0


def _put(vault: Vault, guard: Guard, blocks: Sequence[bytes]) -> frozenset[EntryId]:
    """Keep blocks; what some text became may be known only now."""
    entries = vault.put_blocks(blocks)
    guard.judge(blocks)
    return entries


def _heads(vault: Vault, outward: Seen | None) -> Heads:
    """Say how the space stands here; as it stood before, while a mass change is held."""
    complete = vault.is_complete()
    files, size = (0, 0) if complete else vault.to_come()  # of what is not kept nothing is
    seen, root = (vault.seen, vault.root.digest) if outward is None else (outward, UNTOLD)
    return Heads(seen, root, vault.auth, complete, files, size, vault.said())
