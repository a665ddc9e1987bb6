"""The devices that share something with this one."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QObject, Signal

from app.events import DevicesChanged, Event, SpacesChanged
from app.values import DeviceInfo
from app.words import DOT, ago
from ui.below import Below
from ui.models.question import Question
from ui.models.rows import Item, Row, RowModel
from ui.slots import ignoring
from ui.words import DEVICE_ICON, tr


class People(QObject):
    """This device and the others."""

    changed = Signal()
    failed = Signal(object)
    met = Signal(object)
    """With the name of a device that answered at an address."""
    missed = Signal(object)
    """With the AtollError of an address where nobody answered."""

    def __init__(self, below: Below, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.devices: tuple[DeviceInfo, ...] = ()
        self.rows = RowModel(self._draw, self)
        self._below = below
        self._question = Question(below.runner, below.app.devices, self)
        self._question.answered.connect(self._on_devices)
        self._question.failed.connect(self.failed)

    @property
    def alone(self) -> bool:
        """Whether there is no other device."""
        return all(device.is_this for device in self.devices)

    @property
    def near(self) -> int:
        """How many others are near."""
        return sum(device.near and not device.is_this for device in self.devices)

    @property
    def own_name(self) -> str:
        """This device's name."""
        return next((device.name for device in self.devices if device.is_this), "")

    def refresh(self) -> None:
        """Look again."""
        self._question.ask()

    def dial(self, address: str) -> None:
        """Meet a device at an address."""
        job = self._below.runner.run(self._below.app.dial(address))
        job.done.connect(self.met)
        job.failed.connect(self.missed)

    def rename(self, name: str) -> None:
        """Name this device."""
        job = self._below.runner.run(self._below.app.rename_device(name))
        job.done.connect(ignoring(self.refresh))
        job.failed.connect(self.failed)

    def on_event(self, happened: Event) -> None:
        """Hear what happened."""
        if isinstance(happened, (DevicesChanged, SpacesChanged)):
            self._question.ask()

    def _on_devices(self, devices: object) -> None:
        found = cast("tuple[DeviceInfo, ...]", devices)
        self.devices = tuple(sorted(found, key=lambda d: (not d.is_this, not d.near, d.name)))
        self.rows.show([Item(device.did, device) for device in self.devices])
        self.changed.emit()

    def _draw(self, thing: object) -> Row:
        assert isinstance(thing, DeviceInfo)
        note = self._note(thing)
        return Row(
            thing.name,
            note,
            f"{thing.name}, {note.replace(DOT, ', ')}",
            tip=thing.address,
            icon=DEVICE_ICON,
            state="circle-check" if thing.near or thing.is_this else "circle-dashed",
            state_tone="ok" if thing.near or thing.is_this else "text3",
        )

    def _note(self, device: DeviceInfo) -> str:
        if device.is_this:
            return tr("This computer")
        if device.near:
            return DOT.join(part for part in (tr("Near now"), device.address) if part)
        if device.last_seen is None:
            return tr("Not met directly yet")
        return f"{tr('Last seen')} {ago(self._below.now() - device.last_seen)}"
