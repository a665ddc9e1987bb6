"""Packs and their locator through any mix of writing, power cuts, lost commits and rot."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from storage.blocks.frames import HEADER_SIZE
from storage.blocks.locator import Locator
from storage.blocks.packed import PackedBlocks
from storage.blocks.store import Kind, Thing
from storage.errors import BlockNotFound, CorruptBlock, StorageError, StoreFull, StoreUnusable
from tests.helpers.crashing_disk import CrashingDisk, PowerCut

datas = st.binary(max_size=200) | st.integers(0, 40).map(lambda n: bytes([n]) * n * 5)


def thing_of(data: bytes) -> Thing:
    """Make a thing whose kind follows from its bytes."""
    return Thing(Kind(1 + sum(data) % 6), data)


def store_over(disk: CrashingDisk, connection: sqlite3.Connection) -> PackedBlocks:
    """Open a store whose packs and buffer are so small that all edges are near."""
    return PackedBlocks(disk, Locator(connection), pack_size=400, buffer_size=300)


class PacksOutliveCrashes(RuleBasedStateMachine):
    """Compare the store with a plain dict of what was promised."""

    @initialize(seed=st.integers(0, 2**32))
    def begin(self, seed: int) -> None:
        """Begin with an empty disk and an empty database."""
        self.disk = CrashingDisk(seed)
        self.promised: dict[bytes, Thing] = {}
        self.added: dict[bytes, Thing] = {}
        self.moved: set[bytes] = set()
        self.gone: set[bytes] = set()
        """Removed, and not written anew since: an old locator or none may show them again."""
        self.connection = sqlite3.connect(":memory:")
        self.store = store_over(self.disk, self.connection)
        self.connection.commit()
        self.commits = [self.connection.serialize()]

    @rule(data=datas)
    def add(self, data: bytes) -> None:
        """What was added can be read at once, and is not promised yet."""
        thing = thing_of(data)
        if not self.store.has(thing.digest):
            self.gone.discard(thing.digest)
        assert self.store.add(thing) == thing.digest
        self.added.setdefault(thing.digest, thing)
        assert self.store.get(thing.digest) == data

    @rule()
    def save(self) -> None:
        """Once the commit after a sync returns, all that was added is promised."""
        self.store.sync()
        self.connection.commit()
        self.commits.append(self.connection.serialize())
        for thing in self.store.scan():
            if thing.digest not in self.gone:
                self.promised.setdefault(thing.digest, thing)

    @rule(data=st.data())
    def mend(self, data: st.DataObject) -> None:
        """Forgetting and adding again is how damage is repaired; the promise stands."""
        if self.promised:
            thing = data.draw(st.sampled_from(list(self.promised.values())))
            self.store.forget(thing.digest)
            assert not self.store.has(thing.digest)
            self.store.add(thing)
            self.moved.add(thing.digest)
            self.save()

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """What was removed is not promised; only an older locator, or none, brings it back."""
        content = [it for it in self.promised.values() if it.kind is Kind.BLOCK]
        if content:
            gone = data.draw(st.lists(st.sampled_from(content), max_size=5))
            self.store.remove([thing.digest for thing in gone])
            for thing in gone:
                assert not self.store.has(thing.digest)
                self.promised.pop(thing.digest, None)
                self.moved.add(thing.digest)
                self.gone.add(thing.digest)
            self.save()

    @rule(data=st.data(), steps=st.none() | st.integers(0, 8), lost=st.booleans())
    def rewrite(self, data: st.DataObject, *, steps: int | None, lost: bool) -> None:
        """A pack's things move to the newest; at whichever step it stops, none is lost."""
        packs = [use.number for use in self.store.uses()]
        if not packs:
            return
        pack = data.draw(st.sampled_from(packs))
        self.save()
        self.disk.steps_left = steps
        try:
            left = [digest for digest, _ in self.store.begin_rewriting(pack)]
            self.moved.update(left)
            while left:
                self.store.write_again(pack, left[:2])
                self.commit()
                left = left[2:]
            gone = self.store.drop_pack(pack)
            self.commit()
        except PowerCut:
            self.come_back(self.commits[-1], power_lost=lost)
        else:
            self.disk.steps_left = None
            assert gone == (pack not in {use.number for use in self.store.uses()})

    def commit(self) -> None:
        """Commit what the locator was told."""
        self.connection.commit()
        self.commits.append(self.connection.serialize())

    @rule(things=st.lists(datas, max_size=4), steps=st.integers(0, 6), lost=st.booleans())
    def stop_in_the_middle(self, *, things: list[bytes], steps: int, lost: bool) -> None:
        """Stop the machine or only the program at any step; the commit never came."""
        self.disk.steps_left = steps
        with suppress(PowerCut):
            for data in things:
                thing = thing_of(data)
                self.added.setdefault(thing.digest, thing)
                self.store.add(thing)
            self.store.sync()
        self.come_back(self.commits[-1], power_lost=lost)

    @rule(steps=st.integers(0, 6), full=st.booleans(), things=st.lists(datas, max_size=4))
    def fail_in_the_middle(self, *, steps: int, full: bool, things: list[bytes]) -> None:
        """After a failure nothing more is written, and what is held can still be read."""
        self.disk.steps_left = steps
        self.disk.error = StoreFull("full") if full else StoreUnusable("broken")
        try:
            for data in things:
                thing = thing_of(data)
                self.added.setdefault(thing.digest, thing)
                self.store.add(thing)
            self.store.sync()
        except (StoreFull, StoreUnusable) as error:
            self.disk.steps_left = None
            with pytest.raises(type(error)):
                self.store.add(Thing(Kind.BLOCK, b"never seen before"))
            self.every_promise_is_kept()
        self.connection.rollback()
        self.come_back(self.commits[-1], power_lost=False)

    @rule(back=st.integers(0, 5), lost=st.booleans())
    def restore_an_old_locator(self, *, back: int, lost: bool) -> None:
        """An index from a backup, or none at all, is caught up from the packs."""
        kept = self.commits[-back] if 0 < back <= len(self.commits) else None
        self.come_back(kept, power_lost=lost)

    def come_back(self, locator: bytes | None, *, power_lost: bool) -> None:
        """Start again with what is left."""
        self.connection.close()
        self.disk.restart(power_lost=power_lost)
        self.connection = sqlite3.connect(":memory:")
        if locator is not None:
            self.connection.deserialize(locator)
        known = self.known()
        self.store = store_over(self.disk, self.connection)
        adopted = [thing.digest for thing in self.store.adopted()]
        assert known & set(adopted) <= self.moved
        assert known | set(adopted) >= self.known() >= known - self.moved
        assert len(adopted) == len(set(adopted))
        self.connection.commit()
        self.commits.append(self.connection.serialize())

    def known(self) -> set[bytes]:
        """Return the digests in the locator."""
        with suppress(sqlite3.OperationalError):
            return {row[0] for row in self.connection.execute("SELECT digest FROM block")}
        return set()

    @invariant()
    def every_promise_is_kept(self) -> None:
        """Nothing promised is lost, nothing torn is returned, nothing is made up."""
        scanned = list(self.store.scan())
        assert {thing.digest for thing in scanned} >= self.promised.keys()
        for digest, thing in self.added.items():
            try:
                assert self.store.get(digest) == thing.data
                assert self.store.kind_of(digest) is thing.kind
            except BlockNotFound:
                assert digest not in self.promised
        for thing in scanned:
            assert self.added[thing.digest] == thing
        assert not list(self.store.verify())

    @invariant()
    def the_order_is_kept(self) -> None:
        """Promised things that never moved are scanned in the order promised."""
        still = [digest for digest in self.promised if digest not in self.moved]
        scanned = [thing.digest for thing in self.store.scan()]
        assert [digest for digest in scanned if digest in still] == still


