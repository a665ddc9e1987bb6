"""Says that very many changed files are held, over what the list holds, and asks what to do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from app.guard_values import Harm, HeldBatch, HeldChange
from app.guard_words import held_sentence
from app.values import SpaceInfo
from app.words import count_words
from ui.theme.theme import Theme
from ui.widgets.parts import button, label, lay_out_strip, picture
from ui.words import tr

FEW = 8
"""So many files are named; the terminal lists them all."""


class HeldStrip(QFrame):
    """Stays as long as something is held."""

    look_wanted = Signal(object)
    """With the SpaceInfo: the person wants to see what changed."""
    through_wanted = Signal(object)
    undo_wanted = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Very many files changed at once"))
        self._space: SpaceInfo | None = None
        self._words = label("", wraps=True)
        self._changes = label("", "small", wraps=True)
        self.look = button(tr("Look at what changed"), self._look)
        self.undo = button(tr("Undo it all"), self._undo)
        self.through = button(tr("Let it through"), self._through)
        icon = picture(theme, "circle-pause", 18, "warn")
        lay_out_strip(self, icon, self._words, self._changes, self.look, self.undo, self.through)

    def show_for(self, space: SpaceInfo | None) -> None:
        """Show what of a folder is held, or nothing."""
        held = () if space is None else space.delivery.held
        if space is None or self._space is None or space.id != self._space.id or not held:
            self.show_changes(())
        self._space = space
        self._words.setText("\n".join(f"{held_sentence(one)}." for one in held))
        self.setVisible(bool(held))

    def show_changes(self, batches: Sequence[HeldBatch]) -> None:
        """Name some of the files, with what befell them."""
        changes = [change for batch in batches for change in batch.changes]
        lines = [_line(change) for change in changes[:FEW]]
        if len(changes) > FEW:
            lines.append(f"{tr('and')} {count_words(len(changes) - FEW, 'other file')}")
        self._changes.setText("\n".join(lines))
        self._changes.setVisible(bool(lines))
        self.look.setVisible(not lines)

    @property
    def text(self) -> str:
        """What is shown."""
        return "\n".join(filter(None, (self._words.text(), self._changes.text())))

    def _look(self) -> None:
        self.look_wanted.emit(self._space)

    def _through(self) -> None:
        self.through_wanted.emit(self._space)

    def _undo(self) -> None:
        self.undo_wanted.emit(self._space)


def _line(change: HeldChange) -> str:
    words = {
        Harm.DELETED: tr("deleted"),
        Harm.REPLACED: tr("replaced"),
        Harm.RENAMED: tr("renamed"),
    }
    return f"{words[change.harm]}: {'/'.join(change.path)}"
