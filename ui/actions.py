"""Everything that can be done, by name and key; the menu, the keys and Ctrl+Shift+P share it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from ui.theme.theme import Theme
from ui.words import tr

# Under each name: its words, its keys and its icon.
_FILE = {
    "new-note": ("&New note", "Ctrl+N", "square-pen"),
    "new-folder": ("New &folder…", "Ctrl+Shift+N", "folder-plus"),
    "open-folder": ("&Open a folder…", "Ctrl+O", "folder-open"),
    "join": ("Enter a &code…", "Ctrl+Shift+O", "key-round"),
    "share": ("&Share…", "Ctrl+Shift+S", "user-plus"),
    "scan": ("&Look through the folder now", "F5", "refresh-cw"),
    "export": ("&Export the folder…", "", "download"),
    "leave": ("&Take the folder out of Atoll…", "", "log-out"),
    "quit": ("&Quit", "Ctrl+Q", "x"),
}
_EDIT = {
    "undo": ("&Undo", "Ctrl+Z", "undo-2"),
    "redo": ("&Redo", "Ctrl+Y", "redo-2"),
    "rename": ("Re&name", "F2", "pencil"),
    "remove": ("Put in the &bin", "Ctrl+Backspace", "trash-2"),
    "bold": ("&Bold", "Ctrl+B", "bold"),
    "italic": ("&Italic", "Ctrl+I", "italic"),
    "link": ("Lin&k to a note", "Ctrl+K", "link"),
    "tick": ("&Tick the task", "Ctrl+Return", "square-check-big"),
    "line-up": ("Move the line up", "Alt+Up", "arrow-up"),
    "line-down": ("Move the line down", "Alt+Down", "arrow-down"),
}
_VIEW = {
    "search": ("&Search everything", "Ctrl+Shift+F", "search"),
    "filter": ("&Filter this folder", "Ctrl+F", "list-filter"),
    "jump": ("&Jump to…", "Ctrl+P", "arrow-right"),
    "commands": ("&Commands…", "Ctrl+Shift+P", "command"),
    "history": ("&History", "Ctrl+H", "history"),
    "back": ("&Back", "Alt+Left", "arrow-left"),
    "pane-places": ("Go to the places", "Ctrl+1", ""),
    "pane-list": ("Go to the list", "Ctrl+2", ""),
    "pane-page": ("Go to the page", "Ctrl+3", ""),
    "pane-next": ("Next pane", "F6", ""),
    "pane-previous": ("Previous pane", "Shift+F6", ""),
    "larger": ("Larger text", "Ctrl++", ""),
    "smaller": ("Smaller text", "Ctrl+-", ""),
    "normal": ("Normal text", "Ctrl+0", ""),
    "look-system": ("Look like the system", "", "sun-moon"),
    "look-light": ("Light", "", "sun"),
    "look-dark": ("Dark", "", "moon"),
}
_HELP = {
    "keys": ("&Keys", "F1", "keyboard"),
    "check": ("&Check my folders", "", "shield-check"),
    "devices": ("&Devices and people", "", "users"),
    "bin": ("&Bin", "", "trash-2"),
    "about": ("&About Atoll", "", "info"),
}
MENUS: Mapping[str, Mapping[str, tuple[str, str, str]]] = {
    "&File": _FILE,
    "&Edit": _EDIT,
    "&View": _VIEW,
    "&Help": _HELP,
}
ENTRY = ("rename", "remove", "history")
WRITING = ("undo", "redo", "bold", "italic", "link", "tick", "line-up", "line-down")
"""These keys are the editor's own; elsewhere they are someone else's."""
BEFORE_APP = {"quit", "look-system", "look-light", "look-dark", "keys", "about"}


class Actions(QObject):
    """All actions, by name."""

    def __init__(self, window: QWidget, theme: Theme) -> None:
        super().__init__(window)
        self.by_name: dict[str, QAction] = {}
        self._theme = theme
        for rows in MENUS.values():
            for name, (words, keys, icon) in rows.items():
                action = QAction(tr(words), window)
                action.setObjectName(name)
                action.setEnabled(name in BEFORE_APP)
                if keys:
                    action.setShortcut(QKeySequence(keys))
                action.setProperty("icon-name", icon)
                if name not in WRITING:
                    window.addAction(action)
                self.by_name[name] = action
        self.by_name["larger"].setShortcuts([QKeySequence("Ctrl++"), QKeySequence("Ctrl+=")])
        self.by_name["redo"].setShortcuts([QKeySequence("Ctrl+Y"), QKeySequence("Ctrl+Shift+Z")])
        for name in ("look-system", "look-light", "look-dark"):
            self.by_name[name].setCheckable(True)
        self._dress()
        theme.changed.connect(self._dress)

    def __getitem__(self, name: str) -> QAction:
        return self.by_name[name]

    def give_to(self, editor: QWidget) -> None:
        """Let the editor have its keys."""
        for name in WRITING:
            self.by_name[name].setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            editor.addAction(self.by_name[name])

    def enable(self, names: Mapping[str, bool]) -> None:
        """Say what can be done now."""
        for name, possible in names.items():
            self.by_name[name].setEnabled(possible)

    def menu(self, parent: QWidget) -> QMenu:
        """Return the menu of everything."""
        menu = QMenu(parent)
        menu.setAccessibleName(tr("Menu"))
        for title, rows in MENUS.items():
            below = menu.addMenu(tr(title))
            for name in rows:
                if name in {"share", "quit", "rename", "bold", "jump", "pane-places", "larger"}:
                    below.addSeparator()
                if name in {"look-system", "about"}:
                    below.addSeparator()
                below.addAction(self.by_name[name])
        return menu

    def entry_menu(self, parent: QWidget) -> QMenu:
        """Return the menu of one note or file."""
        menu = QMenu(parent)
        menu.setAccessibleName(tr("More"))
        for name in ("rename", "history", "share", "", "remove"):
            if name:
                menu.addAction(self.by_name[name])
            else:
                menu.addSeparator()
        return menu

    def _dress(self) -> None:
        for action in self.by_name.values():
            icon = action.property("icon-name")
            if icon:
                action.setIcon(self._theme.icon(str(icon), size=16))
