"""A space on this device: the only door to its facts, contents and history.

Synchronous; one thread owns it. `commit` is the only way to change a space, all or nothing,
durable before it returns; `accept` takes in what others changed. Opening after a kill at any
moment shows the last acknowledged state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self, TypeVar

from storage.access.invite import InviteSecret
from storage.access.roles import Role
from storage.blocks.store import Kind, Thing
from storage.changes import ChangeSet, split
from storage.checking import Checked, check
from storage.checking import Step as CheckStep
from storage.contents import seed_token
from storage.core import PACKS, Core
from storage.crypto.link import Link
from storage.errors import AtollError, NotFound, StoreUnusable
from storage.exchange import Accepted, Exchange, Parcel
from storage.facts.change import TOP, EntryId, Operation
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.node import Node, Tree
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.values import Content, Fact
from storage.facts.whole import View
from storage.identity.device import DeviceKeys
from storage.identity.did import did_of
from storage.index.fulltext import Found, FullText, Page
from storage.index.view import CatalogTree
from storage.members import Invited, Member, card_entry, space_of
from storage.ports import Clock, Entropy
from storage.records.history import after
from storage.records.ledger import Binned, Step
from storage.records.receipt import Receipt, read_receipt, write_receipt
from storage.records.record import Payload, Record, write_record
from storage.recovery import recover
from storage.tree.content import Source
from storage.tree.walk import read_tree
from storage.vaultlock import VaultLock

MAX_OPERATIONS = 3000
"""In one record; a longer change becomes several, in one transaction."""
MAX_INDEXED = 256 * 1024
"""Bytes of a text that are indexed for search."""
NONCE_SIZE = 16
_Made = TypeVar("_Made")


class Text:
    """A note's text as it stands, and a token that names this version of it."""

    __slots__ = ("base", "document", "text")

    def __init__(self, document: TextDocument) -> None:
        self.document = document
        self.text = document.text
        self.base = document.version()


