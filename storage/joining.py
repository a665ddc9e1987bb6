"""One text made of two notes that were begun apart: what `ChangeSet.unite` puts."""

from __future__ import annotations

from itertools import combinations

from blake3 import blake3

from storage.codec import dagcbor
from storage.codec.shape import items_of
from storage.contents import MAX_TEXT, Contents
from storage.errors import DecodeError
from storage.facts.slots import UNITED
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.text_union import joining
from storage.facts.values import Fact
from storage.facts.view import lineage_of, main_content


def united(contents: Contents, stays: EntryFacts, goes: EntryFacts) -> TextDocument | None:
    """Return the text of one note with all that another says too; None where that is too long.

    The documents are merged, so texts of one beginning become one as if they had never been two,
    and whatever comes late of either finds its place. Of two beginnings the later one loses what
    the other has as well. That change is made of the two beginnings alone and bears a name made
    of them: whoever makes it, and however often, it is the same.

    Raises:
        BlockNotFound, DecodeError: one of them cannot be read, or its beginning is not known.
    """
    document, other = contents.document(stays), contents.document(goes)
    document.take(other.snapshot())
    begun = {
        lineage: document.seed_version(lineage) for lineage in (*lineages(stays), *lineages(goes))
    }
    for one, another in combinations(sorted(begun), 2):
        _join(document, (one, another), (begun[one], begun[another]))
    return document if len(document.text.encode()) <= MAX_TEXT else None


def lineages(facts: EntryFacts) -> set[bytes]:
    """Return from which texts a note began: its own, and those that it took in.

    Raises:
        DecodeError: it is no text.
    """
    content = main_content(facts)
    if content is None or not content.is_text:
        raise DecodeError("a note that is no text")
    taken = [dots for name, dots in facts.items() if name.startswith(UNITED)]
    values = (it.value for dots in taken for it in dots.values() if isinstance(it, Fact))
    return {lineage_of(content), *(it for it in values if isinstance(it, bytes))}


def _join(
    document: TextDocument, lineages: tuple[bytes, bytes], versions: tuple[bytes, bytes]
) -> None:
    sitting = document.at(_both(*versions))
    pair = blake3(b"united" + b"".join(lineages)).digest()
    sitting.sit(int.from_bytes(pair[:8], "big") >> 1 or 2)
    before = sitting.version()
    first, second = (document.at(version).text for version in versions)
    if sitting.text != first + second:
        first, second = second, first
    sitting.edit(joining(first, second))
    document.take(sitting.since(before))


def _both(one: bytes, other: bytes) -> bytes:
    """Return the version that is two beginnings, of which neither knows of the other."""
    return dagcbor.encode([*items_of(dagcbor.decode(one)), *items_of(dagcbor.decode(other))])
