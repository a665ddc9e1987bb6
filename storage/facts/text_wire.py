"""Changes of a text as bytes: our own strict form, not Loro's.

    ["text", 1, [peer, ...], [[peer, counter, lamport, [[peer, counter], ...], [op, ...]], ...]]
    op = [pos, text]                       insert
       | [pos, len, peer, counter]         delete what stands from that id on; len < 0: backwards
       | []                                the mark of a seed, which stands before its text

In changes and ops a peer is its number in the list of peers, there it is 8 bytes. Counters of
ops follow from their lengths. Loro's binary form is not taken from anyone: a hundred bytes of
it can ask for gigabytes, and the program ends there and then. Here all lengths are checked
before Loro sees them, and it gets them as its JSON form.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from storage.codec import dagcbor
from storage.codec.shape import is_list, items_of
from storage.errors import DecodeError

MAX_BYTES: Final = 16 << 20
MAX_PEERS: Final = 65_536
MAX_DEPS: Final = 1024
MAX_DELETE: Final = 2 << 20
MAX_COUNTER: Final = 2**31 - 1
PEER_SIZE: Final = 8
TEXT: Final = "t"
SEED: Final = "seed"
MARK: Final = "v"

_VERSION = 1
_TEXT_ID = f"cid:root-{TEXT}:Text"
_SEED_ID = f"cid:root-{SEED}:Map"
_MARK_CONTENT = {"type": "insert", "key": MARK, "value": 1}

Id = tuple[int, int]
"""A peer and the counter of one of its ops."""


@dataclass(frozen=True, slots=True)
class Insert:
    """Text that was put in at a position."""

    at: int
    text: str

    @property
    def length(self) -> int:
        """How many counters it takes: one for each character."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Delete:
    """Characters that were taken out, by the id of the first."""

    at: int
    count: int
    start: Id

    @property
    def length(self) -> int:
        """How many counters it takes."""
        return abs(self.count)


@dataclass(frozen=True, slots=True)
class Mark:
    """Says that a peer seeds a text."""

    length: int = 1


Op = Insert | Delete | Mark


@dataclass(frozen=True, slots=True)
class Change:
    """Ops that one peer made one after another."""

    peer: int
    counter: int
    lamport: int
    deps: tuple[Id, ...]
    ops: tuple[Op, ...]

    @property
    def end(self) -> int:
        """The counter after the last of it."""
        return self.counter + sum(op.length for op in self.ops)


def changes_to_bytes(changes: Iterable[Change]) -> bytes:
    """Return the canonical form of changes, in their order."""
    numbers: dict[int, int] = {}

    def number(peer: int) -> int:
        return numbers.setdefault(peer, len(numbers))

    def op_to_cbor(op: Op) -> list[object]:
        match op:
            case Insert(at, text):
                return [at, text]
            case Delete(at, count, (peer, counter)):
                return [at, count, number(peer), counter]
            case Mark():
                return []

    listed = [
        [
            number(change.peer),
            change.counter,
            change.lamport,
            [[number(peer), counter] for peer, counter in change.deps],
            [op_to_cbor(op) for op in change.ops],
        ]
        for change in changes
    ]
    peers = [peer.to_bytes(PEER_SIZE) for peer in numbers]
    return dagcbor.encode(["text", _VERSION, peers, listed])


def changes_from_bytes(data: bytes) -> list[Change]:
    """Return the changes that `changes_to_bytes` wrote.

    Raises:
        DecodeError: anything but what it writes, or lengths out of bounds.
    """
    match items_of(dagcbor.decode(data, limit=MAX_BYTES)):
        case ["text", int() as version, raw_peers, raw] if (
            is_list(raw_peers)
            and is_list(raw)
            and not isinstance(version, bool)
            and version == _VERSION
            and len(raw_peers) <= MAX_PEERS
        ):
            peers = [_peer(peer) for peer in raw_peers]
        case _:
            raise DecodeError("changes have four parts")
    if len(set(peers)) != len(peers):
        raise DecodeError("a peer twice")
    changes = [_change(change, peers) for change in raw]
    if changes_to_bytes(changes) != data:
        raise DecodeError("changes in another than their one form")
    return changes


MANY_DELETE: Final = 16
"""How many sittings may delete all of a text side by side; more is done to slow us down."""


def check_deletes(changes: Sequence[Change], ops: int, end_of: Callable[[int], int]) -> None:
    """Refuse to delete more than there can be: Loro takes a microsecond for each character.

    `ops` is how many ops the document has, `end_of` up to which counter it has a peer's.

    Raises:
        DecodeError: the changes delete what nobody wrote.
    """
    ends: dict[int, int] = {}
    written, deleted = ops, Counter[int]()
    for change in changes:
        ends[change.peer] = max(change.end, ends.get(change.peer, 0))
        written += sum(op.length for op in change.ops if not isinstance(op, Delete))
    for change in changes:
        for op in change.ops:
            if isinstance(op, Delete):
                deleted[change.peer] += op.length
                peer = op.start[0]
                if op.length > max(ends.get(peer, 0), end_of(peer)):
                    raise DecodeError("more deleted than was written")
    # Several may delete the same words side by side, each of them once.
    most = max(deleted.values(), default=0)
    if most > written or deleted.total() > written * MANY_DELETE:
        raise DecodeError("more deleted than was written")


