"""Typing: a note that is open, saved when the typing pauses, merged while others type in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from weakref import WeakSet

from app.errands import Errands
from app.errors import NotText, Unreadable
from app.events import Event, NoteOpened
from app.files import entry_id
from app.opened import OpenSpace
from app.spaces import Kept, Spaces
from storage.errors import DecodeError, NotAllowed, NotFound
from storage.facts.change import EntryId
from storage.facts.pens import Pens, pen_at
from storage.facts.text import TextDocument
from storage.facts.values import Meta
from storage.ports import Clock, Entropy
from storage.vault import Vault

Splices = tuple[tuple[int, int, str], ...]
BILLION = 1_000_000_000
PEER_SIZE = 8


@dataclass(frozen=True, slots=True)
class Around:
    """What an open note tells the app."""

    live: Callable[[bytes], None]
    """Something was typed here: an update for whoever has the note open."""
    saved: Callable[[], None]
    """Something was committed here."""
    drafted: Callable[[str], None]
    """This device may not change the space: keep the text beside, as a draft."""
    closed: Callable[[], None]
    """Nobody types here any more."""
    left: Callable[[int, bytes], None] = lambda _peer, _version: None
    """All that a peer wrote here is saved; it is in that version, and the peer is free again."""


class TypedNote:
    """A note that someone has open. Lives on the app's loop."""

    def __init__(
        self,
        opened: OpenSpace,
        entry: EntryId,
        document: TextDocument,
        *,
        around: Around,
        clock: Clock,
        entropy: Entropy,
        peer: int | None = None,
    ) -> None:
        self._opened = opened
        self._entry = entry
        self._around = around
        self._clock = clock
        self._entropy = entropy
        self._peer = peer or self._new_peer()
        self._document = self._sit(document, self._peer)
        self._saved = document.version()
        self._typed = False

    @property
    def space(self) -> str:
        """The space it is in."""
        return self._opened.id

    @property
    def entry(self) -> str:
        """Which note it is."""
        return self._entry.hex()

    @property
    def text(self) -> str:
        """The text as it stands."""
        return self._document.text

    async def splice(self, at: int, remove: int, insert: str) -> None:
        """Type, or delete, at a place."""
        before = self._document.version()
        self._document.splice(at, remove, insert)
        self._send(before)

    async def edit(self, splices: Splices) -> None:
        """Do several splices, each told for the text after those before it, as one step."""
        before = self._document.version()
        self._document.edit(splices)
        self._send(before)

    async def receive(self, update: bytes) -> Splices:
        """Take what another typed."""
        return self._document.take(update)

    async def refresh(self) -> Splices:
        """Take what was committed elsewhere since."""
        fresh = await self._opened.run(lambda vault: vault.text(self._entry).document)
        if not fresh.has(self._saved):  # it does not grow from what we saved: another text
            return self._change_lineage(fresh)
        self._saved = fresh.version()
        return self._document.take(fresh.since(self._document.version()))

    async def save(self) -> None:
        """Commit what was typed here since the last time."""
        if not self._typed:
            return
        update, version = self._document.since(self._saved), self._document.version()
        self._typed = False
        try:
            await self._opened.run(lambda vault: self._commit(vault, update))
        except NotAllowed:
            self._around.drafted(self.text)
            raise
        except BaseException:
            self._typed = True
            raise
        self._saved = version
        self._around.saved()

    def say_again(self) -> None:
        """Send what was typed and not committed, for somebody who opened the note only now."""
        if self._typed:
            self._around.live(self._document.since(self._saved))

    async def undo(self) -> Splices:
        """Take back the last own edit."""
        before = self._document.version()
        splices = self._document.undo()
        self._send(before)
        return splices

    async def redo(self) -> Splices:
        """Do again what was taken back."""
        before = self._document.version()
        splices = self._document.redo()
        self._send(before)
        return splices

    async def close(self) -> None:
        """Save, and hear of it no more."""
        try:
            await self.save()
            if not self._typed:
                self._leave_pen()
        finally:
            self._around.closed()

    def _leave_pen(self) -> None:
        """Let who sits down next write on with our peer; here it is never used again."""
        peer, version = self._peer, self._document.version()
        self._peer = self._new_peer()
        self._sit(self._document, self._peer)
        self._around.left(peer, version)

    def _send(self, before: bytes) -> None:
        update = self._document.since(before)
        if self._document.version() != before:
            self._typed = True
            self._around.live(update)

    def _commit(self, vault: Vault, update: bytes) -> None:
        node = vault.tree().get(self._entry)
        executable = node is not None and node.executable
        change = vault.change()
        change.edit(self._entry, update, Meta(int(self._clock.now() * BILLION), executable))
        vault.commit(change, "edited")

    def _change_lineage(self, fresh: TextDocument) -> Splices:
        """The file was replaced as a whole meanwhile: go on from what is there now.

        What was typed here and not saved yet is brought together with it, so nothing is lost.
        """
        before = self.text
        saved, self._saved = self._document.at(self._saved).text, fresh.version()
        self._peer = self._new_peer()
        theirs, self._document = fresh.text, self._sit(fresh, self._peer)
        if self._typed:
            self._document.rewrite(self._together(saved, before, theirs))
        return as_splices(before, self.text)

    def _together(self, base: str, ours: str, theirs: str) -> str:
        """Return a text with what both made of another."""
        here = self._sit(TextDocument.seed(base), self._new_peer())
        begin = here.version()
        there = self._sit(here.at(begin), self._new_peer())
        here.rewrite(ours)
        there.rewrite(theirs)
        here.take(there.since(begin))
        return here.text

    @staticmethod
    def _sit(document: TextDocument, peer: int) -> TextDocument:
        document.sit(peer)
        return document

    def _new_peer(self) -> int:
        return int.from_bytes(self._entropy.take(PEER_SIZE), "big") >> 1 or 1


