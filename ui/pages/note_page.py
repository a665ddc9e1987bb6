"""A note, open."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.values import Role
from ui.models.note import NoteEditor, Saving
from ui.theme.theme import Theme
from ui.theme.tokens import L, M, S
from ui.widgets.note_edit import NoteEdit
from ui.widgets.parts import button, label, picture
from ui.words import tr


class NotePage(QWidget):
    """The editor, and a banner for who may only look."""

    drop_draft = Signal()
    saving_changed = Signal(object)
    failed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.edit = NoteEdit(theme)
        self.edit.setAccessibleName(tr("Text of the note"))
        self.editor: NoteEditor | None = None
        self.banner = QFrame()
        self.banner.setProperty("kind", "banner")
        self._words = label("", "soft", wraps=True)
        self._drop = button(tr("Go back to the shared text"), self.drop_draft.emit, kind="quiet")
        across = QHBoxLayout(self.banner)
        across.setContentsMargins(M, S, M, S)
        across.setSpacing(M)
        across.addWidget(picture(theme, "eye", 18))
        across.addWidget(self._words, 1)
        across.addWidget(self._drop)
        framed = QHBoxLayout()
        framed.setContentsMargins(L + M, S, L + M, 0)
        framed.addWidget(self.banner)
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        down.addLayout(framed)
        down.addWidget(self.edit, 1)
        self.banner.hide()

    def show_note(self, editor: NoteEditor, role: Role, *, draft: bool) -> None:
        """Open a note in the editor."""
        self.let_go()
        self.editor = editor
        self.edit.show_text(editor.sheet.shown)
        self.edit.typed.connect(editor.type)
        self.edit.undo_wanted.connect(editor.undo)
        self.edit.redo_wanted.connect(editor.redo)
        editor.patched.connect(self.edit.patch)
        editor.saving_changed.connect(self._on_saving)
        editor.failed.connect(self.failed)
        self._show_banner(role, draft=draft)

    def let_go(self) -> None:
        """Save and close what is open."""
        editor, self.editor = self.editor, None
        if editor is None:
            return
        self.edit.typed.disconnect(editor.type)
        self.edit.undo_wanted.disconnect(editor.undo)
        self.edit.redo_wanted.disconnect(editor.redo)
        editor.patched.disconnect(self.edit.patch)
        editor.saving_changed.disconnect(self._on_saving)
        editor.failed.disconnect(self.failed)
        editor.close()
        editor.deleteLater()

    def _show_banner(self, role: Role, *, draft: bool) -> None:
        self.banner.setVisible(role is Role.VIEW or draft)
        self._drop.setVisible(draft)
        if draft:
            self._words.setText(tr("This is your private draft. Nobody else sees it."))
        else:
            self._words.setText(
                tr("You can view this folder. What you type is kept here as a private draft.")
            )

    def _on_saving(self, saving: object) -> None:
        if saving is Saving.DRAFT:
            self._show_banner(Role.VIEW, draft=True)
        self.saving_changed.emit(saving)
