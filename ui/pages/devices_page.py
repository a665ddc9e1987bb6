"""Devices and people: who is near, this computer's name, and meeting at an address."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.words import count_words
from storage.errors import AtollError
from ui.below import Below
from ui.models.people import People
from ui.theme.theme import Theme
from ui.theme.tokens import L, M, S
from ui.widgets.parts import button, label
from ui.widgets.row_delegate import ENTRIES
from ui.widgets.row_list import RowList
from ui.words import say, tr

_NO_EXAMPLE = "192.168.1.20:4711"


class DevicesPage(QWidget):
    """A list and two fields."""

    join_wanted = Signal()

    def __init__(self, theme: Theme, below: Below) -> None:
        super().__init__()
        self.people = People(below, self)
        self.list = RowList(self.people.rows, theme, ENTRIES)
        self.list.setAccessibleName(tr("Devices"))
        self.summary = label("", "soft", wraps=True)
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name of this computer"))
        self.address = QLineEdit()
        self.address.setAccessibleName(tr("Address of a device"))
        self.address.setPlaceholderText(_NO_EXAMPLE)
        self.meet = button(tr("Connect"), self._dial)
        self.rename = button(tr("Rename"), self._rename)
        self.answer = label("", "soft", wraps=True)
        self._lay_out(theme)
        self.people.changed.connect(self._on_changed)
        self.people.met.connect(self._on_met)
        self.people.missed.connect(self._on_missed)
        self.address.returnPressed.connect(self._dial)
        self.name.returnPressed.connect(self._rename)

    def _lay_out(self, theme: Theme) -> None:
        join = button(
            tr("Enter a code…"),
            self.join_wanted.emit,
            kind="primary",
            theme=theme,
            icon="key-round",
        )
        head = QHBoxLayout()
        head.setContentsMargins(M, 0, M, 0)
        head.addWidget(label(tr("Devices and people"), "title"))
        head.addStretch(1)
        head.addWidget(join)
        summary = QHBoxLayout()
        summary.setContentsMargins(M, 0, M, S)
        summary.addWidget(self.summary)
        card = QFrame()
        card.setProperty("kind", "card")
        fields = QVBoxLayout(card)
        fields.setContentsMargins(L, M, L, L)
        fields.setSpacing(S)
        self._field(fields, tr("This computer is called"), self.name, self.rename)
        fields.addSpacing(S)
        self._field(fields, tr("Not listed? Meet a device at its address"), self.address, self.meet)
        fields.addWidget(self.answer)
        self.answer.hide()
        framed = QHBoxLayout()
        framed.setContentsMargins(M, M, M, S)
        framed.addWidget(card)
        down = QVBoxLayout(self)
        down.setContentsMargins(M, L, M, M)
        down.setSpacing(S)
        down.addLayout(head)
        down.addLayout(summary)
        down.addWidget(self.list, 1)
        down.addLayout(framed)

    def _field(self, down: QVBoxLayout, words: str, field: QLineEdit, act: QWidget) -> None:
        name = label(words, "soft")
        name.setBuddy(field)
        across = QHBoxLayout()
        across.setSpacing(S)
        across.addWidget(field, 1)
        across.addWidget(act)
        down.addWidget(name)
        down.addLayout(across)

    def _on_changed(self) -> None:
        if not self.name.hasFocus():
            self.name.setText(self.people.own_name)
        if self.people.alone:
            self.summary.setText(tr("Just this computer so far. Add one with a code."))
        else:
            others = len(self.people.devices) - 1
            self.summary.setText(
                f"{count_words(others, 'other device')}, {self.people.near} {tr('near now')}"
            )

    def _dial(self) -> None:
        if self.address.text().strip():
            self._say(tr("Looking…"))
            self.people.dial(self.address.text().strip())

    def _rename(self) -> None:
        if self.name.text().strip():
            self.people.rename(self.name.text().strip())

    def _on_met(self, name: str) -> None:
        self._say(f"{tr('Connected with')} {name}.")

    def _on_missed(self, error: AtollError) -> None:
        self._say(str(say(error).words))

    def _say(self, words: str) -> None:
        self.answer.setText(words)
        self.answer.show()
