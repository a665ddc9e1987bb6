"""Giving access to a folder: choose what and until when, then hand the code over."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSaveFile, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QRadioButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.values import InviteInfo, Role, SpaceInfo
from app.words import role_meaning, role_words
from storage.errors import AtollError
from ui.below import Below
from ui.models.giving import Giving, ends
from ui.theme.theme import Theme
from ui.theme.tokens import L, M, S
from ui.widgets.combo import Choice
from ui.widgets.parts import button, dress, label, line
from ui.widgets.qr_view import QrView
from ui.widgets.row_delegate import Measures
from ui.widgets.row_list import RowList
from ui.words import say, tr

PEOPLE = Measures(side=0, inner=S, above=5, strong=False)


class ShareDialog(QDialog):
    """Two steps: what they can do, and the code."""

    def __init__(
        self, space: SpaceInfo, theme: Theme, below: Below, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"{tr('Share')} “{space.name}”")
        self.setMinimumWidth(440)
        self.giving = Giving(below, space, self)
        self._codes = below.codes
        self._theme = theme
        self.roles = QButtonGroup(self)
        self.end = Choice([end.words for end in ends()], theme)
        self.make = button(
            tr("Make a code"), self._make, kind="primary", theme=theme, icon="qr-code"
        )
        self.people = RowList(self.giving.rows, theme, PEOPLE)
        self.people.setAccessibleName(tr("People with access"))
        self.qr = QrView()
        self.code = QPlainTextEdit()
        self.promise = label("", wraps=True)
        self.trouble = label("", wraps=True)
        self.trouble.hide()
        self.copy = button(tr("Copy code"), self._copy, theme=theme, icon="copy")
        self.save = button(tr("Save as file…"), self.giving.make_file, theme=theme, icon="save")
        self.again = button(tr("Make another"), self._again, kind="quiet")
        self.steps = QStackedWidget()
        self.steps.addWidget(self._choosing())
        self.steps.addWidget(self._handing())
        self._lay_out()
        self.giving.made.connect(self._on_made)
        self.giving.file_made.connect(self._on_file)
        self.giving.failed.connect(self._on_failed)
        self.make.setEnabled(self.giving.may)
        if not self.giving.may:
            self._tell(tr("You cannot give access to this folder. Ask someone who can manage it."))

    @property
    def role(self) -> Role:
        """The role that is chosen."""
        return list(Role)[self.roles.checkedId()]

    def choose(self, role: Role) -> None:
        """Choose a role."""
        self.roles.button(list(Role).index(role)).setChecked(True)

    def _lay_out(self) -> None:
        down = QVBoxLayout(self)
        down.setContentsMargins(L + S, L + S, L + S, L)
        down.setSpacing(M)
        down.addWidget(label(f"{tr('Share')} “{self.giving.space.name}”", "title", wraps=True))
        down.addWidget(self.trouble)
        down.addWidget(self.steps, 1)
        down.addWidget(line())
        down.addWidget(label(tr("PEOPLE WITH ACCESS"), "section"))
        self.people.setFixedHeight(min(3, max(1, len(self.giving.space.members))) * 48 + 2)
        down.addWidget(self.people)
        foot = QHBoxLayout()
        foot.addWidget(self.again)
        foot.addStretch(1)
        foot.addWidget(button(tr("Done"), self.accept))
        self.again.hide()
        down.addLayout(foot)

    def _choosing(self) -> QWidget:
        page = QWidget()
        down = QVBoxLayout(page)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(S)
        down.addWidget(label(tr("Who has the code"), "soft"))
        for number, role in enumerate(Role):
            choice = QRadioButton(role_words(role))
            choice.setAccessibleDescription(role_meaning(role))
            self.roles.addButton(choice, number)
            meaning = label(role_meaning(role), "small", wraps=True)
            meaning.setContentsMargins(26, 0, 0, 4)
            down.addWidget(choice)
            down.addWidget(meaning)
        self.choose(Role.VIEW)
        until = label(tr("How long"), "soft")
        until.setBuddy(self.end)
        self.end.setAccessibleName(tr("How long"))
        across = QHBoxLayout()
        across.setSpacing(M)
        across.addWidget(until)
        across.addWidget(self.end, 1)
        across.addWidget(self.make)
        down.addSpacing(S)
        down.addLayout(across)
        down.addStretch(1)
        return page

    def _handing(self) -> QWidget:
        page = QWidget()
        self.code.setReadOnly(True)
        self.code.setProperty("kind", "field")
        self.code.setAccessibleName(tr("The code"))
        self.code.setTabChangesFocus(True)
        self.code.setFont(self._theme.fonts.mono_font(12))
        right = QVBoxLayout()
        right.setSpacing(S)
        right.addWidget(self.promise)
        right.addWidget(self.code, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.save)
        right.addLayout(buttons)
        across = QHBoxLayout(page)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(L)
        across.addWidget(self.qr, 0, Qt.AlignmentFlag.AlignTop)
        across.addLayout(right, 1)
        return page

    def _make(self) -> None:
        self.trouble.hide()
        self.make.setEnabled(False)
        self.giving.make(self.role, ends()[self.end.currentIndex()])

    def _on_made(self, invite: InviteInfo) -> None:
        self.make.setEnabled(True)
        self.qr.show_code(self._codes.draw(invite.code))
        self.code.setPlainText(invite.code)
        hint = tr("Show the picture, send the code, or save a file: it works while you are away.")
        self.promise.setText(f"{self.giving.promise(invite)} {hint}")
        self.steps.setCurrentIndex(1)
        self.again.show()
        self.setMinimumWidth(620)
        self.copy.setFocus()

    def _again(self) -> None:
        self.steps.setCurrentIndex(0)
        self.again.hide()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.code.toPlainText())
        self.copy.setText(tr("Copied"))

    def _on_file(self, held: bytes) -> None:
        name = f"{self.giving.space.name}.atoll"
        path, _ = QFileDialog.getSaveFileName(self, tr("Save the invitation"), name)
        if path:
            self.write(Path(path), held)

    def write(self, path: Path, held: bytes) -> None:
        """Write the hand-over file, whole or not at all."""
        file = QSaveFile(str(path))
        good = file.open(QSaveFile.OpenModeFlag.WriteOnly) and file.write(held) == len(held)
        if good and file.commit():
            self.save.setText(tr("Saved"))
        else:
            self._tell(f"“{path}” {tr('could not be written.')}")

    def _on_failed(self, error: AtollError) -> None:
        self.make.setEnabled(self.giving.may)
        self._tell(str(say(error).words))

    def _tell(self, words: str) -> None:
        self.trouble.setText(words)
        dress(self._theme, self._redden, self.trouble)
        self.trouble.show()

    def _redden(self) -> None:
        self.trouble.setStyleSheet(f"color: {self._theme.tokens.danger}")
