"""Giving access to a folder: choose what and until when, then hand the code over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSaveFile, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QRadioButton,
    QSizePolicy,
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
from ui.widgets.tall import Tall, fit
from ui.words import say, tr

CHOOSING, HANDING = 440, 620
"""How wide the two steps are."""
BESIDE = 520
"""Where there is less, the code stands below its picture."""
CODE_LINES = 4
"""So many of the code are seen at least."""
PEOPLE = Measures(side=0, inner=S, above=5, strong=False)


class _CodeField(QPlainTextEdit):
    """Wants a few lines, and takes what there is."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setProperty("kind", "field")
        self.setAccessibleName(tr("The code"))
        self.setTabChangesFocus(True)
        self.setFont(theme.fonts.mono_font(12))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Return what a few lines need."""
        return QSize(0, CODE_LINES * self.fontMetrics().lineSpacing() + 2 * L)


class ShareDialog(QDialog):
    """Two steps: what they can do, and the code."""

    def __init__(
        self, space: SpaceInfo, theme: Theme, below: Below, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"{tr('Share')} “{space.name}”")
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
        self.code = _CodeField(theme)
        self.promise = label("", wraps=True)
        self.trouble = label("", wraps=True)
        self.trouble.hide()
        self.copy = button(tr("Copy code"), self._copy, theme=theme, icon="copy")
        self.save = button(tr("Save as file…"), self.giving.make_file, theme=theme, icon="save")
        self.again = button(tr("Make another"), self._again, kind="quiet")
        self.close_button = button(tr("Done"), self.accept)
        self.heading = label(f"{tr('Share')} “{space.name}”", "title", wraps=True)
        self.steps = QStackedWidget()
        self._pages = self._choosing(), self._handing()
        for page in self._pages:
            self.steps.addWidget(page)
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
        inside = QWidget()
        down = QVBoxLayout(inside)
        down.setContentsMargins(L + S, L + S, L + S, S)
        down.setSpacing(M)
        down.addWidget(self.heading)
        down.addWidget(self.trouble)
        down.addWidget(self.steps, 1)
        down.addWidget(self._members())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, L)
        whole.setSpacing(S)
        self._tall = Tall(inside)
        whole.addWidget(self._tall, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(L + S, 0, L + S, 0)
        foot.addWidget(self.again)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        self.again.hide()
        whole.addLayout(foot)
        self._go(0)
        fit(self, CHOOSING)

    def _members(self) -> QWidget:
        self.members = QWidget()
        down = QVBoxLayout(self.members)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(M)
        down.addWidget(line())
        down.addWidget(label(tr("PEOPLE WITH ACCESS"), "section"))
        self.people.setFixedHeight(min(3, max(1, len(self.giving.space.members))) * 48 + 2)
        down.addWidget(self.people)
        return self.members

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
        right = QVBoxLayout()
        right.setSpacing(S)
        right.addWidget(self.promise)
        right.addWidget(self.code, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.save)
        right.addLayout(buttons)
        self._sides = QHBoxLayout(page)
        self._sides.setContentsMargins(0, 0, 0, 0)
        self._sides.setSpacing(L)
        self._sides.addWidget(self.qr)
        self._sides.addLayout(right, 1)
        return page

    def _make(self) -> None:
        self.trouble.hide()
        self.make.setEnabled(False)
        self.giving.make(self.role, ends()[self.end.currentIndex()])

    def _on_made(self, invite: InviteInfo) -> None:
        self.make.setEnabled(True)
        self.code.setPlainText(invite.code)
        hint = tr("Show the picture, or send the code. A file also works while you are away.")
        self.promise.setText(f"{self.giving.promise(invite)} {hint}")
        self._go(1)
        self.again.show()
        self._show_picture(self._codes.draw(invite.code))

    def _show_picture(self, rows: Sequence[str]) -> None:
        """Show the code: whole and first in view, whatever else has to be scrolled to."""
        self.qr.show_code(rows)
        self._sides.setAlignment(self.qr, Qt.AlignmentFlag.AlignTop)
        if fit(self, HANDING):
            self.copy.setFocus()
            return
        self.members.hide()
        self.heading.hide()  # the window has it as its title
        if self.width() < BESIDE:
            self._sides.setDirection(QBoxLayout.Direction.TopToBottom)
            self._sides.setAlignment(self.qr, Qt.AlignmentFlag.AlignHCenter)
        fit(self, HANDING)
        self.qr.show_code(rows, self._tall.viewport().height() - (L + S) - S)
        self.qr.setFocus()
        self._tall.show_top()

    def _go(self, step: int) -> None:
        """Show a step; the other needs no room. Enter does what the step is for."""
        self.steps.setCurrentIndex(step)
        (self.make, self.close_button)[step].setDefault(True)
        for number, page in enumerate(self._pages):
            policy = QSizePolicy.Policy.Preferred if number == step else QSizePolicy.Policy.Ignored
            page.setSizePolicy(policy, policy)

    def _again(self) -> None:
        self._go(0)
        self.members.show()
        self.heading.show()
        self._sides.setDirection(QBoxLayout.Direction.LeftToRight)
        self.again.hide()
        fit(self, CHOOSING)

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
