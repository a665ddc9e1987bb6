"""What files hold: storing, reading, texts with their edits, and what is still to come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from itertools import accumulate
from weakref import WeakValueDictionary

from blake3 import blake3

from storage.blocks.store import BlockStore, Kind, Thing
from storage.crypto.link import Link
from storage.errors import BlockNotFound, DecodeError, NotKept
from storage.facts.dots import Dot, Writer
from storage.facts.pens import Pens
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.text_of import text_of
from storage.facts.text_wire import grown, updates_in
from storage.facts.values import Content, Edit
from storage.facts.view import content_version, main_content, sides, version_of
from storage.tree.chunker import Source
from storage.tree.content import (
    read_bytes,
    read_content,
    store_bytes,
    store_content,
    wanted,
    wanted_below,
)

MAX_TEXT = 2 * 1024 * 1024
_SEED = b"seed:"
"""Begins a token of a text that nobody has edited; its digest follows."""
_ALONE = Dot(Writer(bytes(8)), 1)
MAX_AT_HAND = 256
"""Documents kept at hand: making one takes longer than all the rest of an edit."""
FEW_AT_HAND = 8
MAX_TEXT_AT_HAND = 1 << 20
"""Letters in all of them; a few are kept however long they are."""
MAX_DOCUMENT = 32 * 1024 * 1024


def text_in(data: bytes) -> str | None:
    """Return the text that these bytes are, None when they are none."""
    if len(data) > MAX_TEXT or b"\0" in data:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


class Contents:
    """Turns bytes into sealed blocks and back."""

    def __init__(
        self,
        blocks: BlockStore,
        secret: Callable[[], bytes],
        is_gone: Callable[[bytes], bool] = lambda _digest: False,
    ) -> None:
        self._secret = secret
        self._is_gone = is_gone
        """Says whether a block opened a version that is not kept any more."""
        self._documents: dict[bytes, tuple[TextDocument, int]] = {}
        self._at_hand = 0
        """The last ones asked for, by what they were made of; never handed out themselves."""
        self._written: WeakValueDictionary[bytes, TextDocument] = WeakValueDictionary()
        """Those at hand that are just one document, by the name of that."""
        self.pens = Pens()
        """Which peers write on in texts that this process wrote in."""
        self.in_flight: dict[bytes, tuple[bytes, ...]] = {}
        """Blocks of contents that no commit has named yet, by what opens each content."""
        self.use(blocks)

    def use(self, blocks: BlockStore) -> None:
        """Go on with another store, that was opened on the same packs."""
        self._blocks = blocks
        self.pens.forget()
        self.fresh: list[bytes] = []
        """Addresses of blocks stored since the last commit, for the record to name."""

    def store(self, source: Source) -> Content:
        """Seal what source gives; durable with the commit that names it."""
        held = len(self.fresh)
        try:
            content = store_content(source, put=self._stage, secret=self._secret())
        except BaseException:
            del self.fresh[held:]  # no record is to name what is part of nothing
            raise
        if content.link is not None:
            self.in_flight[content.link.digest] = tuple(self.fresh[held:])
        return content

    def store_bytes(self, data: bytes) -> Content:
        """Seal bytes."""
        return self.store(BytesIO(data))

    def secret(self) -> bytes:
        """Return what contents are sealed under now."""
        return self._secret()

    def keep(self, blocks: Iterable[bytes]) -> None:
        """Keep blocks that were sealed beside; durable with the commit that names them."""
        held = len(self.fresh)
        for block in blocks:
            self._stage(block)
        if len(self.fresh) > held:  # what opens it comes last
            self.in_flight[self.fresh[-1]] = tuple(self.fresh[held:])

    def landed(self, tops: Iterable[bytes]) -> None:
        """Hear which contents a commit has named."""
        for digest in tops:
            self.in_flight.pop(digest, None)

    def read(self, facts: EntryFacts, dot: Dot | None = None) -> Iterator[bytes]:
        """Yield the bytes that an entry (or its side version `dot`) holds, edits included.

        Raises:
            BlockNotFound: not all of it is on this device.
            CorruptBlock: a block is damaged.
        """
        main = sides(facts)[0] if dot is None else dot
        content = facts.get("content", {}).get(main) if main is not None else None
        if not isinstance(content, Content):
            return
        if content.is_text and is_edited(facts):
            yield self.look(facts, dot).text.encode()
        else:
            yield from self.plain(content)

    def plain(self, content: Content) -> Iterator[bytes]:
        """Yield the bytes of a content, without edits.

        Raises:
            NotKept: it is an older version that is kept no more.
            BlockNotFound, CorruptBlock, DecodeError: as `read`.
        """
        try:
            yield from read_content(content, self._blocks.get)
        except BlockNotFound as error:
            raise self._missing(content.link, error) from error

    def document(self, facts: EntryFacts, dot: Dot | None = None) -> TextDocument:
        """Return the text of an entry, or of its side version, with all edits brought together.

        Raises:
            BlockNotFound: not all of it is on this device.
            DecodeError: an edit or document is malformed.
        """
        return self.look(facts, dot).fork()

    def look(self, facts: EntryFacts, dot: Dot | None = None) -> TextDocument:
        """Return what `document` does, to look at and not to change: it stays at hand."""
        key = _key_of(facts, dot)
        found = self._forget(key)
        if found is None:
            found = self._made_of(facts, dot)
        self._keep(key, found)
        return found

    def _made_of(self, facts: EntryFacts, dot: Dot | None) -> TextDocument:
        found = self._grown_from(facts, dot)
        return found or text_of(facts, self._plain_text, self._fetch, dot)

    def _grown_from(self, facts: EntryFacts, dot: Dot | None) -> TextDocument | None:
        """Return the text as one that is at hand and what came since; None when that is not all.

        What others save often is a few edits more, or a document that grew by a few. Each step
        is one that `text_of` does too, so that nobody reads another text for what he has at hand.
        """
        contents, edits = version_of(facts, dot)
        content = next(iter(contents.values()), None)
        if len(contents) != 1 or not isinstance(content, Content) or not content.is_text:
            return None
        with suppress(DecodeError):
            if edits:
                alone = self.look(_alone(content))
                if content.document is not None and not alone.stands:
                    return None  # its plain text stands for it, or something in it waits for more
                made = alone.fork()
                made.merge(*(self._update(edits[at]) for at in sorted(edits, key=_rank)))
                return made
            if content.document is not None:
                return self._grown_document(self._fetch(content.document))
        return None

    def _grown_document(self, document: bytes) -> TextDocument:
        """Return a document, as the one that it grew from if that is at hand."""
        updates = updates_in(document)
        names = _names(updates)
        held = next((n for n in range(len(names), 0, -1) if names[n - 1] in self._written), 0)
        earlier = self._written.get(names[held - 1]) if held else None
        found = earlier.grow(updates[held:]) if earlier is not None else TextDocument.load(document)
        self._written[names[-1]] = found
        return found

    def remember(self, facts: EntryFacts, document: TextDocument) -> None:
        """Keep at hand the document that these facts make: it was just saved, and read back.

        Nobody may change it from now on. What was read back itself is rather kept.
        """
        key = _key_of(facts, None)
        if key not in self._documents:
            self._keep(key, document)

    def _keep(self, key: bytes, document: TextDocument) -> None:
        self._forget(key)
        letters = len(document.text)
        self._documents[key] = document, letters
        self._at_hand += letters
        while len(self._documents) > (
            MAX_AT_HAND if self._at_hand <= MAX_TEXT_AT_HAND else FEW_AT_HAND
        ):
            self._forget(next(iter(self._documents)))

    def _forget(self, key: bytes) -> TextDocument | None:
        document, letters = self._documents.pop(key, (None, 0))
        self._at_hand -= letters
        return document

    def base(self, facts: EntryFacts) -> bytes:
        """Return a token of an entry's present text, without a document where nobody edited."""
        content = main_content(facts)
        if content is None or not content.is_text:
            return b""
        if is_edited(facts) or content.document is not None:
            return self.look(facts).version()
        return seed_token(content.digest)

    def version_named(self, document: TextDocument, base: bytes) -> bytes:
        """Return the version of the document that a token of `base` names.

        Empty (the present one) when it is of another text: what was there stays in history.
        """
        try:
            if base.startswith(_SEED):
                return document.seed_version(base.removeprefix(_SEED))
        except DecodeError:
            return b""
        return base if base and document.has(base) else b""

    def plain_version(self, content: Content, document: TextDocument) -> bytes:
        """Return which version of a document a content alone is, without any edit."""
        if content.document is None:
            try:
                return document.seed_version(content.digest)
            except DecodeError:
                pass  # the document was made from another content of the lineage
        return self.look(_alone(content)).version()

    def reads_back(self, content: Content, update: bytes, text: str) -> bool:
        """Say whether a content with one edit, or without, gives exactly this text again.

        Whoever saves a text looks first: an edit that reading left out would be words lost. It
        is read as everyone reads it who has what stood there before at hand.
        """
        facts = _alone(content)
        try:
            if update:
                edited: EntryFacts = {**facts, "edits": {_ALONE: Edit(_ALONE, update)}}
                return self._made_of(edited, None).text == text
            return self.look(facts).text == text
        except DecodeError:
            return False

    def compact(self, before: Content, document: TextDocument, update: bytes) -> Content:
        """Store a text and its document as one content of the same lineage.

        `update` is what the document has beyond `before`; where that is a document too, this
        one is written as that and the update, so that a long history costs nothing to go on.
        """
        grew = self._grown(before, update)
        if grew is None or grew[1].text != document.text:
            return self._with_document(before, document, document.snapshot())
        content = self._with_document(before, document, grew[0])
        self._keep(_key_of(_alone(content), None), grew[1])
        return content

    def _grown(self, before: Content, update: bytes) -> tuple[bytes, TextDocument] | None:
        """Return a document as what it was and an update, and as it is read; None if it is not."""
        if before.document is None:
            return None
        alone = self.look(_alone(before))  # so that it is at hand while the longer one is read
        with suppress(BlockNotFound, DecodeError):
            whole = grown(self._fetch(before.document), update)
            return (whole, self._grown_document(whole)) if alone.stands else None
        return None

    def _with_document(self, before: Content, document: TextDocument, whole: bytes) -> Content:
        held = len(self.fresh)
        link = store_bytes(whole, put=self._stage, secret=self._secret())
        self.in_flight[link.digest] = tuple(self.fresh[held:])
        plain = self.store_bytes(document.text.encode())
        lineage = before.lineage or before.digest
        return Content(plain.link, plain.size, plain.digest, True, link, lineage)

    def flatten(self, facts: EntryFacts) -> Content:
        """Return what an entry holds as one plain content, a lineage of its own."""
        content = main_content(facts)
        if content is None:
            raise DecodeError("an entry without content")
        if content.is_text and is_edited(facts):
            return self.store_bytes(self.look(facts).text.encode())
        return Content(content.link, content.size, content.digest, content.is_text)

    def missing(self, facts: EntryFacts) -> Iterator[tuple[bytes, int]]:
        """Yield what is still to be fetched, as far as what is here tells it.

        Each address comes with the bytes of content behind it.
        """
        for content in facts.get("content", {}).values():
            assert isinstance(content, Content)
            yield from wanted(content, self._blocks)
            if content.document is not None:
                yield from wanted_below(content.document, self._blocks)
        for edit in facts.get("edits", {}).values():
            assert isinstance(edit, Edit)
            if isinstance(edit.update, Link):
                yield from wanted_below(edit.update, self._blocks)

    def take_fresh(self) -> list[bytes]:
        """Return the addresses staged since last asked."""
        fresh, self.fresh = self.fresh, []
        return fresh

    def _update(self, edit: object) -> bytes:
        assert isinstance(edit, Edit)
        return self._fetch(edit.update) if isinstance(edit.update, Link) else edit.update

    def _plain_text(self, content: Content) -> str:
        try:
            return b"".join(self.plain(content)).decode()
        except UnicodeDecodeError as error:
            raise DecodeError("a text that is no UTF-8") from error

    def _fetch(self, link: Link) -> bytes:
        try:
            return read_bytes(link, self._blocks.get, limit=MAX_DOCUMENT)
        except BlockNotFound as error:
            raise self._missing(link, error) from error

    def _missing(self, link: Link | None, error: BlockNotFound) -> BlockNotFound:
        """Return what to say of a block that is not here, of what a link opens."""
        is_gone = link is not None and self._is_gone(link.digest)
        return NotKept(error.digest) if is_gone else error

    def _stage(self, sealed: bytes) -> None:
        self.fresh.append(self._blocks.add(Thing(Kind.BLOCK, sealed)))


