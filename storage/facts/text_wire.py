"""Changes of a text as bytes: our own strict form, not Loro's.

    ["text", 1, [peer, ...], [[peer, counter, lamport, [[peer, counter], ...], [op, ...]], ...]]
    op = [pos, text]                       insert
       | [pos, len, peer, counter]         delete what stands from that id on; len < 0: backwards
       | []                                the mark of a seed, which stands before its text

In changes and ops a peer is its number in the list of peers, there it is 8 bytes. Counters of
ops follow from their lengths.

    ["text", 2, [update, update, ...]]

is a document that grew: the one it was, and what came since, each in the form above. So who
adds to a long history writes the new part of it only, and reads none of it. When it is one,
storage.facts.text_parts says.

Loro's binary form is not taken from anyone: a hundred bytes of it can ask for gigabytes, and
the program ends there and then. Here all lengths are checked before Loro sees them, and it gets
them as its JSON form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
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
_GROWN = 2
_GROWN_HEAD = bytes((0x83, 0x64)) + b"text" + bytes((_GROWN,))
"""Three items, the word, the number: no other form begins so."""
_TEXT_ID = f"cid:root-{TEXT}:Text"
_SEED_ID = f"cid:root-{SEED}:Map"
_MARK_CONTENT = f'"type":"insert","key":"{MARK}","value":1'

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
    changes = [_change(change, peers) for change in raw]
    if list(dict.fromkeys(_named(changes))) != peers:
        raise DecodeError("changes in another than their one form")
    return changes


def _named(changes: Iterable[Change]) -> Iterator[int]:
    """Walk the peers in the order in which changes name them."""
    for change in changes:
        yield change.peer
        for peer, _ in change.deps:
            yield peer
        for op in change.ops:
            if isinstance(op, Delete):
                yield op.start[0]


def updates_in(document: bytes) -> list[bytes]:
    """Return the updates that a document is made of: itself alone, unless it grew.

    Raises:
        DecodeError: it grew, and not as `grown` lets it.
    """
    if not document.startswith(_GROWN_HEAD):
        return [document]
    match items_of(dagcbor.decode(document, limit=MAX_BYTES)):
        case [_, _, raw] if is_list(raw) and len(raw) > 1:
            updates = [update for update in raw if isinstance(update, bytes)]
            if len(updates) == len(raw):
                return updates
        case _:
            pass
    raise DecodeError("a document that grew is made of updates")


def grown(document: bytes, update: bytes) -> bytes:
    """Return a document together with an update that came since.

    Raises:
        DecodeError: together they are longer than a document may be.
    """
    found = dagcbor.encode(["text", _GROWN, [*updates_in(document), update]])
    if len(found) > MAX_BYTES:
        raise DecodeError("a document that is too long")
    return found


def changes_to_json(changes: Iterable[Change]) -> str:
    """Return the form in which Loro takes changes."""
    numbers: dict[int, int] = {}

    def id_of(peer: int, counter: int) -> str:
        return f"{counter}@{numbers.setdefault(peer, len(numbers))}"

    def ops_of(change: Change) -> Iterator[str]:
        counter = change.counter
        for op in change.ops:
            container, what = _TEXT_ID, ""
            match op:
                case Insert(at, text):
                    what = f'"type":"insert","pos":{at},"text":{json.dumps(text)}'
                case Delete(at, count, start):
                    what = f'"type":"delete","pos":{at},"len":{count},"start_id":"{id_of(*start)}"'
                case Mark():
                    container, what = _SEED_ID, _MARK_CONTENT
            yield f'{{"container":"{container}","content":{{{what}}},"counter":{counter}}}'
            counter += op.length

    def listed(change: Change) -> str:
        deps = ",".join(f'"{id_of(*dep)}"' for dep in change.deps)
        return (
            f'{{"id":"{id_of(change.peer, change.counter)}","timestamp":0,"deps":[{deps}],'
            f'"lamport":{change.lamport},"msg":null,"ops":[{",".join(ops_of(change))}]}}'
        )

    written = ",".join(map(listed, changes))
    peers = ",".join(f'"{peer}"' for peer in numbers)
    return f'{{"schema_version":1,"start_version":{{}},"peers":[{peers}],"changes":[{written}]}}'


def changes_from_json(form: str) -> list[Change]:
    """Return the changes that Loro wrote, with its list of peers or without."""
    alone = form.startswith("[")
    raw: Any = json.loads(form)
    listed: list[dict[str, Any]] = raw if alone else raw["changes"]
    peers = [] if alone else [int(peer) for peer in raw["peers"]]

    def id_from(text: str) -> Id:
        counter, _, number = text.partition("@")
        return int(number) if alone else peers[int(number)], int(counter)

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
        for change in listed
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
