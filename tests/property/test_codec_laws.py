"""The gate: what it writes it reads, and anything else is one error."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.codec.base58 import base58_from, base58_of
from storage.codec.cid import BLAKE3_256, DAG_CBOR, RAW, SHA2_256, Cid, parse_cid, parse_cid_text
from storage.codec.dagcbor import MAX_DEPTH, MAX_INT, MIN_INT, decode, encode
from storage.errors import DecodeError

cids = st.builds(
    Cid,
    st.sampled_from([RAW, DAG_CBOR, 0x0129, 2**40]),
    st.sampled_from([SHA2_256, BLAKE3_256]),
    st.binary(min_size=32, max_size=32),
)
texts = st.text(st.characters(codec="utf-8"), max_size=30)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(MIN_INT, MAX_INT)
    | texts
    | st.binary(max_size=300)
    | cids
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(texts, inner, max_size=8),
    max_leaves=40,
)


def nested(depth: int) -> object:
    """Return lists in lists."""
    value: object = 0
    for _ in range(depth):
        value = [value]
    return value


@given(values)
def test_what_is_written_is_read_again(value: object) -> None:
    """Nothing is lost, and the types stay."""
    data = encode(value)
    again = decode(data)
    assert again == value
    assert encode(again) == data


@given(st.dictionaries(texts, scalars | st.dictionaries(texts, scalars, max_size=3), max_size=6))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    """Else one thing had many addresses."""
    backwards = dict(reversed(value.items()))
    assert encode(backwards) == encode(value)


@given(st.binary(max_size=200))
def test_noise_is_one_error(noise: bytes) -> None:
    """A peer can send anything."""
    try:
        value = decode(noise)
    except DecodeError:
        return
    assert encode(value) == noise


@given(values, st.data())
def test_a_changed_byte_is_one_error_or_another_value(value: object, data: st.DataObject) -> None:
    """Close to valid is where decoders break."""
    spoiled = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(spoiled) - 1))
        match data.draw(st.sampled_from(["change", "cut", "insert"])):
            case "change":
                spoiled[at] = data.draw(st.integers(0, 255))
            case "cut":
                del spoiled[at + 1 :]
            case _:
                spoiled.insert(at, data.draw(st.integers(0, 255)))
    try:
        again = decode(bytes(spoiled))
    except DecodeError:
        return
    assert encode(again) == bytes(spoiled)


REFUSED = {
    "nothing": b"",
    "a long head": b"\x18\x01",
    "a longer head": b"\x19\x00\x18",
    "bytes after the end": b"\x00\x00",
    "cut off": b"\x82\x00",
    "an array without end": b"\x9f\xff",
    "text in pieces": b"\x7f\x61a\xff",
    "half a float": b"\xf9\x3c\x00",
    "a float": b"\xfb\x3f\xf0\x00\x00\x00\x00\x00\x00",
    "not a number": b"\xf9\x7e\x00",
    "undefined": b"\xf7",
    "a simple value": b"\xe0",
    "a date": b"\xc1\x00",
    "a large number": b"\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00",
    "a pattern": b"\xd8\x23\x63a+b",
    "a shared value": b"\xd8\x1c\x80",
    "a circle": b"\xd8\x1c\x81\xd8\x1d\x00",
    "a set": b"\xd9\x01\x02\x80",
    "a namespace": b"\xd9\x01\x00\x80",
    "our tag, then": b"\xd9\xd9\xf7\x00",
    "a link without its zero": b"\xd8\x2a\x44\x01\x55\x1e\x00",
    "a link of nothing": b"\xd8\x2a\x41\x00",
    "a link of text": b"\xd8\x2a\x61a",
    "a number as key": b"\xa1\x00\x00",
    "bytes as key": b"\xa1\x41a\x00",
    "a key twice": b"\xa2\x61a\x00\x61a\x01",
    "keys unsorted": b"\xa2\x61b\x00\x61a\x00",
    "keys by letters, not by length": b"\xa2\x62aa\x00\x61b\x00",
    "too large": b"\x1b\x80\x00\x00\x00\x00\x00\x00\x00",
    "too small": b"\x3b\x80\x00\x00\x00\x00\x00\x00\x00",
    "text that is none": b"\x61\xff",
    "a surrogate": b"\x63\xed\xa0\x80",
    "a huge array": b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
    "a huge text": b"\x7b\xc7\xc7\xc2\x38\x38\x41\x24\x41",
    "a huge map": b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_each_other_spelling_is_refused(name: str) -> None:
    """cbor2 alone takes many of them."""
    with pytest.raises(DecodeError):
        decode(REFUSED[name])


def test_no_tag_but_a_link_is_let_through() -> None:
    """cbor2 knows some twenty, and makes objects of them."""
    bodies = (b"\x00", b"\x40", b"\x60", b"\x80", b"\x82\x00\x00", b"\xa0")
    for tag in (*range(300), 1004, 43000, 55799, 2**32 - 1):
        head = cbor2.dumps(cbor2.CBORTag(tag, 0))[:-1]
        for body in bodies:
            with pytest.raises(DecodeError):
                decode(head + body)


def test_nesting_ends_where_it_should() -> None:
    """Deep nesting costs the stack of whoever walks it."""
    assert decode(encode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    with pytest.raises(ValueError, match="too deep"):
        encode(nested(MAX_DEPTH + 1))
    for depth in (MAX_DEPTH + 1, 500, 100_000):
        with pytest.raises(DecodeError):
            decode(b"\x81" * depth + b"\x00")
    assert decode(b"\x81" * 5 + b"\x00", depth=5) == nested(5)
    with pytest.raises(DecodeError):
        decode(b"\x81" * 6 + b"\x00", depth=5)


def test_size_is_looked_at_first() -> None:
    """Work is bounded by what the caller allows."""
    data = encode(b"x" * 100)
    assert decode(data, limit=len(data)) == b"x" * 100
    with pytest.raises(DecodeError):
        decode(data, limit=len(data) - 1)


def test_a_full_leaf_and_a_full_payload_pass() -> None:
    """256 rows, or 8,000 operations in one commit: real sizes of ours."""
    place = [b"w" * 8, 7, [b"p" * 16, "a name of some length.md"]]
    row = [b"i" * 16, 2, [place], [[b"w" * 8, 8, [b"l" * 64, 12345, b"d" * 32]]], [], [], {}]
    leaf = ["rows", [row] * 256]
    payload = [[b"i" * 16, "place", 1, [b"p" * 16, f"note {n}.md"]] for n in range(8000)]
    for value in (leaf, payload):
        assert decode(encode(value)) == value


class Colour(IntEnum):
    """A small enumeration."""

    RED = 3


class Pair(NamedTuple):
    """A named tuple."""

    left: int
    right: str


def test_tuples_and_enumerations_are_written_as_what_they_are() -> None:
    """The program is full of them."""
    assert decode(encode([Pair(1, "x"), Colour.RED, (1, 2)])) == [[1, "x"], 3, [1, 2]]


OBJECT = pytest.param(object(), id="object")


@pytest.mark.parametrize(
    "value",
    [1.5, {1: 2}, {1}, OBJECT, 2**63, -(2**63) - 1, "\ud800", [bytearray(b"x")], {"a": 0.5}],
    ids=repr,
)
def test_what_could_not_be_read_is_not_written(value: object) -> None:
    """Else our own bytes would be refused by everybody."""
    with pytest.raises(ValueError):  # noqa: PT011
        encode(value)


@given(cids)
def test_an_identifier_has_two_spellings_and_one_value(cid: Cid) -> None:
    """Read either, compare neither."""
    assert parse_cid(cid.to_bytes()) == cid
    assert parse_cid_text(cid.text()) == cid
    assert parse_cid_text(cid.text58()) == cid


@given(st.text(max_size=80) | cids.map(lambda cid: cid.text()[:-1] + "7"))
def test_no_other_text_is_an_identifier(text: str) -> None:
    """Unused bits at the end could make two texts of one."""
    try:
        cid = parse_cid_text(text)
    except DecodeError:
        return
    assert text in {cid.text(), cid.text58()}


@given(st.binary(max_size=60))
def test_no_other_bytes_are_an_identifier(data: bytes) -> None:
    """Numbers in a long form would give one thing two names."""
    try:
        cid = parse_cid(data)
    except DecodeError:
        return
    assert cid.to_bytes() == data


@given(st.binary(max_size=60))
def test_base58_has_one_spelling(data: bytes) -> None:
    """Zeros in front count."""
    assert base58_from(base58_of(data)) == data