class Live(Protocol):
    """The part of sync that typing needs."""

    def live(self, space: bytes, entry: EntryId, update: bytes) -> None:
        """Send what was typed to whoever has the note open."""
        ...

    def open_note(self, space: bytes, entry: EntryId) -> None:
        """Hear of what others type in a note."""
        ...

    def close_note(self, space: bytes, entry: EntryId) -> None:
        """Hear of it no more."""
        ...


class Notes:
    """Opens notes for typing. Lives on the app's loop."""

    def __init__(self, spaces: Spaces, live: Live, clock: Clock, entropy: Entropy) -> None:
        self._spaces = spaces
        self._live = live
        self._clock = clock
        self._entropy = entropy
        self._pens = Pens()
        self._open: WeakSet[TypedNote] = WeakSet()
        self._errands = Errands()

    async def open(self, space: str, entry: str) -> TypedNote:
        """Open a text for typing.

        Raises:
            NotFound, NotText: there is none.
        """
        kept, wanted = self._spaces.get(space), entry_id(entry)
        document = await kept.opened.run(lambda vault: document_of(vault, wanted))
        version = document.version()
        self._live.open_note(kept.opened.key, wanted)
        note = TypedNote(
            kept.opened,
            wanted,
            document,
            around=self._around(kept, wanted),
            clock=self._clock,
            entropy=self._entropy,
            peer=self._pens.take(kept.opened.key + wanted, version, version),
        )
        self._open.add(note)
        return note

    def hear(self, event: Event) -> None:
        """Let who opens a note elsewhere have at once what is typed in it here."""
        if isinstance(event, NoteOpened):
            for note in tuple(self._open):
                if (note.space, note.entry) == (event.space, event.entry):
                    note.say_again()

    async def close(self) -> None:
        """Let what was saved last be written."""
        await self._errands.end()

    def _around(self, kept: Kept, entry: EntryId) -> Around:
        space = kept.opened.key
        return Around(
            live=lambda update: self._say(kept, entry, update),
            saved=lambda: self._errands.run(kept.in_step.committed_here(frozenset({entry}))),
            drafted=lambda text: self._errands.run(self._draft(kept, entry, text)),
            closed=lambda: self._live.close_note(space, entry),
            left=lambda peer, version: self._pens.put_back(
                space + entry, pen_at(peer, version), version
            ),
        )

    def _say(self, kept: Kept, entry: EntryId, update: bytes) -> None:
        """Send what was typed; what would follow on what is held stays here with it."""
        if not kept.opened.guard.pauses:
            self._live.live(kept.opened.key, entry, update)

    async def _draft(self, kept: Kept, entry: EntryId, text: str) -> None:
        """Write the text to the plain folder, where the mirror keeps it as a draft."""
        names = kept.opened.mirrored.agreed.path(entry)
        if names:
            path = kept.opened.folder.joinpath(*names)
            part = path.with_name(f".{path.name}.atoll~")
            await asyncio.to_thread(_write_beside, part, path, text)
            await kept.in_step.look(frozenset({names}))


def _write_beside(part: Path, path: Path, text: str) -> None:
    """Write a text and put it in place in one step, as editors do."""
    try:
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)
    except OSError as error:
        raise Unreadable(error.strerror or "not written", str(path)) from error


def document_of(vault: Vault, entry: EntryId) -> TextDocument:
    """Return the document of a note.

    Raises:
        NotFound: it is not there.
        NotText: it is a file, not a text.
    """
    node = vault.tree().get(entry)
    if node is None:
        raise NotFound("this note is not here any more")
    if not node.is_text:
        raise NotText("this file is no text")
    try:
        return vault.text(entry).document
    except DecodeError as error:
        raise NotText("this file is no text") from error


def as_splices(before: str, after: str) -> Splices:
    """Return the one splice that turns a text into another, in UTF-16 units."""
    if before == after:
        return ()
    limit = min(len(before), len(after))
    head = next((n for n in range(limit) if before[n] != after[n]), limit)
    rest = limit - head
    tail = next((n for n in range(rest) if before[-1 - n] != after[-1 - n]), rest)
    removed = before[head : len(before) - tail]
    return ((_units(before[:head]), _units(removed), after[head : len(after) - tail]),)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
