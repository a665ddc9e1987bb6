"""A note that is open in the fake app."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol

from app.values import Role, SpaceInfo
from storage.errors import AtollError, NotAllowed
from ui.models.sheet import units, whole
from ui.models.splices import Splice


class Behind(Protocol):
    """The part of the fake app that a note needs."""

    texts: dict[str, str]
    save_error: AtollError | None

    async def pause(self) -> None:
        """Wait while a test wants it."""
        ...

    def space_of(self, space: str) -> SpaceInfo:
        """Return one space."""
        ...


class FakeNote:
    """A note that is open."""

    def __init__(self, app: Behind, space: str, entry: str) -> None:
        self.space, self.entry = space, entry
        self.text = app.texts.get(entry, "")
        self.saves = 0
        self.closed = False
        self.splices: list[Splice] = []
        self._app = app
        self._undo: list[tuple[Splice, ...]] = []
        self._redo: list[tuple[Splice, ...]] = []

    async def splice(self, at: int, remove: int, insert: str) -> None:
        """Change the text."""
        await self.edit(((at, remove, insert),))

    async def edit(self, splices: tuple[Splice, ...]) -> None:
        """Change the text at several places, as one step."""
        await self._app.pause()
        back: list[Splice] = []
        for at, remove, insert in splices:
            removed = units(self.text)[at : at + remove]
            back.insert(0, (at, len(units(insert)), whole(removed)))
            self.splices.append((at, remove, insert))
            self._do([(at, remove, insert)])
        self._undo.append(tuple(back))
        self._redo.clear()

    async def receive(self, update: bytes) -> tuple[Splice, ...]:
        """Take what another typed: here, JSON splices."""
        await self._app.pause()
        splices = tuple((at, remove, insert) for at, remove, insert in json.loads(update))
        self._do(splices)
        return splices

    async def refresh(self) -> tuple[Splice, ...]:
        """Take what was saved elsewhere."""
        await self._app.pause()
        new = self._app.texts.get(self.entry, "")
        splices = () if new == self.text else ((0, len(units(self.text)), new),)
        self._do(splices)
        return splices

    async def save(self) -> None:
        """Keep the text."""
        await self._app.pause()
        if self._app.space_of(self.space).role is Role.VIEW:
            raise NotAllowed("may only view")
        if self._app.save_error is not None:
            raise self._app.save_error
        self.saves += 1
        self._app.texts[self.entry] = self.text

    async def undo(self) -> tuple[Splice, ...]:
        """Take back the last own edit."""
        await self._app.pause()
        return self._swap(self._undo, self._redo)

    async def redo(self) -> tuple[Splice, ...]:
        """Do it again."""
        await self._app.pause()
        return self._swap(self._redo, self._undo)

    async def close(self) -> None:
        """Close."""
        self.closed = True

    def _swap(
        self, from_: list[tuple[Splice, ...]], to: list[tuple[Splice, ...]]
    ) -> tuple[Splice, ...]:
        if not from_:
            return ()
        splices = from_.pop()
        back: list[Splice] = []
        for at, gone, new in splices:
            back.insert(0, (at, len(units(new)), whole(units(self.text)[at : at + gone])))
            self._do([(at, gone, new)])
        to.append(tuple(back))
        return splices

    def _do(self, splices: Sequence[Splice]) -> None:
        for at, remove, insert in splices:
            text = units(self.text)
            self.text = whole(text[:at] + units(insert) + text[at + remove :])
