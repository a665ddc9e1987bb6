"""The left pane: places, folders, and at its foot what adds one and the menu."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from ui.actions import Actions
from ui.models.places import Places
from ui.theme.theme import Theme
from ui.theme.tokens import XS
from ui.widgets.parts import icon_button
from ui.widgets.row_delegate import PLACES
from ui.widgets.row_list import RowList
from ui.words import tr


class Sidebar(QWidget):
    """Shows `Places`."""

    def __init__(self, places: Places, actions: Actions, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("sidebar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.list = RowList(places.rows, theme, PLACES)
        self.list.setAccessibleName(tr("Places"))
        self.add = icon_button(theme, "plus", tr("Add a folder"))
        adding = QMenu(self)
        for name in ("new-note", "new-folder", "open-folder", "join"):
            adding.addAction(actions[name])
        self.add.setMenu(adding)
        self.menu = icon_button(theme, "menu", tr("Menu") + "  F10")
        self.menu.setAccessibleName(tr("Menu"))
        self.menu.setMenu(actions.menu(self))
        for made in (self.add, self.menu):
            made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._foot = QHBoxLayout()
        self._foot.setContentsMargins(6, XS, 6, 6)
        self._foot.addWidget(self.menu)
        self._foot.addStretch(1)
        self._foot.addWidget(self.add)
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 6, 0, 0)
        down.setSpacing(0)
        down.addWidget(self.list, 1)
        down.addLayout(self._foot)

    def set_narrow(self, narrow: bool) -> None:  # noqa: FBT001 -- a setter, as Qt's are
        """Show icons alone."""
        self.list.set_narrow(narrow)
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._foot.setDirection(way)
        self._foot.setContentsMargins(12 if narrow else 6, XS, 6, 6)
