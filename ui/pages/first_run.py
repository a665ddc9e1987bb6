"""The first run: name this device, then begin. A working note in twenty seconds."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from ui.theme.theme import Theme
from ui.theme.tokens import XL, L, M, S
from ui.widgets.parts import button, label, picture
from ui.widgets.tall import Tall
from ui.words import tr

WIDTH = 460


class FirstRun(QWidget):
    """Two steps, and each can be left for later."""

    named = Signal(str)
    open_folder = Signal()
    have_code = Signal()
    later = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.name = QLineEdit()
        self.name.setAccessibleName(tr("Name of this computer"))
        self.name.setPlaceholderText(tr("Ana's laptop"))
        self.go_on = button(tr("Continue"), self._name, kind="primary")
        self.go_on.setEnabled(False)
        self.name.textChanged.connect(self._on_typed)
        self.name.returnPressed.connect(self._name)
        self.steps = QStackedWidget()
        self.steps.addWidget(self._naming(theme))
        self.steps.addWidget(self._beginning(theme))
        across = QHBoxLayout()
        across.addStretch(1)
        shown = Tall(self.steps)
        across.addWidget(shown, 20)
        across.addStretch(1)
        shown.setMaximumWidth(WIDTH)
        shown.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        down = QVBoxLayout(self)
        down.addStretch(2)
        down.addLayout(across)
        down.addStretch(3)

    def begin(self) -> None:
        """The name is kept: choose how to begin."""
        self.steps.setCurrentIndex(1)
        self.open_button.setFocus()

    def suggest(self, name: str) -> None:
        """Offer a name."""
        if not self.name.text():
            self.name.setText(name)
            self.name.selectAll()

    def _on_typed(self, text: str) -> None:
        self.go_on.setEnabled(bool(text.strip()))

    def _name(self) -> None:
        if self.name.text().strip():
            self.named.emit(self.name.text().strip())

    def _naming(self, theme: Theme) -> QWidget:
        page = QWidget()
        down = QVBoxLayout(page)
        down.setSpacing(S)
        down.addWidget(picture(theme, "laptop", 40, "accent"))
        down.addSpacing(S)
        down.addWidget(label(tr("Welcome to Atoll"), "big"))
        words = tr(
            "Notes and folders that live on your own devices, shared with whom you invite. "
            "No account, no server."
        )
        down.addWidget(label(words, "soft", wraps=True))
        down.addSpacing(L)
        name = label(tr("What is this computer called? Others see this name."))
        name.setWordWrap(True)
        name.setBuddy(self.name)
        down.addWidget(name)
        down.addWidget(self.name)
        down.addSpacing(M)
        down.addWidget(self.go_on, 0, Qt.AlignmentFlag.AlignLeft)
        down.addStretch(1)
        return page

    def _beginning(self, theme: Theme) -> QWidget:
        page = QWidget()
        down = QVBoxLayout(page)
        down.setSpacing(M)
        down.addWidget(label(tr("How would you like to begin?"), "big", wraps=True))
        down.addSpacing(S)
        self.open_button = button(tr("Choose a folder…"), self.open_folder.emit, kind="primary")
        self.code_button = button(tr("Enter the code…"), self.have_code.emit)
        open_words = tr("Any folder with notes or files. They stay where they are, as they are.")
        code_words = tr("Somebody, or another of your devices, gave you one.")
        down.addWidget(
            _choice(theme, "folder-open", tr("Open a folder"), open_words, self.open_button)
        )
        down.addWidget(
            _choice(theme, "key-round", tr("I have a code"), code_words, self.code_button)
        )
        self.later_button = button(tr("Later"), self.later.emit, kind="quiet")
        down.addWidget(self.later_button, 0, Qt.AlignmentFlag.AlignLeft)
        down.addStretch(1)
        return page


def _choice(theme: Theme, icon: str, title: str, words: str, act: QWidget) -> QFrame:
    card = QFrame()
    card.setProperty("kind", "card")
    texts = QVBoxLayout()
    texts.setSpacing(S // 2)
    texts.addWidget(label(title, "heading"))
    texts.addWidget(label(words, "soft", wraps=True))
    texts.addSpacing(S)
    texts.addWidget(act, 0, Qt.AlignmentFlag.AlignLeft)
    across = QHBoxLayout(card)
    across.setContentsMargins(L, L, L, L)
    across.setSpacing(L)
    across.addWidget(picture(theme, icon, XL, "accent"), 0, Qt.AlignmentFlag.AlignTop)
    across.addLayout(texts, 1)
    return card
