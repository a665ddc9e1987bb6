"""A space on this device: the only door to its facts, contents and history.

Synchronous; one thread owns it. `commit` is the only way to change a space, all or nothing,
durable before it returns; `accept` takes in what others changed. Opening after a kill at any
moment shows the last acknowledged state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from storage.access.invite import InviteSecret
from storage.access.roles import Role
from storage.blocks.store import Kind, Thing
from storage.bygone import Collecting, check_kept
from storage.care import Care
from storage.changes import ChangeSet
from storage.contents import seed_token
from storage.core import PACKS, Core
from storage.crypto.link import Link
from storage.errors import Overtaken, StoreUnusable
from storage.exchange import Accepted, Parcel
from storage.facts.change import TOP, EntryId, Operation
from storage.facts.dots import Dot, Seen, Writer
from storage.facts.node import Node
from storage.facts.text import TextDocument
from storage.facts.values import Content, Fact
from storage.finding import Finding
from storage.identity.device import DeviceKeys
from storage.identity.did import did_of
from storage.index.line import HIDDEN, Line, plain_content
from storage.lately import Lately
from storage.members import card_entry, space_of
from storage.partial import Partial
from storage.parts import split
from storage.past import Past
from storage.ports import Clock, Entropy
from storage.records.aside import GivenWay
from storage.records.record import Payload, Record, write_record
from storage.sharing import Sharing
from storage.surveying import Surveying
from storage.tree.chunker import Source
from storage.tree.rows import decode_own_row
from storage.vaultlock import VaultLock
from storage.wants import written_in

MAX_OPERATIONS = 3000
"""In one record; a longer change becomes several, in one transaction."""
MAX_SAID = 200
"""Characters of the words for the history."""
NONCE_SIZE = 16


class Text:
    """A note's text as it stands, and a token that names this version of it."""

    __slots__ = ("base", "document", "text")

    def __init__(self, document: TextDocument) -> None:
        self.document = document
        self.text = document.text
        self.base = document.version()


