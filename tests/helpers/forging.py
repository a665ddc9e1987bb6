"""Records as a member with bad intentions would make them: every part can be another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from storage.access.chain import Signatures
from storage.access.grants import best_grant
from storage.access.token import build_invocation
from storage.blocks.store import Kind, Thing
from storage.codec.cid import parse_cid
from storage.codec.dagcbor import encode
from storage.crypto.link import Link
from storage.crypto.primitives import SigningKey, aead_seal, hkdf
from storage.crypto.sealed import address
from storage.facts.change import TOP, EntryId, Operation, Put
from storage.facts.dots import Dot, Seen
from storage.facts.values import EntryKind, Place
from storage.facts.values import Kind as EntryIs
from storage.facts.wire import operations_to_cbor
from storage.identity.did import did_of
from storage.tree.compress import pack
from storage.vault import Vault
from tests.access import Dice
from tests.helpers.vaults import core_of


@dataclass(frozen=True, slots=True)
class Draft:
    """All that makes up a record."""

    key: SigningKey
    subject: str
    writer: bytes
    incarnation: bytes
    number: int
    epoch: int
    secret: bytes
    parents: tuple[bytes, ...]
    proofs: tuple[bytes, ...]
    operations: object
    seen: Seen
    root: Link
    at: int
    words: str = "forged"
    nonce: bytes = b"forged nonce 16."
    command: str = "/fs/write"
    claimed_size: int | None = None
    plain_size: int | None = None

    def things(self) -> tuple[Thing, Thing]:
        """Return the payload and the record."""
        plain = encode([1, self.operations, self.seen.to_cbor(), self.root.to_bytes(), self.words])
        size = len(plain) if self.plain_size is None else self.plain_size
        key = hkdf(self.secret, b"atoll/payload/1", salt=self.nonce)
        sealed = aead_seal(key, size.to_bytes(4, "big") + pack(plain), b"payload")
        args = {
            "o": address(sealed),
            "n": len(sealed) if self.claimed_size is None else self.claimed_size,
            "p": [parse_cid(parent) for parent in self.parents],
            "e": self.epoch,
            "s": self.number,
            "w": self.writer,
            "i": self.incarnation,
            "by": did_of(self.key.public),
            "k": list[object](),
        }
        invocation = build_invocation(
            self.key,
            subject=self.subject,
            command=self.command,
            args=args,
            proofs=self.proofs,
            nonce=self.nonce,
            issued_at=self.at,
        )
        return Thing(Kind.BLOCK, sealed), Thing(Kind.RECORD, invocation.data)


def draft(vault: Vault, operations: Iterable[Operation]) -> Draft:
    """Return the record that a vault would honestly make next, but for its root."""
    core = core_of(vault)
    epoch, secret = core.members.current_epoch()
    writer = core.writer
    number = core.seen.of(writer) + 1
    grant = best_grant(
        did_of(core.space),
        core.device.did,
        core.members.delegations,
        core.clock.now(),
        signatures=Signatures(),
    )
    return Draft(
        key=core.device.signing,
        subject=did_of(core.space),
        writer=writer,
        incarnation=core.author_incarnation,
        number=number,
        epoch=epoch,
        secret=secret,
        parents=core.ledger.heads(),
        proofs=() if grant is None else grant.proofs,
        operations=operations_to_cbor(operations),
        seen=core.seen,
        root=core.root,
        at=int(core.clock.now()),
    )


def a_folder(name: str) -> tuple[Operation, ...]:
    """Return the operations that make a folder."""
    entry = EntryId(Dice(name).take(16))
    return Put(entry, "kind", EntryIs(EntryKind.FOLDER)), Put(entry, "place", Place(TOP, name))


def true_root(vault: Vault, made: Draft, operations: Iterable[Operation]) -> Draft:
    """Return the draft with the root that its operations do make."""
    return replace(made, root=root_after(vault, tuple(operations)))


def root_after(vault: Vault, operations: tuple[Operation, ...]) -> Link:
    """Return the root that a vault would have after operations, without keeping them."""
    core = core_of(vault)
    dot = Dot(core.writer, core.seen.of(core.writer) + 1)
    core.connection.execute("BEGIN")
    seen, root = core.seen, core.root
    try:
        core.catalog.apply(operations, dot, core.seen)
        core.seen = core.seen.with_dot(dot)
        return core.refresh_root()
    finally:
        core.connection.execute("ROLLBACK")
        core.seen, core.root = seen, root
