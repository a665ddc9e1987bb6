"""Where the thing on the page is: the delivery sentence, kept true."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.events import DeliveryChanged, DevicesChanged, Event, SpaceChanged
from app.values import Delivery, Reach
from app.whereabouts import delivery_sentence
from ui.below import Below
from ui.models.pace import Pace
from ui.models.question import Question


class Where(QObject):
    """Asks for the delivery of one entry or space, and again whenever it may have changed."""

    changed = Signal()

    def __init__(self, below: Below, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.delivery: Delivery | None = None
        self._below = below
        self._space = ""
        self._entry: str | None = None
        self._pace = Pace()
        self._question = Question(below.runner, self._ask, self)
        self._question.answered.connect(self._on_answer)

    @property
    def sentence(self) -> str:
        """The footer's sentence, empty while nothing is known."""
        if self.delivery is None:
            return ""
        left = None
        if self.delivery.reach is Reach.SENDING:
            left = self._pace.left(self.delivery.total_bytes)
        return delivery_sentence(self.delivery, self._below.now(), left)

    def look_at(self, space: str, entry: str | None = None) -> None:
        """Turn to something else; an empty space means: nothing."""
        if (space, entry) == (self._space, self._entry):
            return
        self._space, self._entry = space, entry
        self._pace = Pace()
        self._question.forget()
        if space:
            self._question.ask()
        else:
            self.delivery = None
            self.changed.emit()

    def on_event(self, happened: Event) -> None:
        """Hear what happened."""
        match happened:
            case DeliveryChanged(space=self._space) | SpaceChanged(space=self._space):
                self._ask_if_any()
            case DevicesChanged():
                self._ask_if_any()
            case _:
                pass

    def _ask_if_any(self) -> None:
        if self._space:
            self._question.ask()

    async def _ask(self) -> Delivery:
        return await self._below.app.delivery(self._space, self._entry)

    def _on_answer(self, delivery: object) -> None:
        assert isinstance(delivery, Delivery)
        self.delivery = delivery
        self._pace.at(self._below.now(), delivery.done_bytes)
        self.changed.emit()
