"""Records: signed commits of one writer, as UCAN 1.0 invocations of `/fs/write`.

    args = {o: BLAKE3 of the sealed payload, n: its length, p: [CIDs built on], e: epoch,
            s: the dot's number, w: writer (8 B), i: incarnation (16 B), by: person,
            k: [addresses of new blocks]}
    payload = seal([1, operations, seen before, root link after, words])

The payload is compressed (u32 size, then as storage.tree.compress says), then sealed by
AES-256-GCM under HKDF(epoch secret, salt = the invocation's nonce, "atoll/payload/1"):
a key for one plaintext only. `iat` is what the writer's clock said, a remark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from storage.access.command import WRITE
from storage.access.token import Invocation, build_invocation, parse_invocation
from storage.blocks.store import Kind, Thing
from storage.codec.cid import parse_cid
from storage.codec.dagcbor import decode, encode_checked
from storage.codec.fields import Fields
from storage.codec.heads import ARRAY, UNSIGNED, head
from storage.codec.shape import items_of
from storage.crypto.link import DIGEST_SIZE, Link, link_from
from storage.crypto.primitives import SigningKey, aead_open, aead_seal, hkdf
from storage.crypto.sealed import address
from storage.errors import BadToken, DecodeError
from storage.facts.change import Operation
from storage.facts.dots import MAX_NUMBER, WRITER_SIZE, Dot, Seen, Writer, seen_from_cbor
from storage.facts.operate import check_operations
from storage.facts.wire import operations_bytes, operations_from_cbor
from storage.identity.device import writer_of
from storage.identity.did import public_of
from storage.tree.compress import pack, unpack

INCARNATION_SIZE = 16
MAX_PAYLOAD = 960 * 1024
MAX_PAYLOAD_PLAIN = 900 * 1024
MAX_WORDS = 500
MAX_NAMED_BLOCKS = 64
MAX_PARENTS = 256
_VERSION = 1
_KIND = b"payload"
_SIZE = 4


class TooLarge(DecodeError):
    """A commit that is too large for one record. The vault cuts it in two."""

    code = "storage.record-too-large"


@dataclass(frozen=True, slots=True)
class Payload:
    """What a record does, for those who hold the epoch's secret."""

    operations: tuple[Operation, ...]
    seen: Seen
    """What its writer had seen before."""
    root: Link
    """The tree after it, as its writer had it."""
    words: str