TestPacksOutliveCrashes = PacksOutliveCrashes.TestCase


@given(st.lists(datas, min_size=1, max_size=12, unique=True), st.data())
def test_a_flipped_bit_anywhere_is_found_and_costs_one_thing(
    things: list[bytes], data: st.DataObject
) -> None:
    """With the locator and without it; all else stays readable."""
    disk = CrashingDisk()
    connection = sqlite3.connect(":memory:")
    store = store_over(disk, connection)
    written = sorted(map(thing_of, things), key=lambda thing: thing.kind is Kind.RECORD)
    digests = [store.add(thing) for thing in written]
    store.sync()
    name = data.draw(st.sampled_from(sorted(disk.files)))
    bit = data.draw(st.integers(0, 8 * disk.size(name) - 1))
    disk.flip(name, bit)
    damaged = [digest for digest, where in store.verify() if name in where]
    assert len(damaged) == 1
    assert (damaged == [b""]) == (bit < 8 * HEADER_SIZE)
    for digest, thing in zip(digests, written, strict=True):
        try:
            assert store.get(digest) == thing.data
        except CorruptBlock:
            assert digest in damaged
    again = store_over(disk, sqlite3.connect(":memory:"))
    assert [d.digest for d in again.adopted()] == [d for d in digests if d not in damaged]
    (gap,) = again.damage
    assert gap.pack == name
    assert gap.start <= bit // 8 < gap.end
    assert not [digest for digest, _where in again.verify() if digest]
    assert again.add(Thing(Kind.BLOCK, b"life goes on " * 20))
    again.sync()


@given(st.lists(datas, min_size=1, max_size=12, unique=True), st.integers(0, 2**32))
def test_a_lost_locator_is_rebuilt_equal(things: list[bytes], seed: int) -> None:
    """The index is a convenience: the packs are the truth."""
    disk = CrashingDisk(seed)
    first = sqlite3.connect(":memory:")
    store = store_over(disk, first)
    for content in things:
        store.add(thing_of(content))
        if disk.random.random() < 0.3:
            store.sync()
    store.sync()
    second = sqlite3.connect(":memory:")
    again = store_over(disk, second)
    assert list(again.adopted()) == list(store.scan())
    assert not again.damage
    for table in ("block", "pack"):
        query = f"SELECT * FROM {table} ORDER BY 1"  # noqa: S608  # one of two words
        assert first.execute(query).fetchall() == second.execute(query).fetchall()


@given(k=st.integers(0, 30), full=st.booleans())
def test_the_kth_call_fails(*, k: int, full: bool) -> None:
    """Whichever it is: one of our errors, and what was promised before is there after."""
    disk = CrashingDisk(k)
    connection = sqlite3.connect(":memory:")
    store = store_over(disk, connection)
    disk.steps_left = k
    disk.error = StoreFull("full") if full else StoreUnusable("broken")
    promised: list[Thing] = []
    with suppress(StorageError):
        for n in range(20):
            thing = Thing(Kind.RECORD, bytes([n]) * 150)
            store.add(thing)
            store.sync()
            connection.commit()
            promised.append(thing)
    connection.rollback()
    disk.restart(power_lost=True)
    again = store_over(disk, connection)
    assert list(again.scan())[: len(promised)] == promised