def changes_to_json(changes: Iterable[Change]) -> str:
    """Return the form in which Loro takes changes."""
    numbers: dict[int, int] = {}

    def id_of(peer: int, counter: int) -> str:
        return f"{counter}@{numbers.setdefault(peer, len(numbers))}"

    listed: list[dict[str, Any]] = []
    for change in changes:
        counter = change.counter
        ops: list[dict[str, Any]] = []
        for op in change.ops:
            content: dict[str, Any] = _MARK_CONTENT
            match op:
                case Insert(at, text):
                    content = {"type": "insert", "pos": at, "text": text}
                case Delete(at, count, start):
                    content = {"type": "delete", "pos": at, "len": count, "start_id": id_of(*start)}
                case Mark():
                    pass
            container = _SEED_ID if isinstance(op, Mark) else _TEXT_ID
            ops.append({"container": container, "content": content, "counter": counter})
            counter += op.length
        listed.append(
            {
                "id": id_of(change.peer, change.counter),
                "timestamp": 0,
                "deps": [id_of(*dep) for dep in change.deps],
                "lamport": change.lamport,
                "msg": None,
                "ops": ops,
            }
        )
    form: dict[str, Any] = {
        "schema_version": 1,
        "start_version": {},
        "peers": [str(peer) for peer in numbers],
        "changes": listed,
    }
    return json.dumps(form)


def changes_from_json(form: str) -> list[Change]:
    """Return the changes that Loro wrote."""
    raw = json.loads(form)
    peers = [int(peer) for peer in raw["peers"]]

    def id_from(text: str) -> Id:
        counter, _, number = text.partition("@")
        return peers[int(number)], int(counter)

    def op_from(content: dict[str, Any]) -> Op:
        match content:
            case {"type": "insert", "pos": at, "text": text}:
                return Insert(at, text)
            case {"type": "delete", "pos": at, "len": count, "start_id": start}:
                return Delete(at, count, id_from(start))
            case _:
                return Mark()

    return [
        Change(
            *id_from(change["id"]),
            change["lamport"],
            tuple(id_from(dep) for dep in change["deps"]),
            tuple(op_from(op["content"]) for op in change["ops"]),
        )
        for change in raw["changes"]
    ]


def _change(raw: object, peers: list[int]) -> Change:
    match items_of(raw):
        case [int() as peer, int() as counter, int() as lamport, deps, ops] if (
            is_list(deps) and is_list(ops) and ops and len(deps) <= MAX_DEPS
        ):
            change = Change(
                *_id(peer, counter, peers),
                _bounded(lamport),
                tuple(_dep(dep, peers) for dep in deps),
                tuple(_op(op, peers) for op in ops),
            )
        case _:
            raise DecodeError("a change has five parts")
    length = change.end - change.counter
    if change.lamport < change.counter or change.lamport + length > MAX_COUNTER:
        raise DecodeError("a change out of its time")
    if any(peer == change.peer and at >= change.counter for peer, at in change.deps):
        raise DecodeError("a change that builds on itself")
    return change


def _dep(raw: object, peers: list[int]) -> Id:
    match items_of(raw):
        case [int() as peer, int() as counter]:
            return _id(peer, counter, peers)
        case _:
            raise DecodeError("an id is [peer, counter]")


def _op(raw: object, peers: list[int]) -> Op:
    match items_of(raw):
        case [] if raw == []:
            return Mark()
        case [int() as at, str() as text] if text:
            return Insert(_bounded(at), text)
        case [int() as at, int() as count, int() as peer, int() as counter] if (
            count and abs(count) <= MAX_DELETE and not isinstance(count, bool)
        ):
            start = _id(peer, counter, peers)
            return Delete(_bounded(at), count, start)
        case _:
            raise DecodeError("an op that is not known")


def _id(number: int, counter: int, peers: list[int]) -> Id:
    if not 0 <= number < len(peers) or isinstance(number, bool):
        raise DecodeError("a peer that is not listed")
    return peers[number], _bounded(counter)


def _peer(raw: object) -> int:
    if not isinstance(raw, bytes) or len(raw) != PEER_SIZE or raw == b"\xff" * PEER_SIZE:
        raise DecodeError("a peer is 8 bytes, and not the last of all")
    return int.from_bytes(raw)


def _bounded(number: int) -> int:
    if not 0 <= number <= MAX_COUNTER or isinstance(number, bool):
        raise DecodeError("a number out of bounds")
    return number