class Vault(Past, Lately, Finding, Sharing, Care, Partial, Collecting, Surveying):
    """A space on this device."""

    def __init__(self, core: Core, lock: VaultLock) -> None:
        super().__init__(core)
        self._lock = lock

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
        core = vault._core  # noqa: SLF001 - its own, under another name
        try:
            with core.transaction():
                core.members.found(seed, entropy, int(clock.now()))
            change = vault.change()
            change.put_fact(TOP, "name", name)
            vault.commit(change, f"made “{name}”")
        except BaseException:
            vault.close()
            raise
        return vault

    @classmethod
    def join(  # noqa: PLR0917 - keywords serve
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
        core = vault._core  # noqa: SLF001 - its own, under another name
        things = list(things)
        try:
            with core.transaction():
                for thing in things:
                    if thing.kind in {Kind.TOKEN, Kind.EPOCH, Kind.INVITE}:
                        core.members.take(thing)
                core.members.redeem(secret, entropy)
                core.members.check_invite(secret.id, clock.now())
                core.members.proofs_to(Role.VIEW, clock.now())
            vault.accept([t for t in things if t.kind in {Kind.BLOCK, Kind.RECORD}])
        except BaseException:
            vault.close()
            raise
        return vault

    @classmethod
    def open(cls, folder: Path, device: DeviceKeys, clock: Clock, entropy: Entropy) -> Self:
        """Open the space kept in a folder; what was saved before is there.

        Raises:
            StoreLocked: another process has it open.
            StoreUnusable: it is no space, or another device's.
        """
        _check_kept(folder)
        lock = VaultLock(folder)
        try:
            core = Core(folder, lock.space(), device, clock, entropy)
            core.assemble()
        except BaseException:
            lock.release()
            raise
        vault = cls(core, lock)
        try:
            vault._recover()
        except BaseException:
            vault.close()
            raise
        return vault

    @classmethod
    def _begin(
        cls, folder: Path, space: bytes, device: DeviceKeys, clock: Clock, entropy: Entropy
    ) -> Self:
        lock = VaultLock(folder, space)
        try:
            core = Core(folder, space, device, clock, entropy)
            core.assemble()
        except BaseException:
            lock.release()
            raise
        vault = cls(core, lock)
        try:
            with core.transaction():
                pass
        except BaseException:
            vault.close()
            raise
        return vault

    def close(self) -> None:
        """Let go of everything. What was committed is safe without it."""
        self._close_index()
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

    def counts(self) -> tuple[int, int]:
        """Return how many files are shown, and their bytes."""
        row = self._core.connection.execute(
            "SELECT count(*), total(size) FROM entry WHERE parent <> x'' AND kind <> 1"
        ).fetchone()
        return int(row[0]), int(row[1])

    # ------------------------------------------------------------ contents

    def store(self, source: Source) -> Content:
        """Keep bytes, sealed; durable with the commit that names them."""
        return self._ready().contents.store(source)

    def sealing_secret(self) -> bytes:
        """Return what contents are sealed under now, for who seals some beside."""
        return self._ready().contents.secret()

    def keep(self, blocks: Iterable[bytes]) -> None:
        """Keep blocks of a content that was sealed beside; durable as with `store`."""
        self._ready().contents.keep(blocks)

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
        plain = self._core.catalog.plain(node.id)
        if plain is not None:
            return seed_token(plain.digest)
        return self._core.contents.base(self.facts(node.id))

    def nodes(self, entries: Iterable[EntryId]) -> dict[EntryId, Node]:
        """Return the nodes of those entries that are shown, all at once."""
        return {entry: node for entry, (node, _) in self._shown(entries).items()}

    def nodes_and_bases(self, entries: Iterable[EntryId]) -> dict[EntryId, tuple[Node, bytes]]:
        """Return the node and the `base` of those entries that are shown, all at once."""
        found: dict[EntryId, tuple[Node, bytes]] = {}
        for entry, (node, line) in self._shown(entries).items():
            if line is None or not line.is_text:
                found[entry] = node, self.base(node)
            elif line.plain:
                found[entry] = node, seed_token(plain_content(line.plain).digest)
            else:
                found[entry] = node, self._core.contents.base(decode_own_row(line.facts))
        return found

    def _shown(self, entries: Iterable[EntryId]) -> dict[EntryId, tuple[Node, Line | None]]:
        """Return the node of each that is shown, with its row if it has one of its own."""
        core, wanted = self._ready(), list(entries)
        found: dict[EntryId, tuple[Node, Line | None]] = {
            line.id: (line.to_node(), line)
            for line in core.catalog.lines(wanted).values()
            if line.parent != HIDDEN
        }
        tree = self.tree()
        for entry in wanted:
            if entry not in found and (node := tree.get(entry)) is not None:
                found[entry] = node, None
        return found

    # ------------------------------------------------------------ changing

    def may_edit(self) -> bool:
        """Say whether this device may change the space now."""
        member = self._core.members.role_of(self._core.device.did, self._core.clock.now())
        return member is not None and member.role >= Role.EDIT

    def change(self) -> ChangeSet:
        """Begin to collect a change."""
        core = self._ready()
        return ChangeSet(self, core.contents, core.clock, core.entropy, core.seen)

    def commit(self, change: ChangeSet, words: str) -> Record | None:
        """Make a change one record, all or nothing.

        A very long one becomes several, one after the other: of those, a power cut before
        this returns may leave the first.

        Returns:
            the last record, None when there was nothing to do.

        Raises:
            NotAllowed, AccessExpired: this device may not change the space.
            Overtaken: what it changes was changed by others since it was begun.
            StoreFull, StoreUnusable: nothing happened; the vault was put together anew.
        """
        operations = change.operations
        if not operations:
            return None
        core = self._ready()
        proofs = core.members.proofs_to(Role.EDIT, core.clock.now())
        self._check_change(change)
        record: Record | None = None
        try:
            with core.transaction():
                for part in split(operations, MAX_OPERATIONS):
                    record = self._write(part, words, proofs)
        except Exception:
            self.mend()
            if record is not None and core.ledger.holds(record.cid):
                core.contents.landed(change.links())
                return record  # the index was in trouble, the record is safe
            raise
        core.contents.landed(change.links())
        for entry, document in change.documents.items():
            core.contents.remember(self.facts(entry), document)
            core.contents.pens.put_back(entry, change.pens.pop(entry, None), document.version())
        return record

    def _check_change(self, change: ChangeSet) -> None:
        """Refuse a change that would replace what nobody has seen, or name what was lost."""
        core = self._core
        if change.seen is not core.seen:
            touched = core.ledger.touched_since(change.seen, core.seen)
            for before, entries in core.replaced:  # numbers say nothing of another line's records
                touched |= entries if before.covers(change.seen) else set()
            if any(operation.entry in touched for operation in change.operations):
                raise Overtaken("it has changed meanwhile; make the change again")
        check_kept(core, change.operations)
        lost = core.lost.intersection(change.links()) if core.lost else ()
        if not all(map(core.blocks.has, lost)):
            raise StoreUnusable("what was to be saved got lost when the disk failed; save it again")

    def _write(
        self, operations: Sequence[Operation], words: str, proofs: tuple[bytes, ...]
    ) -> Record:
        core = self._core
        author = core.author(proofs)
        before = core.seen
        dot = Dot(author.writer, before.of(author.writer) + 1)
        parents = core.ledger.parents(dot)
        epoch, secret = core.members.current_epoch()
        applied = core.catalog.apply(operations, dot, before)
        core.seen = before.with_dot(dot)
        said = words[:MAX_SAID].encode(errors="replace").decode()
        payload = Payload(tuple(operations), before, core.refresh_root(), said)
        written = write_record(
            author,
            did_of(core.space),
            payload,
            epoch=epoch,
            secret=secret,
            parents=parents,
            blocks=core.contents.take_fresh(),
            nonce=core.entropy.take(NONCE_SIZE),
            at=int(core.clock.now()),
        )
        core.blocks.add(written.payload)
        core.blocks.add(written.token)
        pos = core.ledger.enter(written.record, written.token.digest, payload)
        core.ledger.note_applied(pos, applied)
        core.follow_names(applied.facts, new_writers=dot.n == 1)
        core.kept.use(written_in(operations), int(core.clock.now()))
        self._wants.note(applied.facts)
        return written.record

    def introduce(self, name: str) -> None:
        """Put this device's card among the facts, if it may write and the card is not there."""
        did = self._core.device.did
        if self.may_edit() and self.device_names().get(did) != name:
            change = self.change()
            card = card_entry(did)
            change.put_fact(card, "name", name)
            change.put_fact(card, "did", did)
            self.commit(change, f"{name} is here")

    # ------------------------------------------------------------ others

    def accept(self, things: Iterable[Thing]) -> Accepted:
        """Judge what a peer sent and take in what holds; durable on return.

        Raises:
            StoreFull, StoreUnusable: nothing was taken.
        """
        accepted = self._whole(lambda: self._intake.take(things))
        if not self._forks.is_due():
            return accepted
        before = self._core.seen
        touched = self._whole(self._forks.settle)
        self._core.replaced.append((before, touched))
        entries = accepted.entries | touched
        return replace(accepted, records=accepted.records + 1, entries=entries, gave_way=True)

    def gave_way(self) -> int:
        """Return how many records gave way to other lines ever: cheap, and it only grows."""
        return self._core.aside.count()

    def given_way(self) -> GivenWay:
        """Return what gave way to other lines ever."""
        return self._forks.given_way()

    def put_blocks(self, blocks: Iterable[bytes]) -> frozenset[EntryId]:
        """Keep content that was wanted; durable on return. Returns what is complete now."""
        return self._whole(lambda: self._wants.take(blocks))

    def things_after(
        self, seen: Seen, auth: bytes, budget: int, upto: Seen | None = None
    ) -> Parcel:
        """Return what someone lacks who has seen that much, about budget bytes, up to `upto`."""
        return self._exchange.things_after(seen, auth, budget, upto)

    def get_blocks(self, digests: Sequence[bytes]) -> list[bytes | None]:
        """Return content blocks, None for what is not here."""
        return self._exchange.get_blocks(digests)

    def missing(self, limit: int) -> tuple[bytes, ...]:
        """Return addresses of content that is still to come."""
        return self._wants.missing(limit)

    def missing_blocks(self) -> int:
        """Return how many blocks are still to come, as far as that is known yet."""
        return self._wants.blocks()

    def to_come(self) -> tuple[int, int]:
        """Return how many files are not whole here, and how many bytes of them are to come."""
        return self._wants.count()


def _check_kept(folder: Path) -> None:
    try:
        kept = (folder / PACKS).is_dir()
    except OSError as error:
        raise StoreUnusable(f"cannot look into the space: {error.strerror}") from error
    if not kept:
        raise StoreUnusable("no space is kept in this folder")
