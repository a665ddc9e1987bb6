"""Searching as someone types: an older question's answer is never shown."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QObject, QTimer, Signal

from app.values import Hit
from app.words import DOT
from ui.below import Below
from ui.models.question import Question
from ui.models.rows import Item, Row, RowModel
from ui.words import tr

WAIT_MS = 60
LIMIT = 100
FOUND_FROM, FOUND_TO = "\x02", "\x03"


class Searching(QObject):
    """Words in, finds out."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, below: Below, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.words = ""
        self.rows = RowModel(self._draw, self)
        self.names: dict[str, str] = {}
        """Space id → name, for the rows."""
        self._below = below
        self._question = Question(below.runner, self._ask, self)
        self._question.answered.connect(self._on_hits)
        self._question.failed.connect(self.failed)
        self._wait = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._wait.timeout.connect(self._question.ask_anew)

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come."""
        return self._wait.isActive() or self._question.open

    def look_for(self, words: str) -> None:
        """Look for these words now."""
        self.words = " ".join(words.split())
        if self.words:
            self._wait.start()
        else:
            self._wait.stop()
            self._question.forget()
            self._on_hits(())

    def hit(self, key: str) -> Hit | None:
        """Return the find of a row."""
        thing = self.rows.thing(key)
        return thing if isinstance(thing, Hit) else None

    async def _ask(self) -> tuple[Hit, ...]:
        return await self._below.app.search(self.words, None, LIMIT)

    def _on_hits(self, hits: object) -> None:
        found = cast("tuple[Hit, ...]", hits)
        self.rows.show([Item(f"{hit.space}/{hit.id}", hit) for hit in found])
        self.changed.emit()

    def _draw(self, thing: object) -> Row:
        assert isinstance(thing, Hit)
        name = thing.path[-1].removesuffix(".md") if thing.path else ""
        plain = thing.snippet.replace(FOUND_FROM, "").replace(FOUND_TO, "")
        place = DOT.join(
            part for part in (self.names.get(thing.space, ""), *thing.path[:-1]) if part
        )
        return Row(
            name,
            " ".join(thing.snippet.split()),
            spoken=f"{name}, {tr('in')} {place}: {plain}",
            aside=place,
        )
