"""Walks over all widgets of a window."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QLabel, QWidget


def focusable(root: QWidget) -> Iterator[QWidget]:
    """Return every widget that keys can reach, seen or not."""
    for widget in root.findChildren(QWidget):
        inner = isinstance(widget.parentWidget(), QAbstractScrollArea)
        private = widget.objectName().startswith("qt_") or _in_popup(widget)
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not inner and not private:
            yield widget


def _in_popup(widget: QWidget) -> bool:
    """Whether a widget is the inside of a combo box, which Qt names by itself."""
    parent = widget.parentWidget()
    return parent is not None and "ComboBoxPrivate" in parent.metaObject().className()


def said_of(widget: QWidget) -> str:
    """Return what a screen reader says of a widget."""
    text = getattr(widget, "text", None)
    named = widget.accessibleName() or (str(text()) if callable(text) else "")
    return named or buddy_of(widget)


def buddy_of(widget: QWidget) -> str:
    """Return the text of the label that names a widget."""
    labels = widget.window().findChildren(QLabel)
    return next((label.text() for label in labels if label.buddy() is widget), "")
