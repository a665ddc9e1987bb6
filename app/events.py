"""What happened: frozen facts that the app tells whoever listens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.progress import Progress


@dataclass(frozen=True, slots=True)
class SpaceChanged:
    """Entries of a space changed, here or from a peer. Ids are hex; empty means: look again."""

    space: str
    entries: frozenset[str]
    remote: bool


@dataclass(frozen=True, slots=True)
class SpacesChanged:
    """A space was added, joined, left or renamed."""


@dataclass(frozen=True, slots=True)
class DeliveryChanged:
    """What others hold of a space changed, or a transfer moved."""

    space: str


@dataclass(frozen=True, slots=True)
class DevicesChanged:
    """A device came near, went, or was named."""


@dataclass(frozen=True, slots=True)
class TextArrived:
    """Someone typed in a note that is open here. `update` is a text update of the document."""

    space: str
    entry: str
    update: bytes
    by: str


@dataclass(frozen=True, slots=True)
class NoteOpened:
    """Another device opened a note that is open here."""

    space: str
    entry: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something went wrong in the background; `code` has words."""

    code: str
    detail: str
    space: str = ""
    by: str = ""
    """The name of the device that sent what was not taken, or empty."""


@dataclass(frozen=True, slots=True)
class Working:
    """Background work moved on, or (None) ended."""

    space: str
    progress: Progress | None


Event = (
    SpaceChanged
    | SpacesChanged
    | DeliveryChanged
    | DevicesChanged
    | TextArrived
    | NoteOpened
    | Trouble
    | Working
)
Listener = Callable[[Event], None]


class EventHub:
    """Tells every listener, in the order they came. Lives on the app's loop only."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Start telling listener; call what is returned to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def tell(self, event: Event) -> None:
        """Tell everyone."""
        for listener in tuple(self._listeners):
            listener(event)
