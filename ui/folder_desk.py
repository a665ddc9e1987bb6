"""What happens to whole folders: adding, joining, sharing, checking, leaving; long work."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox

from app.errors import FolderNotEmpty
from app.progress import Progress, Report
from app.proposing import free_folder
from app.values import CheckReport, Role, SpaceInfo
from app.words import count_words, size_words
from storage.errors import AtollError
from ui.below import Below
from ui.jobs import Job
from ui.pages.attach_dialog import AttachDialog
from ui.pages.join_dialog import JoinDialog
from ui.pages.share_dialog import ShareDialog
from ui.slots import ignoring
from ui.window import Window
from ui.words import say_code, tr

Again = Callable[[], object]


class FolderDesk(QObject):
    """Does one long work at a time, and shows how far it is."""

    added = Signal(object)
    """With the SpaceInfo."""
    left = Signal()
    failed = Signal(object, object)
    """With an AtollError, and what tries once more (or None)."""

    def __init__(
        self, window: Window, below: Below, home: Path, space: Callable[[], SpaceInfo | None]
    ) -> None:
        super().__init__(window)
        self._window, self._below, self._home, self._space = window, below, home, space
        self._job: Job | None = None
        self.dialog: QDialog | None = None

    def add(self) -> None:
        """Choose a folder of real files, and open it as a space of its own."""
        path = QFileDialog.getExistingDirectory(self._window, tr("Open a folder"), str(self._home))
        if path:
            self.add_path(Path(path))

    def add_path(self, path: Path) -> None:
        """Open a folder of real files."""

        def begin(report: Report) -> Coroutine[object, object, object]:
            return self._below.app.add(path, report)

        self._work(begin, self.added.emit, partial(self.add_path, path))

    def choose_place(self, space: SpaceInfo) -> None:
        """Say where a folder that is not in its place is now."""
        title = f"{tr('Where is')} “{space.name}”?"
        path = QFileDialog.getExistingDirectory(self._window, title, str(self._home))
        if path:
            self.attach_path(space, Path(path))

    def write_anew(self, space: SpaceInfo) -> None:
        """Have a folder that is gone written somewhere else; say first where."""
        folder = space.folder or self._home / space.name
        job = self._below.runner.run(self._propose(folder))
        job.done.connect(partial(self._ask_place, space, holds=False))

    def attach_path(self, space: SpaceInfo, path: Path, merge: bool = False) -> None:  # noqa: FBT001, FBT002 -- a signal's word
        """Keep a folder in another place from now on."""

        def begin(report: Report) -> Coroutine[object, object, object]:
            return self._below.app.attach(space.id, path, merge=merge, report=report)

        def refused(error: AtollError) -> None:
            if isinstance(error, FolderNotEmpty):
                self._ask_place(space, path, holds=True)
            else:
                self.failed.emit(error, None)

        self._work(begin, partial(self._on_attached, path), None, refused)

    async def _propose(self, folder: Path) -> object:
        """Return a free folder: where it was, or where people have theirs."""

        def free() -> Path:
            there = folder.parent if folder.parent.is_dir() else self._home
            return free_folder(there, folder.name)

        return await self._below.aside(free)

    def _ask_place(self, space: SpaceInfo, folder: Path, *, holds: bool) -> None:
        dialog = AttachDialog(space, folder, holds=holds, parent=self._window)
        dialog.chosen.connect(partial(self.attach_path, space))
        self.open_dialog(dialog)

    def _on_attached(self, path: Path, _: object) -> None:
        self._window.notice.tell(f"{tr('In step at')} {path}")

    def join(self) -> None:
        """Enter a code."""
        dialog = JoinDialog(self._window.theme, self._below, self._home, self._window)
        dialog.joined.connect(self.added.emit)
        self.open_dialog(dialog)

    def share(self) -> None:
        """Give access to the folder one is in."""
        space = self._space()
        if space is not None:
            self.open_dialog(ShareDialog(space, self._window.theme, self._below, self._window))

    def scan(self) -> None:
        """Look through the plain folder now."""
        space = self._space()
        if space is not None:
            self._work(partial(self._below.app.scan, space.id), _nothing, self.scan)

    def export(self) -> None:
        """Write every file into an empty folder."""
        space = self._space()
        if space is None:
            return
        path = QFileDialog.getExistingDirectory(self._window, tr("Export into an empty folder"))
        if path:

            def begin(report: Report) -> Coroutine[object, object, object]:
                return self._below.app.export(space.id, Path(path), report)

            self._work(begin, self._on_exported, self.export)

    def _on_exported(self, count: object) -> None:
        assert isinstance(count, int)
        self._window.notice.tell(f"{count_words(count, 'file')} {tr('written.')}")

    def bring_in(self, space: SpaceInfo, folder: str | None, paths: Sequence[Path]) -> None:
        """Copy files from anywhere into a folder."""
        if space.role is Role.VIEW:
            self._window.notice.tell(tr("You can look at this folder but not put files into it."))
            return
        if self._job is not None:
            self._window.notice.tell(tr("Something else is being done. Try again after it."))
            return

        def begin(report: Report) -> Coroutine[object, object, object]:
            return self._below.app.bring_in(space.id, folder, paths, report)

        self._work(begin, partial(self._on_brought, space), None)

    def _on_brought(self, space: SpaceInfo, count: object) -> None:
        assert isinstance(count, int)
        copied = f"{count_words(count, 'file')} {tr('copied into')} “{space.name}”."
        self._window.notice.tell(copied)

    def leave(self) -> None:
        """Forget the folder on this computer; its files stay."""
        space = self._space()
        if space is None:
            return
        asked = QMessageBox(self._window)
        asked.setText(f"{tr('Take')} “{space.name}” {tr('out of Atoll on this computer?')}")
        asked.setInformativeText(tr("The folder and its files stay where they are."))
        yes = asked.addButton(tr("Take it out"), QMessageBox.ButtonRole.AcceptRole)
        asked.addButton(QMessageBox.StandardButton.Cancel)
        asked.exec()
        asked.deleteLater()
        if asked.clickedButton() is yes:
            job = self._below.runner.run(self._below.app.leave(space.id))
            job.done.connect(ignoring(self.left.emit))
            job.failed.connect(self._fail)

    def check(self) -> None:
        """Verify everything."""

        def begin(report: Report) -> Coroutine[object, object, object]:
            return self._below.app.check(None, report)

        self._work(begin, self._on_checked, self.check)

    def _on_checked(self, report: CheckReport) -> None:
        looked = f"{count_words(report.entries, 'item')}, {size_words(report.bytes)}"
        bad = [finding for finding in report.findings if finding.severity != "note"]
        if not bad:
            self._window.notice.tell(f"{tr('All is well:')} {looked}.")
            return
        words = say_code("storage.corrupt-block").words
        found = f"{words.sentence} {bad[0].what}: {bad[0].where}"
        self._window.notice.tell(f"{found} ({len(bad)}/{report.entries})")

    def _fail(self, error: AtollError) -> None:
        self.failed.emit(error, None)

    # -- long work
    def cancel(self) -> None:
        """Stop what is under way. What was done is whole."""
        if self._job is not None:
            self._job.cancel()

    def show_work(self, progress: Progress | None) -> None:
        """Show work in the background, unless someone waits for other work."""
        if self._job is not None:
            return
        if progress is None:
            self._window.strip.end()
        else:
            self._window.strip.show_progress(progress, stoppable=False)

    def open_dialog(self, dialog: QDialog) -> None:
        """Open a dialog over the window, and let go of it when it closes."""
        self.dialog = dialog
        dialog.finished.connect(partial(self._on_closed, dialog))
        dialog.open()

    def _on_closed(self, dialog: QDialog, _: int) -> None:
        if self.dialog is dialog:
            self.dialog = None
        dialog.deleteLater()

    def _work(
        self,
        begin: Callable[[Report], Coroutine[object, object, object]],
        done: Callable[..., object],
        again: Again | None,
        failed: Callable[[AtollError], None] | None = None,
    ) -> None:
        if self._job is not None:
            return
        job = self._job = self._below.runner.run_long(begin)
        job.progressed.connect(partial(self._window.strip.show_progress, stoppable=True))
        job.done.connect(partial(self._on_done, done))
        job.failed.connect(partial(self._on_failed, again, failed))
        job.cancelled.connect(self._on_cancelled)

    def _on_done(self, done: Callable[..., object], answer: object) -> None:
        self._on_cancelled()
        done(answer)

    def _on_failed(
        self, again: Again | None, failed: Callable[[AtollError], None] | None, error: AtollError
    ) -> None:
        self._on_cancelled()
        if failed is None:
            self.failed.emit(error, again)
        else:
            failed(error)

    def _on_cancelled(self) -> None:
        self._job = None
        self._window.strip.end()


def _nothing(_: object) -> None:
    """Leave it at that: what was done is seen."""
