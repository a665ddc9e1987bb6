"""Texts: a Loro document made from an entry's contents and edits, and changed in a sitting.

All of Loro is behind this door; how it tells changes, behind storage.facts.text_delta. It raises
bare `BaseException`s, and may panic on changes made to hurt; here each becomes a `DecodeError`.
A document that raised one is not to be used on. Updates and snapshots are in the form of
storage.facts.text_wire, one like the other.

Positions are in UTF-16 units, as editors count. A *splice* is (at, remove, insert); of
several, each is meant for the text as the one before left it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress

from blake3 import blake3
from loro import (
    ID,
    CounterSpan,
    Diff,
    DiffEvent,
    IdSpan,
    LoroDoc,
    TextDelta,
    UndoManager,
    VersionVector,
)

from storage.errors import DecodeError
from storage.facts.steps import Step
from storage.facts.text_delta import Splice, splices_of
from storage.facts.text_diff import changes_between
from storage.facts.text_parts import Standing, check_deletes
from storage.facts.text_version import NOTHING, version_from_bytes, version_to_bytes
from storage.facts.text_wire import (
    MARK,
    SEED,
    TEXT,
    Change,
    changes_from_bytes,
    changes_from_json,
    changes_to_bytes,
    changes_to_json,
    updates_in,
)

MAX_UNDO = 1000

_PASS_ON = (KeyboardInterrupt, SystemExit, GeneratorExit)


class TextDocument:
    """One text with its history: it merges by character with what others did meanwhile."""

    def __init__(self, document: LoroDoc) -> None:
        self._document = document
        self._content = document.get_text(TEXT)
        self._undo: UndoManager | None = None
        self._step: Step | None = None
        self._known: tuple[int, dict[int, int]] = -1, {}
        self._token: tuple[int, bytes] = -1, b""
        """How far each peer is, and the token of that, when there were so many operations."""
        self._standing: Standing | None = None
        """What it holds if it is just what a document's bytes say, and that stands by itself."""

    @classmethod
    def seed(cls, text: str) -> TextDocument:
        """Return the document of a text that nobody has edited: the same on every device.

        The peer is derived from the text, so an edit of another text is never mistaken for
        one of this. An operation beside the text says so even when the text is empty.
        """
        document = _new_document()
        with _guarded("a text that is no text"):
            document.peer_id = _seed_peer(blake3(text.encode()).digest())
            document.get_map(SEED).insert(MARK, 1)
            if text:
                document.get_text(TEXT).insert(0, text)
            document.commit()
        return cls(document)

    @classmethod
    def load(cls, whole: bytes) -> TextDocument:
        """Return the document that these bytes say, part after part.

        Raises:
            DecodeError: they are none, or a part does not stand on those before it.
        """
        first, *others = updates_in(whole)
        changes = changes_from_bytes(first)
        found = cls(_new_document())
        with _guarded("not a document"):
            _import(found._document, changes)
        with suppress(DecodeError):
            standing = Standing()
            standing.add(changes)
            found._standing = standing
        for part in others:
            found._add(part)
        return found

    @property
    def stands(self) -> bool:
        """Whether it is just what a document's bytes say, and nothing in it waits for more."""
        return self._standing is not None

    def grow(self, parts: Iterable[bytes]) -> TextDocument:
        """Return what `load` gives of the bytes that this one is and these parts after them.

        Raises:
            DecodeError: a part does not stand on those before it.
        """
        with _guarded("a document that cannot be doubled"):
            found = TextDocument(self._document.fork())
        found._standing = self._standing and self._standing.copy()
        for part in parts:
            found._add(part)
        return found

    def _add(self, part: bytes) -> None:
        changes = changes_from_bytes(part)
        if self._standing is None:
            raise DecodeError("parts before it do not stand")
        self._standing.add(changes)
        with _guarded("not a document"):
            _take(self._document, changes)

    @property
    def text(self) -> str:
        """The text as it stands."""
        with _guarded("a document without text"):
            return self._content.to_string()

    def sit(self, peer: int) -> None:
        """Begin a sitting: changes made from now on are by this peer, and can be undone.

        `peer` is random and used for one sitting only: what is sent before it is durable
        may be lost in a crash, and its number must never stand for other text. Which
        splices are undone in one step is said in storage.facts.steps.
        """
        with _guarded("a peer out of bounds"):
            self._document.peer_id = peer
            self._undo = UndoManager(self._document)
            self._undo.set_max_undo_steps(MAX_UNDO)
            self._undo.set_merge_interval(0)
            self._step = None

    def splice(self, at: int, remove: int, insert: str) -> None:
        """Change the text at one place, in a sitting.

        Raises:
            DecodeError: beyond the text's end, or in the middle of a character.
        """
        assert self._undo is not None, "sit first"
        step = None if self._step is None else self._step.then(at, remove, insert)
        if step is None:
            self._end_step()
        with _guarded("a splice beyond the text"):
            if step is None:
                self._undo.group_start()
            self._content.splice_utf16(at, remove, insert)
            self._document.commit()
        self._step = step or Step.of(at, remove, insert)

    def edit(self, splices: Iterable[Splice]) -> None:
        """Do several splices in a sitting, as a step of their own. Raises as `splice` does."""
        assert self._undo is not None, "sit first"
        self._end_step()
        with _guarded("a splice beyond the text"):
            self._undo.group_start()
            for at, remove, insert in splices:
                self._content.splice_utf16(at, remove, insert)
            self._document.commit()
        self._end_step()

    def rewrite(self, text: str) -> None:
        """Make it this text, by the splices that a person would see in it; in a sitting."""
        assert self._undo is not None, "sit first"
        self._end_step()
        self._rewrite(text)

    def become(self, text: str, peer: int) -> bytes:
        """Make it this text outside of a sitting, by a peer; return the version that it is then."""
        with _guarded("a peer out of bounds"):
            self._document.peer_id = peer
        self._rewrite(text)
        return self.version()

    def _rewrite(self, text: str) -> None:
        with _guarded("a text that is no text"):
            moved = 0
            for at, remove, insert in changes_between(self._content.to_string(), text):
                self._content.splice(at + moved, remove, insert)
                moved += len(insert) - remove
            self._document.commit()

    def version(self) -> bytes:
        """Return a token of what is in here, for `since`, `at` and `edit_from`."""
        with _guarded("a document without version"):
            self._document.commit()
            ops = self._document.len_ops
            if self._token[0] != ops:
                self._token = ops, version_to_bytes(self._ends())
            return self._token[1]

    def seed_version(self, digest: bytes) -> bytes:
        """Return the version that the seed of a text was, by the BLAKE3 digest of that text.

        Raises:
            DecodeError: this document was not seeded so.
        """
        peer = _seed_peer(digest)
        with _guarded("a version of another text"):
            last = self._document.oplog_vv.get_last(peer)
        if last is None:
            raise DecodeError("a version of another text")
        return version_to_bytes({peer: last + 1})

    def since(self, version: bytes) -> bytes:
        """Return what came after that version, as an update for `take`.

        Raises:
            DecodeError: not a version.
        """
        start = version_from_bytes(version)
        changes: list[Change] = []
        with _guarded("a document that cannot be written"):
            self._document.commit()
            for peer, end in self._ends().items():
                if end > start.get(peer, 0):
                    span = IdSpan(peer, CounterSpan(start.get(peer, 0), end))
                    changes += changes_from_json(self._document.export_json_in_id_span(span))
        changes.sort(key=lambda change: (change.lamport, change.peer))
        return changes_to_bytes(changes)

    def take(self, update: bytes) -> tuple[Splice, ...]:
        """Take in an update or a snapshot, and return how the text changed.

        An update that builds on what is not here waits inside until that comes.

        Raises:
            DecodeError: not an update.
        """
        changes = changes_from_bytes(update)
        if changes:
            self._end_step()
        return self._watched("not an update", lambda: _import(self._document, changes))

    def merge(self, *updates: bytes) -> None:
        """Take in updates as `take` does, all at once, without saying how the text changed."""
        changes = [change for update in updates for change in changes_from_bytes(update)]
        if changes:
            self._end_step()
        with _guarded("not an update"):
            self._document.commit()
            _import(self._document, changes)

    def knows(self, update: bytes) -> bool:
        """Say whether all of an update is in here already.

        Raises:
            DecodeError: not an update.
        """
        changes = changes_from_bytes(update)
        with _guarded("a document without version"):
            self._document.commit()
            ends = self._ends()
        return all(ends.get(change.peer, 0) >= change.end for change in changes)

    def edit_from(self, base: bytes, text: str, peer: int) -> bytes | None:
        """Take in that someone made version `base` into this text; return that very version.

        What came since then stays, and is no part of it: it is `base` and this change alone,
        so a later change of `text` can be made from it. An empty `base` means the text as it
        stands. None means that nothing changed. `peer` is as for `sit`.

        Raises:
            DecodeError: a version of another text.
        """
        now = self.version()
        base = base or now
        apart = base != now or self._undo is not None
        sitting = self.at(base) if apart else self
        after = sitting.become(text, peer)
        if after == base:
            return None
        if apart:
            self.merge(sitting.since(base))
        return after

    def snapshot(self) -> bytes:
        """Return the whole document. Equal documents may give different bytes."""
        return self.since(NOTHING)

    def fork(self) -> TextDocument:
        """Return this document once more: what is done to one is not done to the other."""
        with _guarded("a document that cannot be doubled"):
            self._document.commit()
            copy = TextDocument(self._document.fork())
        copy._known, copy._token = self._known, self._token
        return copy

    def at(self, version: bytes) -> TextDocument:
        """Return the document as it was at that version, apart from this one.

        Raises:
            DecodeError: not a version of this document.
        """
        ends = version_from_bytes(version)
        with _guarded("not a version"):
            self._document.commit()
            held = self._ends()
            if ends == held:
                return self.fork()
            if not _includes(held, ends):
                raise DecodeError("a version of another text")
            frontiers = self._document.vv_to_frontiers(_vector(ends))
            return TextDocument(self._document.fork_at(frontiers))

    def has(self, version: bytes) -> bool:
        """Say whether that is a version of this document."""
        try:
            ends = version_from_bytes(version)
        except DecodeError:
            return False
        with _guarded("a document without version"):
            self._document.commit()
            return _includes(self._ends(), ends)

    def _ends(self) -> dict[int, int]:
        """Return the counter that each peer's next op takes."""
        ops = self._document.len_ops
        if self._known[0] != ops:
            spans = self._document.oplog_vv.to_spans().inner()
            self._known = ops, {peer: span[1] for peer, span in spans.items()}
        return self._known[1]

    def undo(self) -> tuple[Splice, ...]:
        """Take back this sitting's last step, not what others did; return what changed."""
        self._end_step()
        undo = self._undo
        return self._watched("nothing to undo", undo.undo) if undo is not None else ()

    def redo(self) -> tuple[Splice, ...]:
        """Do again what was undone last; return what changed."""
        self._end_step()
        undo = self._undo
        return self._watched("nothing to redo", undo.redo) if undo is not None else ()

    def _end_step(self) -> None:
        self._step = None
        if self._undo is not None:
            with _guarded("a step that does not end"):
                self._undo.group_end()

    def _watched(self, what: str, change: Callable[[], object]) -> tuple[Splice, ...]:
        """Do something, and return how the text changed by it."""
        deltas: list[list[TextDelta]] = []

        def watch(event: DiffEvent) -> None:
            deltas.extend(
                part.diff.diff for part in event.events if isinstance(part.diff, Diff.Text)
            )

        with _guarded(what):
            self._document.commit()
            before = self._content.to_string()
            watching = self._content.subscribe(watch)
            try:
                change()
            finally:
                if watching is not None:
                    watching.unsubscribe()
        found: list[Splice] = []
        for number, delta in enumerate(deltas):
            splices = list(splices_of(before, delta))
            found += splices
            if number + 1 < len(deltas):
                before = apply_splices(before, splices)
        return tuple(found)


