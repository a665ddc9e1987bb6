"""Redeeming an invite at one of several places, until somebody there answers."""

from __future__ import annotations

from storage.blocks.store import Thing
from storage.errors import AtollError
from sync.errors import PeerRefused, PeerUnreachable
from sync.ports import InviteKey
from sync.talks import DOUBLE, Talk, Talks

_LONGEST = 5.0
_REDEEMED = "redeemed"


class Joining:
    """One invite of ours that is to be redeemed."""

    def __init__(self, talks: Talks, key: InviteKey) -> None:
        self.error: AtollError = PeerUnreachable("the one who gave this invite was not found")
        """What to tell when time is up."""
        self.pause = 0.5
        """How long to wait before the next round, if nobody new is seen."""
        self._talks = talks
        self._key = key

    @property
    def refused(self) -> bool:
        """Whether somebody was there last time, and would not talk."""
        return isinstance(self.error, PeerRefused)

    def failed(self, error: AtollError) -> None:
        """Nobody was at a place, or someone else."""
        self.error = error
        self.pause = min(_LONGEST, self.pause * 1.5)

    async def ask(self, talk: Talk) -> tuple[Thing, ...]:
        """Redeem it in a conversation that has begun."""
        await talk.met
        talk.session.redeem(self._key.id)
        talk.conversation.pump()
        try:
            return await talk.redeemed
        finally:
            if self._talks.near.get(talk.did) is not talk:
                # the space, once it is here, comes by the conversation that was open already
                talk.conversation.leave(DOUBLE if not talk.redeemed.done() else _REDEEMED)
