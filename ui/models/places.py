"""The sidebar: search, recent, the folders with their people, bin and devices."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import cast

from PySide6.QtCore import QObject, QTimer, Signal

from app.events import DeliveryChanged, DevicesChanged, Event, SpaceChanged, SpacesChanged
from app.values import Mirroring, SpaceInfo
from app.words import list_words
from ui.below import Below
from ui.models.question import Question
from ui.models.rows import Item, Row, RowModel
from ui.words import others_of, space_icon, space_spoken, tr

GATHER_MS = 150


class Place(Enum):
    """What is not a folder."""

    SEARCH = "search"
    RECENT = "recent"
    BIN = "bin"
    DEVICES = "devices"


SPACE = "space:"


def key_of(place: Place | str) -> str:
    """Return the row's key of a place, or of a space's id."""
    return place.value if isinstance(place, Place) else SPACE + place


class Places(QObject):
    """Every place one can be."""

    loaded = Signal()
    """The folders are known, for the first time or anew."""
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.spaces: tuple[SpaceInfo, ...] = ()
        self.known = False
        self.rows = RowModel(_draw, self)
        self._question: Question | None = None
        self._gather = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._gather.timeout.connect(self.refresh)
        self._show()

    @property
    def alone(self) -> bool:
        """Whether no folder is shared with anyone."""
        return not any(others_of(space) for space in self.spaces)

    def attach(self, below: Below) -> None:
        """Begin to ask the app."""
        self._question = Question(below.runner, below.app.spaces, self)
        self._question.answered.connect(self._on_spaces)
        self._question.failed.connect(self.failed)
        self.refresh()

    def refresh(self) -> None:
        """Ask again."""
        if self._question is not None:
            self._question.ask()

    def space(self, id_: str) -> SpaceInfo | None:
        """Return a space by its id."""
        return next((space for space in self.spaces if space.id == id_), None)

    def on_event(self, happened: Event) -> None:
        """Hear what happened; a storm of it is one question."""
        match happened:
            case SpacesChanged():
                self.refresh()
            case SpaceChanged() | DeliveryChanged() | DevicesChanged():
                if not self._gather.isActive():
                    self._gather.start()
            case _:
                pass

    def _on_spaces(self, spaces: object) -> None:
        self.spaces = cast("tuple[SpaceInfo, ...]", spaces)
        self.known = True
        self._show()
        self.loaded.emit()

    def _show(self) -> None:
        folders = [Item(key_of(space.id), space) for space in self.spaces]
        self.rows.show([*_above(), *folders, *_below(self.spaces)])


def _above() -> list[Item]:
    return [
        Item(key_of(Place.SEARCH), Row(tr("Search everything"), icon="search")),
        Item(key_of(Place.RECENT), Row(tr("Recent"), icon="clock")),
        Item("heading-folders", Row(tr("FOLDERS"), heading=True)),
    ]


def _below(spaces: Sequence[SpaceInfo]) -> list[Item]:
    del spaces
    return [
        Item("heading-more", Row("", heading=True)),
        Item(key_of(Place.BIN), Row(tr("Bin"), icon="trash-2")),
        Item(key_of(Place.DEVICES), Row(tr("Devices and people"), icon="users")),
    ]


def _draw(thing: object) -> Row:
    if isinstance(thing, Row):
        return thing
    assert isinstance(thing, SpaceInfo)
    icon, tone = space_icon(thing)
    others = others_of(thing)
    gone = thing.mirroring is Mirroring.UNAVAILABLE
    return Row(
        thing.name,
        spoken=space_spoken(thing),
        tip=_tip(thing, others),
        icon=icon,
        tone=tone,
        aside=tr("not there") if gone else _first_names(others),
    )


def _tip(space: SpaceInfo, others: Sequence[str]) -> str:
    shared = tr("Shared with ") + list_words(others) if others else tr("Not shared")
    return f"{space.name}\n{shared}" + (f"\n{space.folder}" if space.folder else "")


def _first_names(others: Sequence[str]) -> str:
    """Return people's first names, as a sidebar has room for: 'Mina, Jo'."""
    firsts = list(dict.fromkeys(name.split("'")[0].split(" ")[0] for name in others))
    more = len(firsts) - 2
    return ", ".join(firsts[:2]) + (f" +{more}" if more > 0 else "")
