"""The laws of texts as bytes: one form of each edit and document, and nothing else is taken."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.codec import dagcbor
from storage.errors import DecodeError
from storage.facts.text import TextDocument
from storage.facts.text_wire import (
    MAX_BYTES,
    changes_from_bytes,
    changes_from_json,
    changes_to_bytes,
    changes_to_json,
    grown,
    updates_in,
)
from tests.helpers.texts import WORDS, edited


def update_of() -> bytes:
    """Return an edit of the text "abc"."""
    return edited(TextDocument.seed("abc"), "abc def", 5) or b""


@given(st.binary(max_size=200), st.integers(0))
def test_bytes_that_are_no_document_are_refused(noise: bytes, cut: int) -> None:
    """Loro's own errors are no Exceptions at all; ours is one."""
    document = TextDocument.seed("abc")
    update = update_of()
    for bad in (noise, b"loro" + noise, update[: cut % len(update)]):
        for use in (document.take, document.knows):
            with pytest.raises(DecodeError):
                use(bad)
        for ask in (document.since, document.at):
            with suppress(DecodeError):  # a version is short, and some noise is one
                ask(bad)
        with pytest.raises(DecodeError):
            TextDocument.load(bad)
        with pytest.raises(DecodeError):
            TextDocument.load(document.snapshot()).merge(document.snapshot(), bad)
    assert document.text == "abc"


@given(st.integers(0), st.integers(0, 255))
def test_an_update_with_a_changed_byte_is_refused_or_means_just_what_it_says(
    at: int, byte: int
) -> None:
    """There is one form of each update, and no bytes that break the document."""
    document = TextDocument.seed("abc")
    update = bytearray(update_of())
    update[at % len(update)] = byte
    try:
        changes = changes_from_bytes(bytes(update))
        assert changes_to_bytes(changes) == update
        assert changes_from_json(changes_to_json(changes)) == changes
        document.take(bytes(update))
    except DecodeError:
        return
    assert len(document.text) >= len("abc")
    assert TextDocument.load(document.snapshot()).text == document.text


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
def test_a_document_that_grew_is_the_one_that_is_written_at_once(story: list[str]) -> None:
    """It is put together from what it was and what came since, and nobody reads it for that."""
    document = TextDocument.seed("begin\n")
    written = document.snapshot()
    for number, word in enumerate(story):
        before = document.version()
        document.edit_from(b"", f"{document.text}{word}{number}\n", 7)
        written = grown(written, document.since(before))
    loaded = TextDocument.load(written)
    assert (loaded.text, loaded.version()) == (document.text, document.version())
    assert sum(map(len, updates_in(written))) < len(written)
    with pytest.raises(DecodeError):
        document.take(written)  # a whole document is no edit


def test_what_only_looks_like_a_document_that_grew_is_refused() -> None:
    """There is one form of it, of updates only, and no document inside another."""
    whole = TextDocument.seed("one\n").snapshot()
    twice = grown(whole, whole)
    for parts in ([], [whole], [whole, 1], [whole, b""], [twice, whole], whole):
        with pytest.raises(DecodeError):
            TextDocument.load(dagcbor.encode(["text", 2, parts]))
    for form in (["text", 3, [whole, whole]], ["text", True, [whole]], ["text", 2]):
        with pytest.raises(DecodeError):
            TextDocument.load(dagcbor.encode(form))
    with pytest.raises(DecodeError):
        grown(bytes(MAX_BYTES), whole)