class Vault:
    """A space on this device."""

    def __init__(self, core: Core, lock: VaultLock) -> None:
        self._core = core
        self._lock = lock
        self._exchange = Exchange(core)
        self._full_text = FullText(
            core.folder / "search.db", core.device.derive(f"search/{core.space.hex()}")
        )

    # ------------------------------------------------------------ opening

    @classmethod
    def create(
        cls, folder: Path, device: DeviceKeys, name: str, clock: Clock, entropy: Entropy
    ) -> Self:
        """Make a new space that this device owns, in a folder of its own.

        Raises:
            StoreLocked, StoreUnusable, StoreFull.
        """
        seed = entropy.take(32)
        vault = cls._begin(folder, space_of(seed), device, clock, entropy)
        core = vault._core
        with core.transaction():
            core.members.found(seed, entropy, int(clock.now()))
        change = vault.change()
        change.put_fact(TOP, "name", name)
        vault.commit(change, f"made “{name}”")
        return vault

    @classmethod
    def join(
        cls,
        folder: Path,
        device: DeviceKeys,
        things: Iterable[Thing],
        secret: InviteSecret,
        space: bytes,
        clock: Clock,
        entropy: Entropy,
    ) -> Self:
        """Enter a space with what its giver handed over for an invite.

        Raises:
            BadToken, NotAllowed, AccessExpired: they do not give what the invite promises.
        """
        vault = cls._begin(folder, space, device, clock, entropy)
        core = vault._core
        things = list(things)
        try:
            with core.transaction():
                for thing in things:
                    if thing.kind in {Kind.TOKEN, Kind.EPOCH, Kind.INVITE}:
                        core.members.take(thing, clock.now() if thing.kind == Kind.INVITE else None)
                core.members.redeem(secret, entropy)
                core.members.proofs_to(Role.VIEW, clock.now())
        except AtollError:
            vault.close()
            raise
        vault.accept([t for t in things if t.kind in {Kind.BLOCK, Kind.RECORD}])
        return vault

    @classmethod
    def open(cls, folder: Path, device: DeviceKeys, clock: Clock, entropy: Entropy) -> Self:
        """Open the space kept in a folder; what was saved before is there.

        Raises:
            StoreLocked: another process has it open.
            StoreUnusable: it is no space, or another device's.
        """
        if not (folder / PACKS).is_dir():
            raise StoreUnusable("no space is kept in this folder")
        lock = VaultLock(folder)
        try:
            core = Core(folder, lock.space(), device, clock, entropy)
            core.assemble()
            vault = cls(core, lock)
            vault._recover()
        except BaseException:
            lock.release()
            raise
        return vault

    @classmethod
    def _begin(
        cls, folder: Path, space: bytes, device: DeviceKeys, clock: Clock, entropy: Entropy
    ) -> Self:
        lock = VaultLock(folder, space)
        try:
            (folder / PACKS).mkdir(mode=0o700, exist_ok=True)
            core = Core(folder, space, device, clock, entropy)
            core.assemble()
            with core.transaction():
                pass
            return cls(core, lock)
        except BaseException:
            lock.release()
            raise

    def _recover(self) -> None:
        recover(self._core, self._exchange)
        if not self._core.members.delegations:
            raise StoreUnusable("this space holds no access for this device")

    def mend(self) -> None:
        """Put the parts together anew after a failure, from what the disk holds.

        Raises:
            StoreFull, StoreUnusable: it is not possible yet. What was saved is safe.
        """
        if self._core.broken:
            self._core.close()
            self._core.assemble()
            self._exchange = Exchange(self._core)
            self._recover()

    def close(self) -> None:
        """Let go of everything. What was committed is safe without it."""
        self._full_text.close()
        self._core.close()
        self._lock.release()

    # ------------------------------------------------------------ how things stand

    @property
    def space(self) -> bytes:
        """The space's public key, 32 bytes."""
        return self._core.space

    @property
    def name(self) -> str:
        """What the space is called."""
        dots = self.facts(TOP).get("fact:name", {})
        value = dots[max(dots, key=lambda dot: dot.rank)] if dots else None
        return str(value.value) if isinstance(value, Fact) else ""

    @property
    def meeting_key(self) -> bytes:
        """What all who share the space know, and nobody else."""
        return self._core.members.meeting_key

    @property
    def writer(self) -> Writer:
        """This device in its present incarnation."""
        return self._core.writer

    @property
    def seen(self) -> Seen:
        """How many commits of each writer are in."""
        return self._core.seen

    @property
    def root(self) -> Link:
        """The link that opens the present tree. Equal on all devices that have seen the same."""
        return self._core.root

    @property
    def auth(self) -> bytes:
        """A digest of all tokens, epochs and invitations held."""
        return self._core.members.auth

    def tree(self) -> Tree:
        """Return the folders and files of now."""
        return CatalogTree(self._core.connection, self._core.device_name)

    def facts(self, entry: EntryId) -> EntryFacts:
        """Return an entry's facts, empty when it is not there."""
        return self._core.catalog.facts(entry)

    def counts(self) -> tuple[int, int]:
        """Return how many files are shown, and their bytes."""
        row = self._core.connection.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM entry WHERE parent <> x'' AND kind <> 1"
        ).fetchone()
        return int(row[0]), int(row[1])

    # ------------------------------------------------------------ contents

    def store(self, source: Source) -> Content:
        """Keep bytes, sealed; durable with the commit that names them."""
        return self._core.contents.store(source)

    def read(self, node: Node) -> Iterator[bytes]:
        """Yield a file's bytes as they are now, edits and all; of a link, its target.

        Raises:
            BlockNotFound: some are not here.
            CorruptBlock: some are damaged.
        """
        if node.side_of is None:
            return self._core.contents.read(self.facts(node.id))
        original, dot = node.side_of
        return self._core.contents.read(self.facts(original), dot)

    def text(self, entry: EntryId) -> Text:
        """Return a note's text.

        Raises:
            DecodeError: the entry is no text.
            BlockNotFound: not all of it is here.
        """
        node = self.tree().get(entry)
        if node is not None and node.side_of is not None:
            original, dot = node.side_of
            return Text(self._core.contents.document(self.facts(original), dot))
        return Text(self._core.contents.document(self.facts(entry)))

    def base(self, node: Node) -> bytes:
        """Return `text(node.id).base`, without making a document where nobody edited."""
        if node.side_of is not None or not node.is_text:
            return b""
        row = self._core.connection.execute(
            "SELECT plain FROM entry WHERE id = ?", (node.id,)
        ).fetchone()
        if row is not None and row[0]:
            return seed_token(bytes(row[0]))
        return self._core.contents.base(self.facts(node.id))

    def is_here(self, node: Node) -> bool:
        """Say whether all bytes of a file are on this device."""
        entry = node.side_of[0] if node.side_of else node.id
        row = self._core.connection.execute(
            "SELECT 1 FROM want WHERE entry = ? LIMIT 1", (entry,)
        ).fetchone()
        return row is None

    # ------------------------------------------------------------ changing

    def may_edit(self) -> bool:
        """Say whether this device may change the space now."""
        member = self._core.members.role_of(self._core.device.did, self._core.clock.now())
        return member is not None and member.role >= Role.EDIT

    def change(self) -> ChangeSet:
        """Begin to collect a change."""
        return ChangeSet(self, self._core.contents, self._core.clock, self._core.entropy)

    def commit(self, change: ChangeSet, words: str) -> Record | None:
        """Make a change one record (several when it is very long), all or nothing.

        Returns:
            the last record, None when there was nothing to do.

        Raises:
            NotAllowed, AccessExpired: this device may not change the space.
            StoreFull, StoreUnusable: nothing happened; the vault was put together anew.
        """
        operations = change.operations
        if not operations:
            return None
        core = self._core
        proofs = core.members.proofs_to(Role.EDIT, core.clock.now())
        record: Record | None = None
        try:
            with core.transaction():
                for part in split(operations, MAX_OPERATIONS):
                    record = self._write(part, words[:200], proofs)
        except AtollError:
            self.mend()
            raise
        return record

    def _write(
        self, operations: Sequence[Operation], words: str, proofs: tuple[bytes, ...]
    ) -> Record:
        core = self._core
        author = core.author(proofs)
        dot = Dot(author.writer, core.seen.of(author.writer) + 1)
        before = core.seen
        epoch, secret = core.members.current_epoch()
        applied = core.catalog.apply(operations, dot, before)
        core.seen = before.with_dot(dot)
        root = core.refresh_root()
        payload = Payload(tuple(operations), before, root, words)
        written = write_record(
            author,
            did_of(core.space),
            payload,
            epoch=epoch,
            secret=secret,
            parents=core.ledger.heads(),
            blocks=core.contents.take_fresh(),
            nonce=core.entropy.take(NONCE_SIZE),
            at=int(core.clock.now()),
        )
        core.blocks.add(written.payload)
        core.blocks.add(written.token)
        pos = core.ledger.enter(written.record, written.token.digest, payload)
        core.ledger.note(pos, applied.facts, applied.gone)
        self._exchange.settle(applied.facts)
        return written.record

    # ------------------------------------------------------------ others

    def accept(self, things: Iterable[Thing]) -> Accepted:
        """Judge what a peer sent and take in what holds; durable on return.

        Raises:
            StoreFull, StoreUnusable: nothing was taken.
        """
        return self._whole(lambda: self._exchange.accept(things))

    def put_blocks(self, blocks: Iterable[bytes]) -> frozenset[EntryId]:
        """Keep content that was wanted; durable on return. Returns what is complete now."""
        return self._whole(lambda: self._exchange.put_blocks(blocks))

    def things_after(self, seen: Seen, auth: bytes, budget: int) -> Parcel:
        """Return what someone lacks who has seen that much, about budget bytes of it."""
        return self._exchange.things_after(seen, auth, budget)

    def get_blocks(self, digests: Sequence[bytes]) -> list[bytes | None]:
        """Return content blocks, None for what is not here."""
        return self._exchange.get_blocks(digests)

    def missing(self, limit: int) -> tuple[bytes, ...]:
        """Return addresses of content that is still to come."""
        return self._exchange.missing(limit)

    def missing_count(self) -> tuple[int, int]:
        """Return how many blocks are still to come, and about how many bytes."""
        return self._exchange.missing_count()

    def receipt(self) -> Thing:
        """Sign what this device holds now."""
        core = self._core
        complete = self._exchange.missing_count()[0] == 0
        return write_receipt(
            core.device.signing, core.space, core.seen, int(core.clock.now()), complete=complete
        )

    def receipts(self) -> dict[str, Receipt]:
        """Return the last receipt of every other device, by did:key."""
        rows = self._core.connection.execute("SELECT did, body FROM receipt").fetchall()
        return {str(did): read_receipt(bytes(body)) for did, body in rows}

    def receipt_things(self) -> list[Thing]:
        """Return the receipts of others, to hand on."""
        rows = self._core.connection.execute("SELECT body FROM receipt").fetchall()
        return [Thing(Kind.RECEIPT, bytes(row[0])) for row in rows]

    # ------------------------------------------------------------ access

    @property
    def access(self) -> Member | None:
        """What this device may do now."""
        return self._core.members.role_of(self._core.device.did, self._core.clock.now())

    def ended(self) -> int | None:
        """Return when this device's access ended, if it did."""
        return self._core.members.ended(self._core.device.did, self._core.clock.now())

    def members(self) -> tuple[Member, ...]:
        """Return every device that may use the space now."""
        return self._core.members.all(self._core.clock.now())

    def device_name(self, writer: Writer) -> str:
        """Return what the device behind a writer is called."""
        return self._core.device_name(writer)

    def device_names(self) -> dict[str, str]:
        """Return the names that devices gave themselves here, by did:key."""
        return self._core.card_names()

    def invite(self, role: Role, until: int | None) -> Invited:
        """Make an invite.

        Raises:
            NotAllowed, AccessExpired: this device may not invite.
        """
        core = self._core

        def make() -> Invited:
            with core.transaction():
                return core.members.invite(role, until, core.entropy, core.clock.now())

        core.members.proofs_to(Role.MANAGE, core.clock.now())
        return self._whole(make)

    def invite_things(self, invite_id: bytes) -> tuple[Thing, ...]:
        """Return what to hand to whoever redeems an invite.

        Raises:
            NotFound: no such invite.
            BadToken, AccessExpired, NotAllowed: it is not good any more.
        """
        core = self._core
        core.members.check_invite(invite_id, core.clock.now())
        return tuple(core.members.things())

    def introduce(self, name: str) -> None:
        """Put this device's card among the facts, if it may write and the card is not there."""
        did = self._core.device.did
        if self.may_edit() and self.device_names().get(did) != name:
            change = self.change()
            card = card_entry(did)
            change.put_fact(card, "name", name)
            change.put_fact(card, "did", did)
            self.commit(change, f"{name} is here")
            self._core.name_writers()

    def welcome(self) -> bool:
        """Wrap the keys to members who came by an invite; say whether there was anything to do."""
        core = self._core

        def wrap() -> bool:
            with core.transaction():
                return core.members.wrap_to_members(core.clock)

        return self._whole(wrap) if core.members.lacking_wraps(core.clock.now()) else False

    # ------------------------------------------------------------ time

    def history(self, entry: EntryId | None = None, limit: int = 200) -> list[Step]:
        """Return the records that touched an entry, or all; the last to come first."""
        return self._core.ledger.steps(entry, limit)

    def touched(self, step: Step) -> tuple[EntryId, ...]:
        """Return the entries that a record names."""
        return self._core.ledger.touched_by(step.pos)

    def step(self, beginning: bytes) -> Step:
        """Return the record whose id (the CID's digest) begins so. Raises NotFound."""
        return self._core.ledger.find(beginning)

    def at(self, record: bytes) -> Tree:
        """Return the folders and files as they were once a record (its CID) was made."""
        step = self._core.ledger.find(record[4:])
        return View(self._core.history.state_at(after(step)), self._core.device_name)

    def facts_at(self, entry: EntryId, step: Step) -> EntryFacts:
        """Return an entry's facts once that record was made, {} when it was not there."""
        return self._core.history.facts_at(entry, after(step))

    def facts_before(self, entry: EntryId, step: Step) -> EntryFacts:
        """Return an entry's facts as the writer of that record had found them."""
        return self._core.history.facts_at(entry, step.seen)

    def read_at(self, entry: EntryId, record: bytes) -> Iterator[bytes]:
        """Yield a file's bytes as they were once a record (its CID) was made.

        Raises:
            NotFound: it was not there then.
            BlockNotFound: that version is not all here.
        """
        facts = self.facts_at(entry, self._core.ledger.find(record[4:]))
        if not facts.get("content"):
            raise NotFound("it was not there then")
        return self._core.contents.read(facts)

    def bin(self) -> list[Binned]:
        """Return what was deleted, the last first."""
        return self._core.ledger.bin()

    def checkpoint(self) -> Link:
        """Store every node of the present tree, and return the link that opens all of it."""
        core = self._core

        def store() -> Link:
            with core.transaction():
                return core.nodes.write_all(
                    core.sealing, core.seen, lambda sealed: core.keep_node(sealed)
                )

        return self._whole(store)

    def open_link(self, link: Link) -> Tree:
        """Return the folders and files that a root's link stands for.

        Raises:
            BlockNotFound, CorruptBlock, DecodeError: its nodes are not here, or damaged.
        """
        return View(read_tree(link, self._core.blocks.get)[1], self._core.device_name)

    # ------------------------------------------------------------ care

    def search(self, words: str, limit: int = 50) -> list[Found]:
        """Return entries that hold all words. What is not indexed yet is not found."""
        return self._full_text.find(words, limit)

    def index_some(self, limit: int = 200) -> int:
        """Index some entries for search, and return how many are left."""
        connection = self._core.connection
        rows = connection.execute("SELECT entry FROM unread LIMIT ?", (limit,)).fetchall()
        entries = [EntryId(bytes(row[0])) for row in rows]
        if entries:
            self._full_text.put([self._page(entry) for entry in entries])
            with self._core.transaction():
                connection.executemany(
                    "DELETE FROM unread WHERE entry = ?", [(e,) for e in entries]
                )
        row = connection.execute("SELECT count(*) FROM unread").fetchone()
        return int(row[0])

    def _page(self, entry: EntryId) -> Page:
        node = self.tree().get(entry)
        if node is None:
            return Page(entry, "", None)
        try:
            body = b"".join(self.read(node)) if node.is_text else b""
        except AtollError:
            body = b""
        return Page(entry, node.name, body[:MAX_INDEXED].decode(errors="ignore"))

    def check(self, step: CheckStep = lambda _what, _done, _total: None) -> Checked:
        """Verify every block, record, right and file. Nothing is changed."""
        return check(self._core, step)

    def _whole(self, work: Callable[[], _Made]) -> _Made:
        """Do work that changes the store; when it fails, put the parts together anew."""
        try:
            return work()
        except AtollError:
            self.mend()
            raise