def is_edited(facts: EntryFacts) -> bool:
    """Say whether an entry's text is more than the plain text of one content."""
    if facts.get("edits"):
        return True
    contents = facts.get("content", {})
    return len({c.digest for c in contents.values() if isinstance(c, Content)}) > 1


def _names(updates: Iterable[bytes]) -> list[bytes]:
    """Return a name of each document that a document grew from, and of itself."""
    digests = (blake3(update).digest() for update in updates)
    return list(accumulate(digests, lambda name, digest: blake3(name + digest).digest()))


def _rank(dot: Dot) -> tuple[int, bytes]:
    return dot.rank


def _alone(content: Content) -> EntryFacts:
    return {"content": {_ALONE: content}}


def seed_token(digest: bytes) -> bytes:
    """Return the token of a text that nobody has edited, by its digest."""
    return _SEED + digest


def _key_of(facts: EntryFacts, dot: Dot | None) -> bytes:
    """Return what a document is kept at hand by: all that it is made of.

    Dots do not tell the edits of two entries apart that one record wrote, and of one text that
    nobody edited they tell nothing.
    """
    contents = facts.get("content", {}).values()
    if len(contents) == 1 and not facts.get("edits"):
        (only,) = contents
        if isinstance(only, Content) and only.is_text:
            facts, dot = _alone(only), None
    links = sorted(c.document.digest for c in contents if isinstance(c, Content) and c.document)
    edits = facts.get("edits", {}).values()
    updates = (e.update for e in edits if isinstance(e, Edit))
    made = sorted(u.digest if isinstance(u, Link) else blake3(u).digest() for u in updates)
    return content_version(facts, dot) + b"".join((*links, *made))
