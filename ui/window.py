"""The window: three panes that fold as it narrows. It opens before the app is there."""

from __future__ import annotations

from enum import Enum
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from ui.actions import Actions
from ui.below import Clock
from ui.memory import Memory
from ui.models.places import Places
from ui.slots import ignoring
from ui.theme.theme import Look, Theme
from ui.theme.tokens import ICONS_BELOW, ONE_PANE_BELOW, PANES, SIDEBAR_ICONS
from ui.widgets.footer import Footer
from ui.widgets.sidebar import Sidebar
from ui.widgets.strips import Notice, ProgressStrip

FIRST_SIZE = QSize(1240, 780)
LEAST = QSize(360, 320)


class Shape(Enum):
    """How the panes stand."""

    WIDE = "wide"
    ICONS = "icons"
    ONE = "one"


class Pane(Enum):
    """Which pane is in front where there is room for one only."""

    PLACES = 0
    LIST = 1
    PAGE = 2


def shape_for(width: int) -> Shape:
    """Return how the panes stand in a window of that width."""
    if width < ONE_PANE_BELOW:
        return Shape.ONE
    return Shape.ICONS if width < ICONS_BELOW else Shape.WIDE


def has_keys(pane: QWidget) -> bool:
    """Whether the keys go to a pane, or to something in it."""
    focus = QApplication.focusWidget()
    return focus is not None and (focus is pane or pane.isAncestorOf(focus))


class Window(QWidget):
    """Holds the panes, the strips and the footer. What happens in them is the desk's."""

    painted = Signal()
    """Once, when it was first seen."""
    closing = Signal()
    shaped = Signal()

    def __init__(self, theme: Theme, memory: Memory, now: Clock) -> None:
        super().__init__()
        self.setWindowTitle("Atoll")
        self.setMinimumSize(LEAST)
        self.theme, self.memory = theme, memory
        self.actions_ = Actions(self, theme)
        self.places = Places(self)
        self.sidebar = Sidebar(self.places, self.actions_, theme)
        self.notice = Notice(theme)
        self.strip = ProgressStrip(now)
        self.footer = Footer(theme, now)
        self.middle = QStackedWidget()
        self.right = QStackedWidget()
        self.body = QStackedWidget()
        self.shape_, self.front, self.alone = Shape.WIDE, Pane.PLACES, False
        self._seen = False
        self._lay_out()
        self._connect_looks()
        self.actions_["quit"].triggered.connect(self.close)
        if not self.restoreGeometry(memory.geometry):
            self.resize(FIRST_SIZE.boundedTo(self.screen().availableSize()))

    # -- what is in front
    def set_panes(self, middle: QWidget, right: QWidget) -> None:
        """Put the desk's panes in."""
        for pane, made in ((self.middle, middle), (self.right, right)):
            pane.addWidget(made)
            pane.setCurrentWidget(made)

    def show_pane(self, pane: Pane) -> None:
        """Bring a pane to the front, where there is one only."""
        self.front = pane
        self._arrange()

    def set_alone(self, *, alone: bool) -> None:
        """Let the page have the list's place as well."""
        self.alone = alone
        self._arrange()

    def show_whole(self, page: QWidget | None) -> None:
        """Show one page instead of all panes, or (None) the panes."""
        if page is not None and self.body.indexOf(page) < 0:
            self.body.addWidget(page)
        self.body.setCurrentWidget(page or self.splitter)
        self.footer.setVisible(page is None)

    # -- Qt's own
    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell of the first paint."""
        super().paintEvent(event)
        if not self._seen:
            self._seen = True
            self.painted.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold the panes."""
        super().resizeEvent(event)
        shape = shape_for(self.width())
        if shape is not self.shape_:
            self.shape_ = shape
            self._arrange()
            self.shaped.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the menu with F10."""
        if event.key() == Qt.Key.Key_F10:
            self.sidebar.menu.showMenu()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember where everything is."""
        self.memory.geometry = self.saveGeometry()
        self.closing.emit()
        super().closeEvent(event)

    # -- inside
    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for name, stack in (("middle", self.middle), ("page", self.right)):
            stack.setObjectName(name)
            stack.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.splitter.addWidget(self.sidebar)
        self.splitter.addWidget(self.middle)
        self.splitter.addWidget(self.right)
        self.splitter.setStretchFactor(0, 0)
        self.splitter.setStretchFactor(1, 0)
        self.splitter.setStretchFactor(2, 1)
        self.sidebar.setMinimumWidth(SIDEBAR_ICONS)
        self.middle.setMinimumWidth(220)
        self.right.setMinimumWidth(280)
        self._set_widths(self.memory.panes)
        self.splitter.splitterMoved.connect(self._on_moved)
        self.body.addWidget(self.splitter)
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(0)
        for widget in (self.notice, self.body, self.strip, self.footer):
            down.addWidget(widget, 1 if widget is self.body else 0)

    def _connect_looks(self) -> None:
        for look in Look:
            action = self.actions_[f"look-{look.value}"]
            action.setChecked(look is self.theme.look)
            action.triggered.connect(ignoring(partial(self._choose_look, look)))

    def _choose_look(self, look: Look) -> None:
        self.theme.choose(look)
        self.memory.look = look
        for other in Look:
            self.actions_[f"look-{other.value}"].setChecked(other is look)

    def _set_widths(self, panes: tuple[int, int]) -> None:
        sidebar, middle = panes
        self.splitter.setSizes([sidebar, middle, max(280, self.width() - sidebar - middle)])

    def _on_moved(self) -> None:
        if self.shape_ is Shape.WIDE and not self.alone:
            sidebar, middle, _ = self.splitter.sizes()
            self.memory.panes = (sidebar, middle)

    def _arrange(self) -> None:
        one = self.shape_ is Shape.ONE
        icons = self.shape_ is Shape.ICONS
        self.sidebar.setVisible(not one or self.front is Pane.PLACES)
        self.middle.setVisible(self.front is Pane.LIST if one else not self.alone)
        self.right.setVisible(not one or self.front is Pane.PAGE)
        self.sidebar.set_narrow(icons)
        self.sidebar.setMaximumWidth(SIDEBAR_ICONS if icons else 16_777_215 if one else 420)
        self.sidebar.setMinimumWidth(SIDEBAR_ICONS if icons else 160)
        panes = self.memory.panes
        if icons:
            self._set_widths((SIDEBAR_ICONS, min(panes[1], PANES[1] - 50)))
        elif not one:
            self._set_widths(panes)
