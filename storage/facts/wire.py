"""The strict CBOR form of operations: `[what, entry, attribute, value]` each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from storage.codec.heads import ARRAY, NULL, head, text
from storage.codec.shape import is_list, items_of
from storage.errors import DecodeError
from storage.facts.change import ENTRY_SIZE, Add, Drop, EntryId, Operation, Put
from storage.facts.operate import check_attribute, check_operations
from storage.facts.values import value_bytes, value_from_cbor, value_to_cbor

PUT, ADD, DROP = 1, 2, 3
_PUT_HEAD, _ADD_HEAD, _DROP_HEAD = (b"\x84" + bytes([what]) + b"\x50" for what in (PUT, ADD, DROP))
MAX_OPERATIONS = 65_536
"""In one commit; what is more is committed in parts."""


def operations_to_cbor(operations: Iterable[Operation]) -> list[list[object]]:
    """Return the canonical form of the operations, in their order."""
    return [_operation_to_cbor(operation) for operation in operations]


def operations_bytes(operations: Sequence[Operation]) -> bytes:
    """Return what `operations_to_cbor` gives, encoded."""
    parts = [head(ARRAY, len(operations))]
    for operation in operations:
        match operation:
            case Put(entry, attribute, value):
                parts += (_PUT_HEAD, entry, text(attribute), value_bytes(value))
            case Add(entry, attribute, value):
                parts += (_ADD_HEAD, entry, text(attribute), value_bytes(value))
            case Drop(entry, attribute):
                name = NULL if attribute is None else text(attribute)
                parts += (_DROP_HEAD, entry, name, NULL)
    return b"".join(parts)


def operations_from_cbor(raw: object) -> tuple[Operation, ...]:
    """Return the operations that `operations_to_cbor` wrote.

    Raises:
        DecodeError: anything but exactly what it writes, or operations that contradict
            each other (see `check_operations`).
    """
    if not is_list(raw):
        raise DecodeError("operations are a list")
    if len(raw) > MAX_OPERATIONS:
        raise DecodeError("more operations than one commit may have")
    operations = tuple(_operation_from_cbor(item) for item in raw)
    check_operations(operations)
    return operations


def _operation_to_cbor(operation: Operation) -> list[object]:
    match operation:
        case Put(entry, attribute, value):
            return [PUT, entry, attribute, value_to_cbor(value)]
        case Add(entry, attribute, value):
            return [ADD, entry, attribute, value_to_cbor(value)]
        case Drop(entry, attribute):
            return [DROP, entry, attribute, None]


def _operation_from_cbor(raw: object) -> Operation:
    match items_of(raw):
        case [int() as what, bytes() as entry, str() as attribute, value] if (
            len(entry) == ENTRY_SIZE and what in {PUT, ADD} and what is not True
        ):
            kind = Put if what == PUT else Add
            return kind(EntryId(entry), attribute, value_from_cbor(attribute, value))
        case [int() as what, bytes() as entry, (str() | None) as attribute, None] if (
            len(entry) == ENTRY_SIZE and what == DROP
        ):
            if attribute is not None:
                check_attribute(attribute)
            return Drop(EntryId(entry), attribute)
        case _:
            raise DecodeError("an operation is [what, entry, attribute, value]")
