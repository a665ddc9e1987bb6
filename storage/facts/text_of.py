"""The text that facts make: their documents and edits brought together, a pure function of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from storage.crypto.link import Link
from storage.errors import DecodeError
from storage.facts.dots import Dot
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.text_wire import updates_in
from storage.facts.values import Content, Edit
from storage.facts.view import version_of


def text_of(
    facts: EntryFacts,
    plain: Callable[[Content], str],
    fetch: Callable[[Link], bytes],
    dot: Dot | None = None,
) -> TextDocument:
    """Return the text of an entry, or of its side version `dot`: a pure function of the facts.

    `plain` reads the plain text of a content, `fetch` what a link to a document or an edit
    opens. Contents of one lineage are brought together, and all edits are made on them.
    An edit that no document takes is left out, and a document that is none is replaced by
    the plain text beside it: what one member broke is not lost to the others.

    Raises:
        DecodeError: the entry has no text.
    """
    contents, edits = version_of(facts, dot)
    texts = [
        value
        for _, value in sorted(contents.items(), key=lambda item: item[0].rank, reverse=True)
        if isinstance(value, Content) and value.is_text
    ]
    if not texts:
        raise DecodeError("an entry without text")
    changes = [
        fetch(edit.update) if isinstance(edit.update, Link) else edit.update
        for _, edit in sorted(edits.items(), key=lambda item: item[0].rank)
        if isinstance(edit, Edit)
    ]
    documents = [fetch(content.document) for content in texts if content.document is not None]
    found = _gathered(documents, changes)
    if found is None:
        seed = TextDocument.seed(plain(texts[0]))
        found = _gathered([seed.snapshot()], changes) if changes else seed
    assert found is not None, "a seed is a document"
    return found


def _gathered(documents: Sequence[bytes], updates: Sequence[bytes]) -> TextDocument | None:
    """Return what the parts make together, as far as they go; None without any document.

    The first document is read as it is alone, and all the rest is taken to it at once: just so
    goes who has the first at hand.
    """
    good: list[bytes] = []
    found: TextDocument | None = None
    for whole in documents:
        with suppress(DecodeError):
            read = TextDocument.load(whole)
            good.append(whole)
            found = found or read
    if found is None:
        return None
    rest = [*map(updates_in, good[1:]), *([update] for update in updates)]
    try:
        found.merge(*(update for group in rest for update in group))
    except DecodeError:
        return _one_by_one(good[0], rest)
    return found


def _one_by_one(whole: bytes, rest: Sequence[Sequence[bytes]]) -> TextDocument:
    found = TextDocument.load(whole)
    good: list[Sequence[bytes]] = []
    for updates in rest:
        try:
            found.merge(*updates)
        except DecodeError:
            found = TextDocument.load(whole)  # nobody knows what it left in the one before
            for taken in good:
                found.merge(*taken)
        else:
            good.append(updates)
    return found
