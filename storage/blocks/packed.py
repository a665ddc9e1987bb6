"""Things in packs: files that only grow, with a locator that says what lies where.

What is added waits in a buffer of about 1 MiB, then goes to the end of the newest pack.
`sync` makes it last: the pack first, then its name, and only then the rows in the locator,
which count once their owner commits. So the locator never names what could be lost, and a
pack may hold more than the locator knows: on opening, whole frames that lie further than
the locator has seen are adopted. With an empty locator this rebuilds all of it.

Records come last, once all else is synced: else a power cut could tear what a record
brought and leave the record, which counts when it is found.

Nothing is truncated or overwritten. A pack with a torn or damaged stretch keeps it and is
closed; writing goes on in a new one. A pack of which little counts any more is rewritten: what
counts is written once more at the end of the newest one and synced, the locator's rows follow
and their owner commits, and only then the old file goes. A pack too many never does harm: of
two copies the later counts. The number of a pack is never used again.

After a write or a sync has failed nothing more is written: what is then on the disk is known
again only after opening anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from storage.blocks.disk import Disk
from storage.blocks.frames import (
    FRAME_SIZE,
    HEADER_SIZE,
    PACK_HEADER,
    Frame,
    Gap,
    Head,
    head_of,
    read_head,
    walk,
)
from storage.blocks.locator import Locator, PackSize, PackUse, Spot
from storage.blocks.store import Kind, Thing, Walked, replaces, unheard
from storage.crypto.sealed import address
from storage.errors import BlockNotFound, CorruptBlock, StoreFull, StoreUnusable

PACK_SIZE: Final = 256 << 20
BUFFER_SIZE: Final = 1 << 20
_NAME: Final = re.compile(r"([0-9]{6,12})\.pack\Z")


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a pack that was found unreadable on opening.

    `digest` is the thing that lay there, if that can still be told.
    """

    pack: str
    start: int
    end: int
    digest: bytes | None
    is_torn: bool = field(default=False, compare=False)  # a frame that was begun and not ended


@dataclass(slots=True)
class _Pack:
    """The pack that is written to."""

    number: int
    size: int
    known: int
    """How much of it the locator knows."""

    @property
    def name(self) -> str:
        """Its file."""
        return _name(self.number)


