"""Asking for blocks: what is missing is wanted under credit, many at a time, never one by one.

Nothing has to be remembered for going on after a break: what is missing is looked up anew.
A block is taken only if its hash was asked for, so a peer cannot put anything into a store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from storage.crypto.sealed import address
from sync.protocol import messages as say
from sync.protocol.bounds import LOW_WANTS, MAX_WANTS, MAX_WANTS_A_MESSAGE, STALL_AFTER
from sync.protocol.desk import DATA, Desk
from sync.protocol.events import BlocksCame, Lacking, MissingWanted
from sync.protocol.messages import Channel
from sync.protocol.pieces import Assembly

_REMEMBERED = 64


@dataclass(slots=True)
class _Request:
    """One WANT that is not wholly answered."""

    space: bytes
    left: int


class Fetch:
    """Our wants in one session."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._numbers: dict[bytes, int] = {}
        """Each space that may be looked at, to its line."""
        self._requests: dict[int, _Request] = {}
        self._asked: dict[bytes, int] = {}
        """Each address that is asked for, to its request."""
        self._storing: set[bytes] = set()
        self._lacking: defaultdict[bytes, set[bytes]] = defaultdict(set)
        self._looking: dict[bytes, int] = {}
        """Spaces whose MissingWanted is open, to how many were asked for."""
        self._again: set[bytes] = set()
        self._hungry: dict[bytes, None] = {}
        self._assemblies = {channel: Assembly() for channel in DATA}
        self._next = 1
        self._cancelled: dict[int, None] = {}
        self._progress_at = 0.0

    # -- looking -----------------------------------------------------------------------

    def outstanding(self, space: bytes) -> int:
        """Return how many blocks are asked for."""
        return sum(request.left for request in self._requests.values() if request.space == space)

    @property
    def deadline(self) -> float | None:
        """When `wake` may have something to do."""
        return self._progress_at + STALL_AFTER if self._asked else None

    # -- asking ------------------------------------------------------------------------

    def look(self, space: bytes, number: int) -> None:
        """Find out what is missing, and ask for it. `number` is our line."""
        self._numbers[space] = number
        if space in self._looking:
            self._again.add(space)
        elif len(self._asked) >= LOW_WANTS:
            self._hungry[space] = None
        else:
            self._hungry.pop(space, None)
            room = MAX_WANTS - len(self._asked)
            skip = self.outstanding(space) + len(self._lacking[space]) + len(self._storing)
            self._looking[space] = room + skip
            self._desk.tell(MissingWanted(space, room + skip))

    def lacking(self, space: bytes) -> AbstractSet[bytes]:
        """Return what they did not have, since their heads moved last."""
        return self._lacking.get(space, frozenset())

    def refresh(self, space: bytes) -> None:
        """Ask again even for what they did not have: their heads moved."""
        self._lacking.pop(space, None)

    def give_missing(self, space: bytes, digests: Sequence[bytes], now: float) -> None:
        """Answer MissingWanted."""
        limit = self._looking.pop(space, 0)
        self.want((space, self._numbers[space]), digests, Channel.BULK, now)
        if digests and len(digests) >= limit:
            self._hungry[space] = None
        if space in self._again:
            self._again.discard(space)
            self.look(space, self._numbers[space])

    def want(
        self, where: tuple[bytes, int], digests: Iterable[bytes], channel: Channel, now: float
    ) -> tuple[bytes, ...]:
        """Ask for blocks of a space (its key, our line); return those not asked for already."""
        space, number = where
        self._numbers[space] = number
        lacking = self._lacking[space]
        held = (self._asked, self._storing, lacking)
        fresh = [digest for digest in digests if not any(digest in those for those in held)]
        fresh = list(dict.fromkeys(fresh))[: max(0, MAX_WANTS - len(self._asked))]
        if fresh and not self._asked:
            self._progress_at = now
        for at in range(0, len(fresh), MAX_WANTS_A_MESSAGE):
            part = tuple(fresh[at : at + MAX_WANTS_A_MESSAGE])
            rid, self._next = self._next, self._next % (2**32 - 1) + 1
            self._requests[rid] = _Request(space, len(part))
            self._asked.update(dict.fromkeys(part, rid))
            self._desk.say(say.Want(channel, rid, number, part))
        return tuple(fresh)

    # -- the answers -------------------------------------------------------------------

    def hear_blocks(self, message: say.Blocks, size: int, now: float) -> None:
        """Take blocks."""
        self._desk.grants[message.channel].spend(size)
        self._take(message.channel, message.rid, message.blocks, size, now)

    def hear_piece(self, message: say.Piece, size: int, now: float) -> None:
        """Take a part of a long block."""
        self._desk.grants[message.channel].spend(size)
        self._progress_at = now
        data = self._assemblies[message.channel].add(message)
        if data is None:
            self._desk.give_back(message.channel, size)
        else:
            self._take(message.channel, message.ref, (data,), size, now)

    def hear_not_have(self, message: say.NotHave, now: float) -> None:
        """Learn what is not there."""
        gone = tuple(digest for digest in message.digests if self._asked.get(digest) == message.rid)
        if len(gone) < len(message.digests) and message.rid not in self._cancelled:
            self._desk.strike("word of blocks that were not asked for")
        if gone:
            space = self._requests[message.rid].space
            self._lacking[space].update(gone)
            self._settle(message.rid, gone, now)
            self._desk.tell(Lacking(space, gone))
            self._look_on(space)

    def took_blocks(self, came: BlocksCame) -> None:
        """Answer BlocksCame: they are safe."""
        self._storing.difference_update(came.digests)
        self._desk.give_back(came.channel, came.size)
        self._look_on(came.space)

    def wake(self, now: float) -> None:
        """Take back wants that nobody answers."""
        if not self._asked or now < self._progress_at + STALL_AFTER:
            return
        self._progress_at = now
        if self._storing:
            return  # it is we who are slow
        given_up: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for digest, rid in self._asked.items():
            given_up[self._requests[rid].space].append(digest)
        for rid in self._requests:
            self._desk.say(say.Cancel(rid))
            self._cancelled[rid] = None
        while len(self._cancelled) > _REMEMBERED:
            del self._cancelled[next(iter(self._cancelled))]
        self._asked.clear()
        self._requests.clear()
        for space, digests in given_up.items():
            self._lacking[space].update(digests)
            self._desk.tell(Lacking(space, tuple(digests)))

    def _take(
        self, channel: Channel, rid: int, blocks: tuple[bytes, ...], size: int, now: float
    ) -> None:
        good: dict[bytes, bytes] = {}
        for block in blocks:
            digest = address(block)
            if self._asked.get(digest) == rid:
                good[digest] = block
            elif rid not in self._cancelled:
                self._desk.strike("a block that was not asked for")
        if not good:
            self._desk.give_back(channel, size)
            return
        space = self._requests[rid].space
        digests = tuple(good)
        self._storing.update(digests)
        self._settle(rid, digests, now)
        self._desk.tell(BlocksCame(space, channel, digests, tuple(good.values()), size))
        self._look_on(space)

    def _settle(self, rid: int, digests: tuple[bytes, ...], now: float) -> None:
        """Strike out what was answered."""
        self._progress_at = now
        for digest in digests:
            del self._asked[digest]
        request = self._requests[rid]
        request.left -= len(digests)
        if not request.left:
            del self._requests[rid]

    def _look_on(self, space: bytes) -> None:
        """Look again when the line runs dry, or when a space seems to be done."""
        if len(self._asked) < LOW_WANTS:
            for hungry in tuple(self._hungry):
                self.look(hungry, self._numbers[hungry])
        if not self._storing and not self.outstanding(space):
            self.look(space, self._numbers[space])
