"""Draws every screen into pictures: `python -m tests.ui.gallery OUT_DIR [SCREEN…]`.

Light and dark, empty, busy, with an error, with long texts, narrow, at 100 % and 200 %, the
first of them from right to left too; and one sheet with all. Where QT_SCALE_FACTOR is set, at that
scale alone, and no sheet. For eyes, not for comparing pixels.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QMessageLogContext, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication, QWidget

from app.errors import KeptElsewhere
from app.events import SpacesChanged
from app.progress import Progress
from sync.errors import PeerUnreachable
from tests.ui import sample
from tests.ui.choosing import completions, folder_chooser
from tests.ui.fake_app import FakeApp, Mood
from tests.ui.stage import Stage, set_stage
from ui.theme.theme import Look, Theme

COLUMNS = 8
THUMB = 310
SCALES = ("1", "2")
NOISE = "This plugin does not support"
"""The offscreen screen says so of every dialog: it gives no hints of sizes, and none is raised."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One thing to look at."""

    name: str
    act: Callable[[Stage], QWidget | None]
    """Brings it about; returns what to draw, None for the window."""
    mood: Mood = Mood.CALM
    size: tuple[int, int] = (1240, 780)


def note(stage: Stage) -> None:
    """Open the sample note."""
    stage.desk.go("space:recipes")
    stage.settle()
    entry = next(e for e in stage.desk.contents.entries if e.id in {"sourdough", "n1"})
    stage.desk.open_entry(entry)
    stage.settle()


def typing(stage: Stage) -> None:
    """Have the caret in the note."""
    note(stage)
    edit = stage.desk.reader.note.edit
    edit.setFocus()
    cursor = edit.textCursor()
    cursor.setPosition(60)
    edit.setTextCursor(cursor)
    stage.settle()


def file(stage: Stage) -> None:
    """Look at a file."""
    stage.desk.go("space:recipes")
    stage.settle()
    stage.desk.open_entry(next(e for e in stage.desk.contents.entries if e.id == "oven"))
    stage.settle()


def viewer(stage: Stage) -> None:
    """Open a note that may only be viewed."""
    stage.desk.go("space:trip")
    stage.settle()
    stage.desk.open_entry(next(e for e in stage.desk.contents.entries if e.id == "route"))
    stage.settle()


def history(stage: Stage) -> None:
    """Look at the past."""
    note(stage)
    stage.desk.entry.toggle_history()
    stage.settle()
    stage.wait(lambda: bool(stage.desk.reader.history.then.toPlainText()))


def search(stage: Stage) -> None:
    """Find something."""
    stage.desk.go("search")
    stage.desk.reader.search.box.setText("flour")
    stage.wait(lambda: not stage.desk.reader.search.searching.waiting)
    stage.settle()


def search_nothing(stage: Stage) -> None:
    """Find nothing."""
    stage.desk.go("search")
    stage.desk.reader.search.box.setText("xylophone")
    stage.wait(lambda: not stage.desk.reader.search.searching.waiting)
    stage.settle()


def at(key: str) -> Callable[[Stage], None]:
    """Return what goes to a place."""

    def act(stage: Stage) -> None:
        stage.desk.go(key)
        stage.settle()

    return act


def share(stage: Stage) -> QWidget | None:
    """Open the share dialog."""
    note(stage)
    stage.desk.folders.share()
    stage.settle()
    return stage.desk.folders.dialog


def share_code(stage: Stage) -> QWidget | None:
    """Make a code."""
    dialog = share(stage)
    stage.desk.folders.dialog.make.click()  # type: ignore[union-attr]
    stage.settle()
    return dialog


def join(stage: Stage) -> QWidget | None:
    """Open the join dialog."""
    stage.desk.folders.join()
    stage.settle()
    return stage.desk.folders.dialog


def join_offer(stage: Stage) -> QWidget | None:
    """See what a code offers."""
    join(stage)
    stage.desk.folders.dialog.joining.read("ATOLL:AAAA")  # type: ignore[union-attr]
    stage.settle()
    return stage.desk.folders.dialog


def join_full(stage: Stage) -> QWidget | None:
    """Choose a folder that holds something."""
    dialog = join_offer(stage)
    stage.desk.folders.dialog.joining.accept(Path("/home/ana/full"))  # type: ignore[union-attr]
    stage.settle()
    return dialog


def gone(stage: Stage) -> None:
    """Miss a folder."""
    stage.app.take_away("recipes")
    stage.desk.go("space:recipes")
    stage.settle()


def kept_elsewhere(stage: Stage) -> None:
    """Meet another Atoll."""
    stage.app.take_away("recipes", KeptElsewhere.code)
    stage.desk.go("space:recipes")
    stage.settle()


