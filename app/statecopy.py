"""A second copy of what a device remembers: one sealed file beside the database.

What the database holds (which folders lie where, codes that were given, whom we met) is nowhere
else. The file is written anew after each change but those of who was met when; it is small. Its
key is made from its own content, so no dice are needed and no key seals two contents.
"""

from __future__ import annotations

from pathlib import Path

from app.loose import list_in, mapping_in
from storage.codec.dagcbor import decode, encode
from storage.crypto.primitives import aead_open, aead_seal, hkdf, hmac256, same
from storage.errors import DecodeError
from storage.index.sql import Row, SqlValue
from storage.lasting import replace_file
from storage.system import in_our_words

NAME = "state.copy"
MAX_SIZE = 16 << 20
_KIND = b"atoll/state-copy/1"
_SALT = 32

Tables = dict[str, list[Row]]
"""Rows by the name of their table."""


def write_copy(beside: Path, key: bytes, tables: Tables) -> None:
    """Write the copy that belongs to a database.

    Raises:
        StoreFull, StoreUnusable: the disk does not take it; the copy before is unharmed.
    """
    plain = plain_of(tables)
    salt = hmac256(hkdf(key, _KIND + b"/salt"), plain)
    sealed = aead_seal(hkdf(key, _KIND, salt=salt), plain, _KIND)
    with in_our_words(f"write {NAME}"):
        replace_file(beside.with_name(NAME), salt + sealed)


def read_copy(beside: Path, key: bytes) -> Tables | None:
    """Return what the copy beside a database holds, None when there is none that is whole."""
    try:
        data = beside.with_name(NAME).read_bytes()
    except OSError:
        return None
    salt, sealed = data[:_SALT], data[_SALT:]
    try:
        plain = aead_open(hkdf(key, _KIND, salt=salt), sealed, _KIND)
        if not same(salt, hmac256(hkdf(key, _KIND + b"/salt"), plain)):
            return None
        return tables_from(plain)
    except DecodeError:
        return None


def plain_of(tables: Tables) -> bytes:
    """Return tables as bytes."""
    rows: dict[str, object] = {name: [_plain(row) for row in tables[name]] for name in tables}
    return encode({"v": 1, "tables": rows})


def tables_from(plain: bytes) -> Tables:
    """Return the tables in the bytes of a copy. Raises DecodeError."""
    form = mapping_in(decode(plain, limit=MAX_SIZE))
    if form.keys() != {"v", "tables"} or form["v"] != 1:
        raise DecodeError("a copy of the device's memory that is malformed")
    tables = mapping_in(form["tables"])
    return {name: [_row(row) for row in list_in(tables[name])] for name in tables}


def _plain(row: Row) -> list[object]:
    """Spell a row without floats, which the codec does not have."""
    return [["f", str(value)] if isinstance(value, float) else value for value in row]


def _row(row: object) -> Row:
    return tuple(_value(value) for value in list_in(row))


def _value(value: object) -> SqlValue:
    match value:
        case ["f", str() as number]:
            try:
                return float(number)
            except ValueError as error:
                raise DecodeError("a moment that is none") from error
        case None | int() | str() | bytes():
            return value
        case _:
            raise DecodeError("a value that no table holds")
