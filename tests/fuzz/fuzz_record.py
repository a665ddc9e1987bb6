"""Any bytes as a record, its payload, a receipt or a list of what was set aside: one refusal."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from storage.codec.dagcbor import decode, encode
from storage.crypto.link import Link
from storage.crypto.primitives import SigningKey, aead_seal, hkdf
from storage.crypto.sealed import address
from storage.errors import BadToken, DecodeError
from storage.facts.dots import Seen
from storage.facts.wire import operations_to_cbor
from storage.identity.device import create_device, writer_of
from storage.identity.did import did_of
from storage.records.receipt import Word, read_receipt, write_receipt
from storage.records.record import Author, Payload, open_payload, parse_record, write_record
from storage.tree.compress import pack
from tests.access import NOW, Dice
from tests.golden.test_tree_bytes import FIRST

_DEVICE = create_device(Dice("fuzz record"))
_SPACE = SigningKey(bytes(32)).public
_INCARNATION = bytes(16)
_WRITER = writer_of(_DEVICE.signing.public, _INCARNATION)
_SECRET = b"e" * 32
_NONCE = b"nonce of 16 byte"
_SEEN = Seen({_WRITER: 6})
_MADE = write_record(
    Author(_DEVICE.signing, _DEVICE.did, _INCARNATION, _WRITER, (b"\x01\x71\x12\x20" + bytes(32),)),
    did_of(_SPACE),
    Payload(tuple(FIRST), _SEEN, Link(b"r" * 32, b"k" * 32), "made a note"),
    epoch=1,
    secret=_SECRET,
    parents=(),
    blocks=(bytes(32),),
    nonce=_NONCE,
    at=NOW,
)
_ROOT = bytes(64)
_PLAIN = encode([1, operations_to_cbor(FIRST), _SEEN.to_cbor(), _ROOT, "made a note"])

SEEDS = (
    _MADE.token.data,
    _MADE.token.data[67:],
    _PLAIN,
    write_receipt(_DEVICE.signing, _SPACE, _SEEN, NOW, Word(complete=True)).data,
)


def check(data: bytes) -> None:
    """Raise if anything is taken for a record or a payload that would not be written so."""
    signed = b"\x82\x58\x40" + _DEVICE.signing.sign(data) + data  # gets behind the envelope
    for token in (data, signed):
        with contextlib.suppress(BadToken):
            assert parse_record(token).payload_size > 0
    with contextlib.suppress(BadToken):
        assert read_receipt(data).seen is not None
    for packed in (data, len(data).to_bytes(4, "big") + pack(data)):
        _open(packed)


def _open(packed: bytes) -> None:
    sealed = aead_seal(hkdf(_SECRET, b"atoll/payload/1", salt=_NONCE), packed, b"payload")
    record = replace(_MADE.record, payload_digest=address(sealed), payload_size=len(sealed))
    with contextlib.suppress(DecodeError):
        opened = open_payload(record, sealed, _SECRET)
        assert opened.seen.of(_WRITER) == record.dot.n - 1
        assert operations_to_cbor(opened.operations) is not None
        assert decode(encode(opened.words)) == opened.words
