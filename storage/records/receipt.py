"""Receipts: a device signs what it holds, so that "everywhere" is never a guess.

Canonical CBOR [body, signature]; Ed25519 over b"atoll/receipt/1" ‖ body bytes;

    body = [1, space, device public key, seen, complete, at]
         | [2, space, device public key, seen, complete, at, keeps, mark, heard, older]

The second form is written once some device of the space does not keep all of it: who does not
names that time by a random mark, and who hears of it says so. A whole device vouches only
for those whose mark it has heard (storage/keeping.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from storage.blocks.store import Kind, Thing
from storage.codec.dagcbor import decode, encode
from storage.codec.shape import is_list, items_of
from storage.crypto.primitives import SigningKey, verify
from storage.errors import BadToken, DecodeError
from storage.facts.dots import Seen, seen_from_cbor
from storage.identity.did import did_of

_CONTEXT = b"atoll/receipt/1"
_FIRST = 1
_SECOND = 2
_KEY_SIZE = 32
MARK_SIZE = 8
MAX_HEARD = 1024
MAX_KEEPS = 2


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a device says it holds."""

    space: bytes
    device: bytes
    """Its Ed25519 public key."""
    seen: Seen
    complete: bool
    """All content that these commits name is stored there; of a plain folder it says nothing."""
    at: int
    """What its clock said, Unix seconds: the later of two receipts has the larger `seen`."""
    keeps: int = 0
    """A storage.keeping.Keep: 0 all, 1 what was opened, 2 names only."""
    mark: bytes = b""
    """Names the time since when it does not keep all; empty while it does."""
    heard: frozenset[bytes] = frozenset()
    """The marks of others that it had heard of."""
    older: bool = False
    """Complete, and all older versions that it is to keep are there too."""

    @property
    def did(self) -> str:
        """The device's did:key."""
        return did_of(self.device)


@dataclass(frozen=True, slots=True)
class Word:
    """What a receipt says besides what was seen."""

    complete: bool
    keeps: int = 0
    mark: bytes = b""
    heard: frozenset[bytes] = frozenset()
    older: bool = False

    @property
    def is_plain(self) -> bool:
        """Nobody lets go of anything: the first form says it all."""
        return not (self.keeps or self.mark or self.heard)


def write_receipt(key: SigningKey, space: bytes, seen: Seen, at: int, word: Word) -> Thing:
    """Sign what this device holds."""
    body: list[object] = [_FIRST, space, key.public, seen.to_cbor(), word.complete, at]
    if not word.is_plain:
        heard = sorted(word.heard)[:MAX_HEARD]
        body = [_SECOND, *body[1:], word.keeps, word.mark, heard, word.older]
    raw = encode(body)
    return Thing(Kind.RECEIPT, encode([raw, key.sign(_CONTEXT + raw)]))


def read_receipt(token: bytes) -> Receipt:
    """Return a receipt whose signature holds.

    Raises:
        BadToken: malformed or forged.
    """
    try:
        return _read(token)
    except DecodeError as error:
        raise BadToken("a receipt that is malformed") from error


def _read(token: bytes) -> Receipt:
    match items_of(decode(token)):
        case [bytes() as body, bytes() as signature]:
            pass
        case _:
            raise DecodeError("not a receipt")
    found = _read_body(body)
    if not verify(found.device, signature, _CONTEXT + body):
        raise BadToken("a receipt whose signature does not hold")
    return found


def _read_body(body: bytes) -> Receipt:
    match items_of(decode(body)):
        case [
            int() as version,
            bytes() as space,
            bytes() as device,
            seen,
            bool() as complete,
            int() as at,
            *more,
        ] if version in {_FIRST, _SECOND} and len(space) == len(device) == _KEY_SIZE:
            found = Receipt(space, device, seen_from_cbor(seen), complete, at)
        case _:
            raise DecodeError("not a receipt")
    if version == _FIRST and not more:
        return found
    match more:
        case [int() as keeps, bytes() as mark, heard, bool() as older] if (
            version == _SECOND
            and not isinstance(keeps, bool)
            and 0 <= keeps <= MAX_KEEPS
            and len(mark) == (MARK_SIZE if keeps else 0)
            and not (keeps and (complete or older))
        ):
            marks = _marks(heard)
        case _:
            raise DecodeError("not a receipt")
    return Receipt(space, device, found.seen, complete, at, keeps, mark, marks, older)


def _marks(heard: object) -> frozenset[bytes]:
    """Return marks: each once, in order."""
    if not is_list(heard) or len(heard) > MAX_HEARD:
        raise DecodeError("marks are a list")
    marks = [mark for mark in heard if isinstance(mark, bytes) and len(mark) == MARK_SIZE]
    if len(marks) != len(heard) or sorted(set(marks)) != marks:
        raise DecodeError("marks stand in order, each once")
    return frozenset(marks)