def compact(document: TextDocument) -> tuple[str, bytes]:
    """Return the plain text and the whole document that stand for a content and its edits.

    Always both: a document remembers deleted words, and a text is what everyone can read.
    """
    return document.text, document.snapshot()


def apply_splices(text: str, splices: Iterable[Splice]) -> str:
    """Return the text after these splices."""
    units = text.encode("utf-16-le", "surrogatepass")
    for at, remove, insert in splices:
        added = insert.encode("utf-16-le", "surrogatepass")
        units = units[: at * 2] + added + units[(at + remove) * 2 :]
    return units.decode("utf-16-le", "surrogatepass")


def _new_document() -> LoroDoc:
    return LoroDoc()  # type: ignore[no-untyped-call]  # its stub forgot to say


def _import(document: LoroDoc, changes: Iterable[Change]) -> None:
    changes = list(changes)
    held = document.oplog_vv
    check_deletes(changes, document.len_ops, lambda peer: (held.get_last(peer) or 0) + 1)
    _take(document, changes)


def _take(document: LoroDoc, changes: Iterable[Change]) -> None:
    document.import_json_updates(changes_to_json(changes))


def _includes(held: Mapping[int, int], ends: Mapping[int, int]) -> bool:
    return all(held.get(peer, 0) >= end for peer, end in ends.items())


def _vector(ends: Mapping[int, int]) -> VersionVector:
    vector = VersionVector()  # type: ignore[no-untyped-call]  # as LoroDoc
    for peer, end in ends.items():
        vector.set_end(ID(peer, end))
    return vector


def _seed_peer(digest: bytes) -> int:
    """Return the peer that seeds a text; not 0, and below what Loro keeps for itself."""
    return int.from_bytes(digest[:8], "big") >> 1 or 1


@contextmanager
def _guarded(what: str) -> Generator[None]:
    """Turn whatever Loro raises into a DecodeError. It raises bare BaseExceptions, panics too."""
    try:
        yield
    except (DecodeError, *_PASS_ON):
        raise
    except BaseException as error:
        raise DecodeError(what) from error