@dataclass(frozen=True, slots=True)
class Record:
    """A signed commit. What is in it is not yet believed: see storage.records.judge."""

    invocation: Invocation
    dot: Dot
    incarnation: bytes
    parents: tuple[bytes, ...]
    """CIDs (36 bytes) of the records it builds on."""
    payload_digest: bytes
    payload_size: int
    epoch: int
    blocks: tuple[bytes, ...]
    """Addresses of some of the content blocks that it brought."""

    @property
    def cid(self) -> bytes:
        """The record's address, 36 bytes: its commit id."""
        return self.invocation.cid

    @property
    def issuer(self) -> str:
        """The did:key of the device that wrote it."""
        return self.invocation.issuer

    @property
    def at(self) -> int:
        """What the writer's clock said, Unix seconds."""
        return self.invocation.issued_at or 0


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: a device in one incarnation, with the chain that lets it write here."""

    key: SigningKey
    did: str
    incarnation: bytes
    writer: Writer
    proofs: tuple[bytes, ...]
    """CIDs of the chain, root first."""


@dataclass(frozen=True, slots=True)
class Written:
    """A record just made, with its sealed payload."""

    record: Record
    token: Thing
    payload: Thing


def write_record(
    author: Author,
    space_did: str,
    payload: Payload,
    *,
    epoch: int,
    secret: bytes,
    parents: Sequence[bytes],
    blocks: Sequence[bytes],
    nonce: bytes,
    at: int,
) -> Written:
    """Seal and sign a commit.

    Raises:
        TooLarge: the payload is larger than a record may be.
    """
    sealed = _seal_payload(payload, secret, nonce)
    number = payload.seen.of(author.writer) + 1
    args: dict[str, object] = {
        "o": address(sealed),
        "n": len(sealed),
        "p": [parse_cid(parent) for parent in parents],
        "e": epoch,
        "s": number,
        "w": author.writer,
        "i": author.incarnation,
        "by": author.did,
        "k": list(blocks[:MAX_NAMED_BLOCKS]),
    }
    invocation = build_invocation(
        author.key,
        subject=space_did,
        command=WRITE,
        args=args,
        proofs=author.proofs,
        nonce=nonce,
        issued_at=at,
    )
    token = Thing(Kind.RECORD, invocation.data)
    return Written(_record_of(invocation), token, Thing(Kind.BLOCK, sealed))


def parse_record(token: bytes) -> Record:
    """Return the record that a token is. Its right to be here is judged elsewhere.

    Raises:
        BadToken: not a record, or a writer that is not its issuer's.
    """
    return _record_of(parse_invocation(token))


def _record_of(invocation: Invocation) -> Record:
    if invocation.command != WRITE:
        raise BadToken("a token that is no record")
    try:
        fields = Fields(dict(invocation.args), "a record")
        writer, incarnation = fields.raw("w", WRITER_SIZE), fields.raw("i", INCARNATION_SIZE)
        record = Record(
            invocation,
            Dot(Writer(writer), fields.number("s", 1, MAX_NUMBER)),
            incarnation,
            tuple(parent.to_bytes() for parent in fields.cids("p", MAX_PARENTS)),
            fields.raw("o", DIGEST_SIZE),
            fields.number("n", 1, MAX_PAYLOAD),
            fields.number("e", 1, MAX_NUMBER),
            tuple(_address(block) for block in fields.items("k", MAX_NAMED_BLOCKS)),
        )
        fields.text("by")
        fields.end()
    except DecodeError as error:
        raise BadToken(f"not a record: {error}") from error
    if writer_of(public_of(invocation.issuer), incarnation) != writer:
        raise BadToken("a record under another device's writer")
    return record


def _address(block: object) -> bytes:
    if not isinstance(block, bytes) or len(block) != DIGEST_SIZE:
        raise DecodeError("a block that is no address")
    return block


def open_payload(record: Record, sealed: bytes, secret: bytes) -> Payload:
    """Return what a record does.

    Raises:
        DecodeError: it does not open, is malformed, or contradicts its record.
    """
    if len(sealed) != record.payload_size or address(sealed) != record.payload_digest:
        raise DecodeError("a payload that is not the record's")
    key = _payload_key(secret, record.invocation.nonce)
    packed = aead_open(key, sealed, _KIND)
    size = int.from_bytes(packed[:_SIZE], "big")
    if size > MAX_PAYLOAD_PLAIN:
        raise DecodeError("a payload that is too large")
    match items_of(decode(unpack(packed[_SIZE:], size), limit=MAX_PAYLOAD_PLAIN)):
        case [version, operations, seen, root, str() as words] if (
            version == _VERSION and version is not True and len(words) <= MAX_WORDS
        ):
            payload = Payload(
                operations_from_cbor(operations), seen_from_cbor(seen), link_from(root), words
            )
        case _:
            raise DecodeError("a payload that is malformed")
    if payload.seen.of(record.dot.writer) != record.dot.n - 1:
        raise DecodeError("a record that does not follow its writer's last")
    return payload


def _seal_payload(payload: Payload, secret: bytes, nonce: bytes) -> bytes:
    check_operations(payload.operations)
    plain = b"".join(
        (
            head(ARRAY, 5),
            head(UNSIGNED, _VERSION),
            operations_bytes(payload.operations),
            encode_checked(payload.seen.to_cbor()),
            encode_checked(payload.root.to_bytes()),
            encode_checked(payload.words),
        )
    )
    if len(plain) > MAX_PAYLOAD_PLAIN:
        raise TooLarge("a commit that is too large for one record")
    packed = len(plain).to_bytes(_SIZE, "big") + pack(plain)
    return aead_seal(_payload_key(secret, nonce), packed, _KIND)


def _payload_key(secret: bytes, nonce: bytes) -> bytes:
    return hkdf(secret, b"atoll/payload/1", salt=nonce)
