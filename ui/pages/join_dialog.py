"""Joining with a code: who, what, role and until are shown before anything is accepted."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.progress import Progress
from app.values import InviteInfo
from storage.errors import AtollError
from ui.below import Below
from ui.models.joining import Joining, Stage
from ui.theme.theme import Theme
from ui.theme.tokens import XL, L, M, S
from ui.widgets.parts import button, dress, label, picture
from ui.widgets.strips import ProgressStrip
from ui.words import say, tr

READ_MS = 250
MOST_BYTES = 64 << 20


class JoinDialog(QDialog):
    """Paste or drop a code, look, accept, wait."""

    joined = Signal(object)

    def __init__(
        self, theme: Theme, below: Below, home: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Enter a code"))
        self.setMinimumWidth(500)
        self.setAcceptDrops(True)
        self.joining = Joining(below, home, self)
        self._codes = below.codes
        self._home = home
        self._theme = theme
        self.code = QPlainTextEdit()
        self.trouble = label("", wraps=True)
        self.folder = QLineEdit()
        self.promise = label("", "heading", wraps=True)
        self.strip = ProgressStrip(below.now)
        self.strip.cancelled.connect(self.joining.cancel)
        self.accept_button = button(tr("Accept"), self._accept, kind="primary")
        self.merge_button = button(tr("Bring both together"), self.joining.merge, kind="primary")
        self.steps = QStackedWidget()
        for page in (self._asking(), self._offered(), self._not_empty()):
            self.steps.addWidget(page)
        self._lay_out()
        self._pause = QTimer(self, singleShot=True, interval=READ_MS)
        self._pause.timeout.connect(self._read_text)
        self.code.textChanged.connect(self._pause.start)
        self.joining.changed.connect(self._on_changed)
        self.joining.progressed.connect(self._on_progress)
        self.joining.failed.connect(self._on_failed)
        self.joining.joined.connect(self._on_joined)

    # -- what comes in
    def take_file(self, path: Path) -> None:
        """Take a picture of a code, or a hand-over file."""
        self.trouble.hide()
        try:
            with path.open("rb") as file:
                held = file.read(MOST_BYTES)
        except OSError:
            self._tell(f"“{path}” {tr('could not be read.')}")
            return
        image = QImage.fromData(held)
        if image.isNull():
            self.joining.read(held)
        else:
            self.take_image(image)

    def take_image(self, image: QImage) -> None:
        """Take a picture of a code."""
        text = self._codes.read(image)
        if text:
            self.code.setPlainText(text)
        else:
            self._tell(tr("There is no code in this picture. Try a sharper one."))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, pictures and texts."""
        held = event.mimeData()
        if held.hasUrls() or held.hasImage() or held.hasText():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take what was dropped."""
        held = event.mimeData()
        files = [url.toLocalFile() for url in held.urls() if url.isLocalFile()]
        if files:
            self.take_file(Path(files[0]))
        elif held.hasImage():
            self.take_image(QImage(held.imageData()))
        else:
            self.code.setPlainText(held.text())

    def reject(self) -> None:
        """Stop what is under way, then close."""
        self.joining.cancel()
        super().reject()

    # -- pages
    def _asking(self) -> QWidget:
        self.code.setProperty("kind", "field")
        self.code.setAccessibleName(tr("The code"))
        self.code.setPlaceholderText("ATOLL:…")
        self.code.setTabChangesFocus(True)
        self.code.setAcceptDrops(False)
        self.code.setFont(self._theme.fonts.mono_font(13))
        self.code.setFixedHeight(120)
        page = QWidget()
        down = QVBoxLayout(page)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(M)
        words = tr("Paste the code here, or drop a picture or file of it into this window.")
        name = label(words, "soft", wraps=True)
        name.setBuddy(self.code)
        down.addWidget(name)
        down.addWidget(self.code)
        choose = button(
            tr("Choose a picture or file…"), self._choose_file, theme=self._theme, icon="image"
        )
        across = QHBoxLayout()
        across.addWidget(choose)
        across.addStretch(1)
        across.addWidget(button(tr("Not now"), self.reject))
        down.addStretch(1)
        down.addLayout(across)
        return page

    def _offered(self) -> QWidget:
        page = QWidget()
        down = QVBoxLayout(page)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(M)
        card = QFrame()
        card.setProperty("kind", "card")
        inside = QHBoxLayout(card)
        inside.setContentsMargins(L, L, L, L)
        inside.setSpacing(L)
        inside.addWidget(picture(self._theme, "folder-sync", XL, "accent"))
        inside.addWidget(self.promise, 1)
        down.addWidget(card)
        self.folder.setAccessibleName(tr("Folder on this computer"))
        name = label(tr("Where shall it be on this computer?"), "soft")
        name.setBuddy(self.folder)
        down.addWidget(name)
        across = QHBoxLayout()
        across.setSpacing(S)
        across.addWidget(self.folder, 1)
        across.addWidget(button(tr("Choose…"), self._choose_folder))
        down.addLayout(across)
        down.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(S)
        foot.addStretch(1)
        foot.addWidget(button(tr("Not now"), self.reject))
        foot.addWidget(self.accept_button)
        down.addLayout(foot)
        return page

    def _not_empty(self) -> QWidget:
        page = QWidget()
        down = QVBoxLayout(page)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(M)
        down.addWidget(label(tr("This folder holds something already."), "heading", wraps=True))
        words = tr(
            "Both can be brought together: everybody then has what is in it, too. Where a file "
            "is in both and differs, both are kept."
        )
        down.addWidget(label(words, "soft", wraps=True))
        down.addStretch(1)
        foot = QHBoxLayout()
        foot.setSpacing(S)
        foot.addStretch(1)
        self.other_button = button(tr("Choose another folder"), self.joining.back)
        foot.addWidget(self.other_button)
        foot.addWidget(self.merge_button)
        down.addLayout(foot)
        return page

    def _lay_out(self) -> None:
        down = QVBoxLayout(self)
        down.setContentsMargins(L + S, L + S, L + S, L)
        down.setSpacing(M)
        down.addWidget(label(tr("Enter a code"), "title"))
        down.addWidget(self.trouble)
        down.addWidget(self.steps, 1)
        down.addWidget(self.strip)
        dress(self._theme, self._redden, self.trouble)
        self.trouble.hide()

    def _redden(self) -> None:
        self.trouble.setStyleSheet(f"color: {self._theme.tokens.danger}")

    # -- what happens
    def _read_text(self) -> None:
        self.trouble.hide()
        text = self.code.toPlainText().strip()
        if text:
            self.joining.read(text)

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("A picture or file of the code"))
        if path:
            self.take_file(Path(path))

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, tr("Folder"), str(self._home))
        if path:
            self.folder.setText(path)

    def _accept(self) -> None:
        if self.folder.text().strip():
            self.trouble.hide()
            self.joining.accept(Path(self.folder.text().strip()).expanduser())

    def _on_changed(self) -> None:
        stage, offer = self.joining.stage, self.joining.offer
        pages = {Stage.ASKING: 0, Stage.NOT_EMPTY: 2}
        self.steps.setCurrentIndex(pages.get(stage, 1))
        self.steps.setEnabled(stage is not Stage.JOINING)
        if stage is not Stage.JOINING:
            self.strip.end()
        if stage is Stage.OFFERED and offer is not None:
            self._show_offer(offer)
        elif stage is Stage.NOT_EMPTY:  # what had the keys is hidden now
            self.other_button.setFocus()

    def _show_offer(self, offer: InviteInfo) -> None:
        self.promise.setText(self.joining.promise(offer))
        if not self.folder.text():
            self.folder.setText(str(self.joining.proposal))
        self.accept_button.setFocus()

    def _on_progress(self, progress: Progress) -> None:
        self.strip.show_progress(progress, stoppable=True)
        self.strip.stop.setFocus()

    def _on_failed(self, error: AtollError) -> None:
        self._tell(str(say(error).words))

    def _on_joined(self, space: object) -> None:
        self.joined.emit(space)
        self.accept()

    def _tell(self, words: str) -> None:
        self.trouble.setText(words)
        self.trouble.show()
