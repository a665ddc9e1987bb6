"""The parts of a vault, put together, and the one kind of transaction that changes them.

Durable before acknowledged: blocks go to a pack, the pack is synced, and only then SQLite
commits (WAL, synchronous FULL). When anything fails on the way the parts are put together
anew from what the disk holds: a record that reached its pack counts, one that did not never
was, and no number of a writer's line is used twice.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from storage.blocks.disk import Disk, RealDisk
from storage.blocks.locator import Locator
from storage.blocks.packed import PackedBlocks
from storage.blocks.store import Kind, Thing
from storage.contents import Contents
from storage.crypto.link import Link, link_from
from storage.errors import AtollError, StoreUnusable
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.state import EntryFacts
from storage.facts.values import Fact, Value
from storage.identity.device import DeviceKeys, writer_of
from storage.index.catalog import Catalog
from storage.index.line import LOOSE
from storage.index.nodes import Nodes, Sealing
from storage.index.schema import VERSION, get_meta, make_tables, set_meta
from storage.index.sealed_db import (
    GuardedConnection,
    IndexDamaged,
    SqlError,
    open_guarded,
    set_aside,
)
from storage.kept import Kept
from storage.letgo import LetGo
from storage.members import Members, card_entry
from storage.ports import Clock, Entropy
from storage.records.aside import Aside
from storage.records.history import History
from storage.records.ledger import Ledger
from storage.records.record import INCARNATION_SIZE, Author

PACKS = "packs"
INDEX = "index.db"
_FROM_RECORDS = (
    "entry",
    "side",
    "revived",
    "leaf",
    "record",
    "touch",
    "gone",
    "waiting",
    "want",
    "version",
)
_FROM_PACKS = ("block", "pack", "auth", "aside")


class Core:
    """What a vault is made of. One thread owns it."""

    connection: GuardedConnection
    blocks: PackedBlocks
    catalog: Catalog
    nodes: Nodes
    ledger: Ledger
    aside: Aside
    contents: Contents
    members: Members
    history: History
    let_go: LetGo
    kept: Kept
    root: Link
    author_incarnation: bytes

    def __init__(
        self, folder: Path, space: bytes, device: DeviceKeys, clock: Clock, entropy: Entropy
    ) -> None:
        self.folder = folder
        self.space = space
        self.device = device
        self.clock = clock
        self.entropy = entropy
        self.seen = Seen()
        self.names: dict[Writer, str] = {}
        """What each writer's device is called, for the names of side versions."""
        self.broken = False
        self.lost: frozenset[bytes] = frozenset()
        """Blocks that were stored for a commit to come, when the disk failed."""
        self.replaced: list[tuple[Seen, frozenset[EntryId]]] = []
        """Each time that records gave way to others: what had been seen, and what it touched."""
        self.reshown: set[EntryId] = set()
        """What is shown elsewhere, or under another name, and no record said so. See Catalog."""
        self._cards: frozenset[EntryId] = frozenset()
        self._sealed_epoch = b""

    @property
    def index_path(self) -> Path:
        """Where the index lies."""
        return self.folder / INDEX

    @property
    def writer(self) -> Writer:
        """This device in this incarnation."""
        return writer_of(self.device.signing.public, self.author_incarnation)

    @property
    def sealing(self) -> Sealing:
        """Under what nodes and contents are sealed now."""
        epoch, secret = self.members.current_epoch()
        return Sealing(secret, epoch)

    def refresh_root(self) -> Link:
        """Reseal what changed, and return the root's link."""
        sealing = self.sealing
        if self.epoch_moved:
            self.nodes.mark_all()
            self._sealed_epoch = str(sealing.epoch).encode()
            set_meta(self.connection, "epoch", self._sealed_epoch)
        self.root = self.nodes.root(sealing, self.seen)
        set_meta(self.connection, "root", self.root.to_bytes())
        return self.root

    @property
    def epoch_moved(self) -> bool:
        """Whether the tree is still sealed under an earlier epoch than the present one."""
        if not self.members.has_keys:
            return False
        return str(self.members.current_epoch()[0]).encode() != self._sealed_epoch

    def author(self, proofs: tuple[bytes, ...]) -> Author:
        """Return who signs commits made here."""
        return Author(
            self.device.signing, self.device.did, self.author_incarnation, self.writer, proofs
        )

    def assemble(self) -> None:
        """Put the parts together from what the disk holds; an index that is no index is set aside.

        What packs hold and the index does not know waits in `blocks.adopted()`, in a
        transaction that is open: see storage.recovery.
        """
        try:
            self._connect()
        except IndexDamaged:
            self.set_index_aside()
            self._connect()
        self.broken = False

    def reassemble(self) -> None:
        """Close everything and put it together anew, after a failure."""
        self.lost |= self.blocks.unsaved
        damaged = self.connection.damaged
        self.close()
        if damaged:
            self.set_index_aside()
        self.assemble()

    def _connect(self) -> None:
        key = self.device.derive(f"index/{self.space.hex()}")
        self.connection = open_guarded(self.index_path, key)
        try:
            self._check_version()
            self.connection.execute("BEGIN IMMEDIATE")
            make_tables(self.connection)
            self._read_incarnation()
            self.blocks = PackedBlocks(self.disk(), Locator(self.connection))
            self._read_index()
        except AtollError:
            self.connection.close()
            raise

    def disk(self) -> Disk:
        """Return where the packs lie."""
        return RealDisk(self.folder / PACKS)

    def _check_version(self) -> None:
        found = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if found not in {0, VERSION}:
            raise IndexDamaged("an index of another version of the program")
        if not found:
            self.connection.execute(f"PRAGMA user_version = {VERSION}")

    def _read_index(self) -> None:
        self.catalog = Catalog(self.connection, self.device_name, self.reshown)
        self.nodes = Nodes(self.catalog)
        self.ledger = Ledger(self.connection)
        self.let_go = LetGo(self.connection)
        self.kept = Kept(self.connection)
        self.aside = Aside(self.connection, self.blocks)
        if hasattr(self, "contents"):
            self.contents.use(self.blocks)  # a change that was begun may still be using it
        else:
            self.contents = Contents(
                self.blocks,
                lambda: self.sealing.secret,
                lambda digest: self.let_go.holds(digest, older_only=True),
            )
        self.members = Members(self.space, self.device, self.connection, self.blocks)
        self.history = History(self.ledger, self.blocks, self.members.secret)
        self.seen = self.ledger.seen()
        root = get_meta(self.connection, "root")
        self.root = link_from(root) if root else Link(bytes(32), bytes(32))
        self._sealed_epoch = get_meta(self.connection, "epoch") or b""
        self.names = self._names_now()

    def _read_incarnation(self) -> None:
        """A new index is a new incarnation: its writer never used a number that is not in it.

        So is one that was copied here, or came back from a backup: the numbers after those in
        it may be used already.
        """
        found, lies = get_meta(self.connection, "incarnation"), self._lies()
        if found is None or get_meta(self.connection, "lies") != lies:
            self.begin_anew()
            set_meta(self.connection, "lies", lies)
            set_meta(self.connection, "space", self.space)
        else:
            self.author_incarnation = found

    def begin_anew(self) -> None:
        """Write in a new incarnation from now on: numbers of this one may be used elsewhere."""
        self.author_incarnation = self.entropy.take(INCARNATION_SIZE)
        set_meta(self.connection, "incarnation", self.author_incarnation)

    def _lies(self) -> bytes:
        """Return what a copy of the index does not share with it."""
        try:
            return f"{self.folder.stat().st_ino} {self.index_path.stat().st_ino}".encode()
        except OSError as error:
            raise StoreUnusable(f"cannot look at the index: {error.strerror}") from error

    def device_name(self, writer: bytes) -> str:
        """Return what a writer's device is called."""
        return self.names.get(Writer(writer)) or f"device {writer.hex()[:4]}"

    def follow_names(self, touched: Mapping[EntryId, EntryFacts], *, new_writers: bool) -> None:
        """Look again at what devices are called, if that may have changed."""
        if new_writers or not self._cards.isdisjoint(touched):
            self.name_writers()

    def name_writers(self) -> None:
        """Look again at what devices are called: versions side by side bear those names."""
        names = self._names_now()
        if names != self.names:
            self.names = names
            self.catalog.show_sides()

    def _names_now(self) -> dict[Writer, str]:
        cards = self.card_names()
        return {
            writer: name
            for writer, did in self.ledger.writers().items()
            if (name := cards.get(did)) is not None
        }

    def card_names(self) -> dict[str, str]:
        """Return the names that devices gave themselves in this space, by did:key."""
        entries = {did: card_entry(did) for did in self.ledger.writers().values()}
        self._cards = frozenset(entries.values())
        found: dict[str, str] = {}
        for did, entry in entries.items():
            fact = winner_of(self.catalog.facts(entry).get("fact:name", {}))
            if isinstance(fact, Fact) and isinstance(fact.value, str):
                found[did] = fact.value
        return found

    def keep_node(self, sealed: bytes) -> None:
        """Keep a node of the tree as a block."""
        self.blocks.add(Thing(Kind.BLOCK, sealed))

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Everything done inside becomes durable together, or nothing of it happened.

        Raises:
            StoreFull, StoreUnusable: it did not. The vault is whole, and can be used on.
        """
        if self.broken:
            raise StoreUnusable("this space needs to be opened again")
        try:
            if not self.connection.in_transaction:
                self.connection.execute("BEGIN IMMEDIATE")
            yield
            self.blocks.sync()
            self.connection.execute("COMMIT")
        except BaseException:
            self.broken = True
            with suppress(AtollError):
                self.connection.execute("ROLLBACK")
            raise

    def forget_records(self) -> None:
        """Empty the tables that records fill, to fill them anew from the packs."""
        for table in _FROM_RECORDS:
            self.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        self.catalog = Catalog(self.connection, self.device_name, self.reshown)
        self.nodes = Nodes(self.catalog)
        self.seen = Seen()
        self.catalog.dirty = {TOP: set(), LOOSE: set()}  # they are empty now
        self.refresh_root()

    def empty_lists(self) -> None:
        """Begin to make locator and index anew from the packs: what was told otherwise stays.

        All is in a transaction that is open; taking in what the packs hold ends it.
        """
        self.connection.execute("BEGIN IMMEDIATE")
        for table in (*_FROM_RECORDS, *_FROM_PACKS):
            self.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
        self.blocks.close()
        self.blocks = PackedBlocks(self.disk(), Locator(self.connection))
        self._read_index()
        self.seen = Seen()
        self.catalog.dirty = {TOP: set(), LOOSE: set()}  # they are empty now

    def set_index_aside(self) -> None:
        """Move the index away, so that it is built anew. Not deleted: it may be evidence."""
        set_aside(self.index_path)

    def close(self) -> None:
        """Let go of everything."""
        with suppress(AtollError, SqlError):
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
        with suppress(AtollError, SqlError):
            self.connection.close()
        self.blocks.close()


def winner_of(dots: Mapping[Dot, Value]) -> Value | None:
    """Return the value with the largest dot."""
    return dots[max(dots, key=lambda dot: dot.rank)] if dots else None
