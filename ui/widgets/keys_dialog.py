"""F1: which keys do what."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from ui.actions import MENUS, Actions
from ui.theme.tokens import L, M
from ui.widgets.parts import button, label
from ui.words import tr


class KeysDialog(QDialog):
    """A plain list: easy to read, to hear and to search."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.resize(QSize(460, 560).boundedTo(self.screen().availableSize() * 0.9))
        self.text = QPlainTextEdit(keys_text(actions))
        self.text.setReadOnly(True)
        self.text.setProperty("kind", "field")
        self.text.setAccessibleName(tr("Keys"))
        self.text.setTabChangesFocus(True)
        title: QLabel = label(tr("Keys"), "title")
        down = QVBoxLayout(self)
        down.setContentsMargins(L, L, L, L)
        down.setSpacing(M)
        down.addWidget(title)
        down.addWidget(self.text, 1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(button(tr("Close"), self.accept))
        down.addLayout(foot)


def keys_text(actions: Actions) -> str:
    """Return all keys, by menu."""
    parts: list[str] = []
    for title, rows in MENUS.items():
        parts.append(tr(title).replace("&", ""))
        for name in rows:
            action = actions[name]
            keys = ", ".join(keys.toString() for keys in action.shortcuts())
            if keys:
                parts.append(f"    {action.text().replace('&', '').rstrip('…')}: {keys}")
        parts.append("")
    return "\n".join(parts).strip()
