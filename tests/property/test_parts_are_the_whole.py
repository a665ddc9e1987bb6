"""Bytes put together from encoded parts are the bytes of the whole."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from storage.codec.dagcbor import encode
from storage.codec.heads import ARRAY, BYTES, UNSIGNED, head, text
from storage.crypto.link import Link
from storage.facts.change import Add, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot, Writer
from storage.facts.values import (
    Content,
    Edit,
    EntryKind,
    Fact,
    Keep,
    Kind,
    Meta,
    Place,
    Value,
    value_bytes,
    value_to_cbor,
)
from storage.facts.wire import operations_bytes, operations_to_cbor

entries = st.binary(min_size=16, max_size=16).map(EntryId)
names = st.text(
    st.characters(blacklist_characters="/\\\0", blacklist_categories=["Cs"]), min_size=1
)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.binary()
digests = st.binary(min_size=32, max_size=32)
links = st.builds(Link, digests, digests)
values: st.SearchStrategy[Value] = st.one_of(
    st.builds(Kind, st.sampled_from(EntryKind)),
    st.builds(
        Content,
        st.none() | links,
        st.integers(0, 2**63 - 1),
        digests,
        st.booleans(),
        st.none() | links,
        st.just(b"") | digests,
    ),
    scalars.map(Fact),
    st.builds(Place, entries, names),
    st.builds(Meta, st.integers(-(2**63), 2**63 - 1), st.booleans()),
    st.lists(names, min_size=1, max_size=5).map(tuple).map(Keep),
    st.binary(min_size=1, max_size=300).map(lambda b: Edit(Dot(Writer(bytes(8)), 1), b)),
)
operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Put, entries, st.text(max_size=20), values),
    st.builds(Add, entries, st.text(max_size=20), values),
    st.builds(Drop, entries, st.none() | st.text(max_size=20)),
)


@given(st.integers(0, 2**64 - 1), st.integers(0, 300), st.text(max_size=300))
def test_a_head_is_as_short_as_can_be(number: int, size: int, word: str) -> None:
    """Else what we write would be refused by our own gate."""
    if number < 2**63:
        assert head(UNSIGNED, number) == encode(number)
    assert head(BYTES, size) + bytes(size) == encode(bytes(size))
    assert head(ARRAY, size) + encode(0) * size == encode([0] * size)
    assert text(word) == encode(word)


@given(st.lists(values))
def test_a_value_has_its_own_bytes_whatever_was_encoded_before(several: list[Value]) -> None:
    """Some values are equal and are not the same: true and one."""
    for value in (*several, Fact(value=True), Fact(1), Fact(value=False), Fact(0)):
        assert value_bytes(value) == encode(value_to_cbor(value))


@given(st.lists(operations))
def test_operations_are_encoded_as_their_form_says(several: list[Operation]) -> None:
    """The quick way and the plain way are one."""
    assert operations_bytes(several) == encode(operations_to_cbor(several))