def attach(stage: Stage) -> QWidget | None:
    """Write a folder anew."""
    gone(stage)
    stage.desk.listing.gone.anew.click()
    stage.settle()
    return stage.desk.folders.dialog


def attach_full(stage: Stage) -> QWidget | None:
    """Choose a folder that holds something for it."""
    gone(stage)
    stage.desk.folders.attach_path(stage.app.space_of("recipes"), Path("/home/ana/full"))
    stage.settle()
    return stage.desk.folders.dialog


def error(stage: Stage) -> None:
    """Meet an error."""
    note(stage)
    stage.desk._fail(PeerUnreachable("nobody"), stage.desk.folders.scan)  # noqa: SLF001
    stage.settle()


def said(stage: Stage) -> None:
    """Delete something."""
    note(stage)
    stage.desk.remove()
    stage.settle()


def busy(stage: Stage) -> None:
    """See work go on."""
    note(stage)
    stage.app.work(Progress("Fetching", "kneading.mp4", 0, 0, 12_000_000, 40_000_000))
    stage.settle()


def first_run_second(stage: Stage) -> None:
    """Choose how to begin."""
    assert stage.desk.first_run is not None
    stage.desk.first_run.begin()
    stage.settle()


def jump(stage: Stage) -> QWidget | None:
    """Jump."""
    note(stage)
    stage.desk.jumping.jump()
    stage.settle()
    return stage.desk.folders.dialog


def commands(stage: Stage) -> QWidget | None:
    """Do anything."""
    note(stage)
    stage.desk.jumping.commands()
    stage.settle()
    return stage.desk.folders.dialog


def nothing(stage: Stage) -> None:
    """Just look."""
    stage.settle()


def menu(stage: Stage) -> QWidget | None:
    """Open the menu."""
    made = stage.desk.actions.menu(stage.window)
    below = made.actions()[2].menu()
    assert isinstance(below, QWidget)
    below.adjustSize()
    below.ensurePolished()
    return below


def keys(stage: Stage) -> QWidget | None:
    """Read the keys."""
    stage.desk.actions["keys"].trigger()
    stage.settle()
    return stage.desk.folders.dialog


def choose_folder(stage: Stage) -> QWidget | None:
    """Choose a folder, where the desktop has no window of its own for it."""
    dialog = folder_chooser(stage.window)
    stage.desk.folders.open_dialog(dialog)
    stage.settle()
    return dialog


def choose_folder_typed(stage: Stage) -> QWidget | None:
    """Type its path; what may be meant opens below."""
    dialog = folder_chooser(stage.window)
    stage.desk.folders.open_dialog(dialog)
    stage.settle()
    return completions(dialog, stage)


def table(stage: Stage) -> None:
    """Open a note with a table, signs of HTML and lines broken by hand."""
    stage.app.texts["sourdough"] = sample.PLAIN
    note(stage)


def alone(stage: Stage) -> None:
    """Share nothing with anyone."""
    own = [space for space in stage.app.places if space.id == "journal"]
    stage.app.places = own
    stage.app.events.tell(SpacesChanged())
    stage.desk.go("space:journal")
    stage.settle()


SCREENS = (
    Screen("note", note),
    Screen("typing", typing),
    Screen("file", file),
    Screen("viewer", viewer),
    Screen("history", history),
    Screen("history-long", history, Mood.LONG),
    Screen("search", search),
    Screen("search-nothing", search_nothing),
    Screen("recent", at("recent")),
    Screen("bin", at("bin")),
    Screen("devices", at("devices")),
    Screen("share", share),
    Screen("share-code", share_code),
    Screen("join", join),
    Screen("join-offer", join_offer),
    Screen("join-full", join_full),
    Screen("gone", gone),
    Screen("gone-narrow", gone, size=(820, 640)),
    Screen("kept-elsewhere", kept_elsewhere),
    Screen("attach", attach),
    Screen("attach-full", attach_full),
    Screen("error", error),
    Screen("said", said),
    Screen("busy", busy, Mood.BUSY),
    Screen("long", note, Mood.LONG),
    Screen("long-share", share_code, Mood.LONG),
    Screen("long-offer", join_offer, Mood.LONG),
    Screen("long-file", file, Mood.LONG),
    Screen("long-said", said, Mood.LONG),
    Screen("long-devices", at("devices"), Mood.LONG),
    Screen("long-jump", jump, Mood.LONG),
    Screen("long-page", note, Mood.LONG, size=(480, 640)),
    Screen("scripts", note, Mood.SCRIPTS),
    Screen("scripts-history", history, Mood.SCRIPTS),
    Screen("scripts-share", share_code, Mood.SCRIPTS),
    Screen("scripts-jump", jump, Mood.SCRIPTS),
    Screen("full", note, Mood.FULL),
    Screen("first-run", nothing, Mood.FIRST_RUN),
    Screen("first-run-2", first_run_second, Mood.FIRST_RUN),
    Screen("first-run-small", nothing, Mood.FIRST_RUN, size=(640, 340)),
    Screen("first-run-2-small", first_run_second, Mood.FIRST_RUN, size=(640, 340)),
    Screen("note-small", note, size=(640, 340)),
    Screen("devices-small", at("devices"), size=(640, 340)),
    Screen("empty", nothing, Mood.EMPTY),
    Screen("empty-bin", at("bin"), Mood.EMPTY),
    Screen("empty-devices", at("devices"), Mood.EMPTY),
    Screen("jump", jump),
    Screen("commands", commands),
    Screen("menu", menu),
    Screen("keys", keys),
    Screen("choose-folder", choose_folder),
    Screen("table", table),
    Screen("alone", alone),
    Screen("icons", note, size=(820, 640)),
    Screen("one-page", note, size=(480, 640)),
    Screen("one-list", at("space:recipes"), size=(480, 640)),
)