class PackedBlocks:
    """A block store in one folder of packs. The vault's lock keeps others out."""

    def __init__(
        self,
        disk: Disk,
        locator: Locator,
        *,
        writable: bool = True,
        pack_size: int = PACK_SIZE,
        buffer_size: int = BUFFER_SIZE,
    ) -> None:
        """Open the packs. A writable store adopts what the locator does not know yet.

        Adopted rows wait in the connection's transaction: apply `adopted()`, then commit.
        """
        self._disk = disk
        self._locator = locator
        self._pack_size = pack_size
        self._buffer_size = buffer_size
        self._writable = writable
        self._failed: StoreFull | StoreUnusable | None = None
        self._buffered: dict[bytes, Thing] = {}
        self._waiting = 0
        self._unsynced: dict[bytes, Spot] = {}
        self._expected: dict[bytes, Spot] = {}
        """Where things lie that will be asked for. Nothing is written before they are."""
        self._pack: _Pack | None = None
        self._newest = 0
        self._damage: list[Damage] = []
        self._before = self._upto = locator.last()
        if writable:
            self._open()

    # ------------------------------------------------------------ reading

    def get(self, digest: bytes) -> bytes:
        """Return the bytes of a thing, proved by their address."""
        thing = self._buffered.get(digest)
        if thing is not None:
            return thing.data
        spot = self._spot(digest)
        data = self._disk.read(_name(spot.pack), spot.offset, spot.length)
        if address(data) != digest:
            raise CorruptBlock(digest, _where(spot))
        return data

    def expect(self, digests: Iterable[bytes]) -> None:
        """Find out at once where things lie that will be asked for."""
        self._expected = self._locator.find_some(list(digests))

    def has(self, digest: bytes) -> bool:
        """Say whether a thing is held."""
        return (
            digest in self._buffered
            or digest in self._unsynced
            or self._locator.find(digest) is not None
        )

    def kind_of(self, digest: bytes) -> Kind:
        """Return the kind of a thing held."""
        thing = self._buffered.get(digest)
        return Kind(self._spot(digest).kind) if thing is None else thing.kind

    def scan(self, kind: Kind | None = None) -> Iterator[Thing]:
        """Walk the things held when this began, in the order added."""
        self._leave_out_held()
        unsynced = list(self._unsynced.items())
        buffered = list(self._buffered.values())
        newer = self._unsynced.keys() | self._buffered.keys()
        rows = self._locator.walk(0, self._locator.last(), kind)
        yield from self._things(row for row in rows if row[0] not in newer)
        yield from self._things(row for row in unsynced if kind in {None, row[1].kind})
        yield from (thing for thing in buffered if kind in {None, thing.kind})

    def verify(self, walked: Walked = unheard) -> Iterator[tuple[bytes, str]]:
        """Walk what is damaged. A pack's own header is named with an empty digest.

        What `damage` named on opening is not held any more, so it is not named here.
        """
        packs, done = self._locator.packs(), 0
        total = sum(known.size for known in packs.values())
        for number, known in packs.items():
            name = _name(number)
            # What is wrong with a closed pack was said when it was closed.
            if not known.closed and self._try_read(name, 0, HEADER_SIZE) != PACK_HEADER:
                yield b"", f"{name} at 0"
        for digest, spot in self._locator.walk(0, self._locator.last(), None):
            head = Head(Kind(spot.kind), spot.length, digest)
            begin, size = spot.offset - FRAME_SIZE, FRAME_SIZE + spot.length
            done += size
            walked(done, total)
            frame = self._try_read(_name(spot.pack), begin, size)
            if read_head(frame) != head or address(frame[FRAME_SIZE:]) != digest:
                yield digest, _where(spot)

    def left_of(self, digest: bytes) -> bytes:
        """Return what lies where a thing is said to be, proved by nothing."""
        spot = self._spot(digest)
        return self._try_read(_name(spot.pack), spot.offset, spot.length)

    @property
    def locator(self) -> Locator:
        """Where each thing lies that is durable."""
        return self._locator

    @property
    def has_adopted(self) -> bool:
        """Whether opening found anything in the packs that was not in the locator."""
        return self._upto > self._before

    def adopted(self, kind: Kind | None = None) -> Iterator[Thing]:
        """Walk what opening found in the packs and not in the locator, in the order written."""
        yield from self._things(self._locator.walk(self._before, self._upto, kind))

    @property
    def failed(self) -> bool:
        """Whether the disk failed: then nothing more is written until it is opened anew."""
        return self._failed is not None

    @property
    def unsaved(self) -> frozenset[bytes]:
        """What was added and is not promised yet."""
        return frozenset(self._buffered.keys() | self._unsynced.keys())

    @property
    def damage(self) -> tuple[Damage, ...]:
        """What opening found unreadable, and no later copy made good."""
        held = self._locator.find
        return tuple(it for it in self._damage if it.digest is None or held(it.digest) is None)

    @property
    def was_rewritten(self) -> bool:
        """Whether packs went: then records may lie behind what builds on them."""
        numbers = self._locator.packs().keys()
        return max(numbers, default=0) != len(numbers)

    # ------------------------------------------------------------ writing

    def add(self, thing: Thing) -> bytes:
        """Keep a thing: readable at once, promised once `sync` returns."""
        self._check_writable()
        digest = thing.digest
        if digest in self._buffered or digest in self._unsynced:
            if not replaces(self.kind_of(digest), thing.kind):
                return digest
            self.forget(digest)
        self._buffered[digest] = thing
        self._waiting += _weight(thing)
        if self._waiting >= self._buffer_size:
            self._write_out(records=False)
        return digest

    def sync(self) -> None:
        """Make all that was added survive a power cut, once the locator's owner commits."""
        if self._buffered or self._unsynced:
            self._check_writable()
            self._write_out(records=False)
            if self._buffered and self._unsynced:
                self._sync_pack()
            self._write_out(records=True)
            self._make_last()

    def forget(self, digest: bytes) -> None:
        """Hold a thing no longer; its bytes stay where they are."""
        self._check_writable()
        thing = self._buffered.pop(digest, None)
        if thing is not None:
            self._waiting -= _weight(thing)
        self._unsynced.pop(digest, None)
        if self._locator.find(digest) is not None:
            self._locator.forget(digest)

    def remove(self, digests: Iterable[bytes]) -> None:
        """Hold content no longer; its bytes stay where they are until their pack is rewritten."""
        self._check_writable()
        gone = set(digests)
        for digest in gone & self.unsaved:
            if self.kind_of(digest) is Kind.BLOCK:
                self.forget(digest)
        self._locator.remove(gone)

    def close(self) -> None:
        """Let go of the disk."""
        self._disk.close()

    def _check_writable(self) -> None:
        self._expected = {}  # what is written may move things
        if isinstance(self._failed, StoreFull):
            raise StoreFull("the disk was full; open the store again to go on")
        if self._failed is not None:
            raise StoreUnusable("the disk failed; open the store again to go on")
        if not self._writable:
            raise StoreUnusable("the store is open for reading only")

    def _write_out(self, *, records: bool) -> None:
        """Move records, or all else, to the end of the newest pack, but for what is held."""
        self._leave_out_held()
        chosen = {d: it for d, it in self._buffered.items() if (it.kind is Kind.RECORD) is records}
        if not chosen:
            return
        if self._pack is not None and self._pack.size >= self._pack_size:
            self._make_last()
            self._pack = None
        pack = self._pack_to_write()
        self._unsynced |= self._append(pack, chosen)
        for digest, thing in chosen.items():
            del self._buffered[digest]
            self._waiting -= _weight(thing)

    def _pack_to_write(self) -> _Pack:
        if self._pack is None:
            self._pack = _Pack(self._newest + 1, 0, 0)
            self._newest += 1
        return self._pack

    def _append(self, pack: _Pack, things: Mapping[bytes, Thing]) -> dict[bytes, Spot]:
        """Write things at the end of a pack; return where they lie."""
        parts = [] if pack.size else [PACK_HEADER]
        at = pack.size or HEADER_SIZE
        spots: dict[bytes, Spot] = {}
        for digest, thing in things.items():
            parts += (head_of(thing), thing.data)
            at += FRAME_SIZE
            spots[digest] = Spot(pack.number, at, len(thing.data), int(thing.kind))
            at += len(thing.data)
        try:
            self._disk.append(pack.name, b"".join(parts))
        except (StoreFull, StoreUnusable) as error:
            self._failed = error
            raise
        pack.size = at
        return spots

    def _leave_out_held(self) -> None:
        """Ask the locator once for all that waits: asking for each would cost as much again."""
        if not self._buffered:
            return
        held = self._locator.find_some(list(self._buffered))
        for digest, spot in held.items():
            if not replaces(Kind(spot.kind), self._buffered[digest].kind):
                self._waiting -= _weight(self._buffered.pop(digest))

    def _make_last(self) -> None:
        """Sync the newest pack, then let the locator know. In this order only."""
        pack = self._pack
        if pack is None or not self._unsynced:
            return
        self._sync_known(pack)
        self._locator.put(self._unsynced.items())
        self._unsynced.clear()

    def _sync_known(self, pack: _Pack) -> None:
        """Sync the newest pack, and let the locator know how far it reaches."""
        if self._locator.size(pack.number) != pack.known:
            self._failed = StoreUnusable("the locator was rolled back; open the store again")
            raise self._failed
        self._sync_pack(name_too=not pack.known)
        self._locator.set_pack(pack.number, pack.size, closed=False)
        pack.known = pack.size

    def _sync_pack(self, *, name_too: bool = False) -> None:
        """Make what was written to the newest pack last. A second try would prove nothing."""
        assert self._pack is not None
        try:
            self._disk.sync(self._pack.name)
            if name_too:
                self._disk.sync_folder()
        except (StoreFull, StoreUnusable) as error:
            self._failed = error
            raise

    # ------------------------------------------------------------ rewriting

    def uses(self) -> list[PackUse]:
        """Return how much of each pack still counts. It reads all of the locator."""
        return self._locator.uses(FRAME_SIZE)

    def begin_rewriting(self, pack: int) -> list[tuple[bytes, int]]:
        """Return what counts in a pack, in its order, and the lengths; nothing is added to it."""
        self.sync()
        if self._pack is not None and self._pack.number == pack:
            self._pack = None
        return self._locator.within(pack)

    def write_again(self, pack: int, digests: Sequence[bytes]) -> int:
        """Write things of a pack once more, in the newest one, proved; return how many bytes.

        Raises:
            CorruptBlock: one is damaged. Its pack stays.
        """
        self._check_writable()
        self.sync()
        spots = self._locator.find_some(digests)
        there = [d for d in digests if d in spots and spots[d].pack == pack]
        things = {d: Thing(Kind(spots[d].kind), self.get(d)) for d in there}
        if not things:
            return 0
        if self._pack is not None and self._pack.size >= self._pack_size:
            self._pack = None
        newest = self._pack_to_write()
        moved = self._append(newest, things)
        self._sync_known(newest)
        for digest, spot in moved.items():
            self._locator.move(digest, spot)
        return sum(FRAME_SIZE + spot.length for spot in moved.values())

    def drop_pack(self, pack: int) -> bool:
        """Remove a pack in which nothing counts any more, once that was committed.

        Say whether it is gone. The newest one stays: its number must not be used again.
        """
        self._check_writable()
        if pack >= self._newest or pack not in self._locator.packs() or self._locator.within(pack):
            return False
        try:
            self._disk.remove(_name(pack))
            self._disk.sync_folder()
        except (StoreFull, StoreUnusable) as error:
            self._failed = error
            raise
        self._locator.drop_pack(pack)
        return True

    # ------------------------------------------------------------ opening

    def _open(self) -> None:
        """Bring packs and locator together, and choose the pack to go on with."""
        known = self._locator.packs()
        files = {
            int(match[1]): self._disk.size(match[0])
            for name in self._disk.names()
            if (match := _NAME.match(name)) and _name(int(match[1])) == name
        }
        self._newest = max([0, *known, *files])
        for number, (size, _closed) in known.items():
            self._give_up(number, size, files.get(number, 0))
        self._before = self._locator.last()
        for number, size in sorted(files.items()):
            before = known.get(number, PackSize(0, closed=False))
            if size > before.size:
                self._adopt(number, before, size)
        self._upto = self._locator.last()
        newest = self._locator.packs().get(self._newest)
        if newest is not None and not newest.closed and newest.size == files.get(self._newest):
            self._pack = _Pack(self._newest, newest.size, newest.size)

    def _give_up(self, number: int, known: int, size: int) -> None:
        """Forget what lay in a part of a pack that is gone."""
        if size >= known:
            return
        for digest, spot in self._locator.beyond(number, size):
            self._locator.forget(digest)
            end = spot.offset + spot.length
            self._damage.append(Damage(_name(number), spot.offset, end, digest))
        if size or number == self._newest:
            self._locator.set_pack(number, size, closed=True)
        else:
            self._locator.drop_pack(number)

    def _adopt(self, number: int, known: PackSize, size: int) -> None:
        name = _name(number)
        self._disk.settle(name)
        self._disk.sync_folder()
        start, whole = known.size, not known.closed
        if start < HEADER_SIZE:
            start = min(HEADER_SIZE, size)
            if self._disk.read(name, 0, HEADER_SIZE) != PACK_HEADER:
                start = 0  # it may be torn, or be missing with frames after it
        for found in walk(lambda at, length: self._disk.read(name, at, length), start, size):
            match found:
                case Frame(head, offset):
                    self._adopt_frame(head, Spot(number, offset, head.length, int(head.kind)))
                case Gap(begin, end, digest, is_torn):
                    whole = False
                    self._damage.append(Damage(name, begin, end, digest, is_torn))
        self._locator.set_pack(number, size, closed=not whole)

    def _adopt_frame(self, head: Head, spot: Spot) -> None:
        held = self._locator.find(head.digest)
        if held is None or replaces(Kind(held.kind), head.kind):
            self._locator.put([(head.digest, spot)])
        elif held.kind == spot.kind:
            # Written again because the copy before it was damaged.
            self._locator.move(head.digest, spot)

    def _spot(self, digest: bytes) -> Spot:
        spot = self._unsynced.get(digest) or self._expected.get(digest)
        spot = spot or self._locator.find(digest)
        if spot is None:
            raise BlockNotFound(digest)
        return spot

    def _try_read(self, name: str, at: int, size: int) -> bytes:
        try:
            return self._disk.read(name, at, size)
        except StoreUnusable:
            return b""  # a bad sector, or a pack that is gone: damage like any other

    def _things(self, rows: Iterator[tuple[bytes, Spot]]) -> Iterator[Thing]:
        """Walk the things of rows; `verify` names those that are damaged."""
        for digest, spot in rows:
            thing = Thing(
                Kind(spot.kind), self._disk.read(_name(spot.pack), spot.offset, spot.length)
            )
            if thing.digest == digest:
                yield thing


def _weight(thing: Thing) -> int:
    """Return how much sooner a thing lets the buffer be written out: records wait for the end."""
    return 0 if thing.kind is Kind.RECORD else FRAME_SIZE + len(thing.data)


def _name(number: int) -> str:
    return f"{number:06}.pack"


def _where(spot: Spot) -> str:
    return f"{_name(spot.pack)} at {spot.offset}"