POPUPS = (Screen("choose-folder-typed", choose_folder_typed),)
"""What opens over a field that keeps the keys."""


def draw(screen: Screen, theme: Theme, out: Path, name: str) -> QImage:
    """Draw one screen."""
    with tempfile.TemporaryDirectory() as folder:
        stage = set_stage(Path(folder), FakeApp(mood=screen.mood), size=screen.size, theme=theme)
        try:
            widget = screen.act(stage) or stage.window
            QApplication.processEvents()
            image = widget.grab().toImage()
            if stage.desk.folders.dialog is not None:
                stage.desk.folders.dialog.reject()
        finally:
            stage.close()
    image.save(str(out / f"{name}.png"))
    return image


def sheet(images: list[QImage]) -> QImage:
    """Put all pictures on one."""
    smooth = Qt.TransformationMode.SmoothTransformation
    for image in images:
        image.setDevicePixelRatio(1)
    thumbs = [image.scaledToWidth(THUMB, smooth) for image in images]
    rows = [thumbs[n : n + COLUMNS] for n in range(0, len(thumbs), COLUMNS)]
    heights = [max(thumb.height() for thumb in row) + 12 for row in rows]
    whole = QImage(COLUMNS * (THUMB + 12), sum(heights), QImage.Format.Format_RGB32)
    whole.fill(Qt.GlobalColor.gray)
    painter = QPainter(whole)
    y = 0
    for row, height in zip(rows, heights, strict=True):
        for n, thumb in enumerate(row):
            painter.drawImage(n * (THUMB + 12) + 6, y + 6, thumb)
        y += height
    painter.end()
    return whole


def paint(out: Path, scale: str, only: list[str]) -> None:
    """Draw everything at the scale of this process."""
    qInstallMessageHandler(_say)
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme = Theme(application)
    for look in (Look.LIGHT, Look.DARK):
        theme.choose(look)
        for screen in _wanted(only):
            draw(screen, theme, out, f"{screen.name}-{look.value}-{scale}x")
    application.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    theme.choose(Look.LIGHT)
    for screen in _wanted(only)[:1]:
        draw(screen, theme, out, f"{screen.name}-rtl-{scale}x")


def main(out: Path, only: list[str]) -> None:
    """Draw at every scale, each in a process of its own, and put all on one sheet."""
    if unknown := set(only) - {screen.name for screen in SCREENS}:
        sys.exit(f"no such screen: {', '.join(sorted(unknown))}")
    out.mkdir(parents=True, exist_ok=True)
    if scale := os.environ.get("QT_SCALE_FACTOR"):
        paint(out, scale, only)
        return
    again = [sys.executable, "-m", "tests.ui.gallery", str(out), *only]
    for scale in SCALES:
        subprocess.run(again, check=True, env=os.environ | {"QT_SCALE_FACTOR": scale})
    names = [
        f"{screen.name}-{look.value}-{scale}x"
        for look in (Look.LIGHT, Look.DARK)
        for screen in _wanted(only)
        for scale in SCALES
    ]
    names += [f"{screen.name}-rtl-{scale}x" for screen in _wanted(only)[:1] for scale in SCALES]
    sheet([QImage(str(out / f"{name}.png")) for name in names]).save(str(out / "sheet.png"))


def _wanted(only: list[str]) -> list[Screen]:
    return [screen for screen in (*SCREENS, *POPUPS) if not only or screen.name in only]


def _say(kind: QtMsgType, where: QMessageLogContext, words: str) -> None:
    """Pass on what Qt says, but what it says of every dialog here."""
    del kind, where
    if not words.startswith(NOISE):
        print(words, file=sys.stderr)  # noqa: T201 -- for who looks at the pictures


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
