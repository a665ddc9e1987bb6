"""What happens to the one entry that is open: opening, naming, deleting, its past, its links."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSaveFile, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QImage
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.events import Event, SpaceChanged
from app.facade import OpenNote
from app.values import EntryInfo, Role, SpaceInfo
from storage.errors import AtollError, NotFound
from ui.below import Below
from ui.jobs import Job
from ui.letters import count
from ui.models.note import NoteEditor, Saving
from ui.models.places import Places
from ui.pages.reader import Reader
from ui.slots import ignoring
from ui.widgets.footer import Footer
from ui.words import tr

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".svg")
MOST_BYTES = 64 << 20
_SAVING = {Saving.FAILED: "Not saved yet", Saving.DRAFT: "Private draft"}


class EntryDesk(QObject):
    """Keeps the reader and the entry it shows together."""

    failed = Signal(object, object)
    """With an AtollError, and what tries once more (or None)."""
    told = Signal(str)
    gone = Signal()
    past_shown = Signal(bool)
    """The past needs room: it has the list's place as well."""
    shown = Signal(object)
    """With the EntryInfo on the page."""
    follow = Signal(str, str)
    """A link to another note: the space, the name."""

    def __init__(self, reader: Reader, footer: Footer, places: Places, below: Below) -> None:
        super().__init__(reader)
        self._reader, self._footer, self._places, self._below = reader, footer, places, below
        self._turn = 0
        reader.header.title.renamed.connect(self.rename)
        reader.header.title.returnPressed.connect(self._take_keys)
        reader.header.history.connect(self.toggle_history)
        reader.note.failed.connect(partial(self._fail, again=self._save_again))
        reader.note.saving_changed.connect(self._on_saving)
        reader.note.drop_draft.connect(self._drop_draft)
        reader.note.edit.followed.connect(self._on_followed)
        reader.note.edit.counted.connect(self._on_counted)
        reader.history.left.connect(self.toggle_history)
        reader.history.past.failed.connect(self._fail)
        reader.history.past.restored.connect(self._on_restored)
        reader.file.open_wanted.connect(self._open_outside)
        reader.file.show_wanted.connect(self._show_outside)
        reader.file.copy_wanted.connect(self._save_copy)

    @property
    def entry(self) -> EntryInfo | None:
        """The entry on the page."""
        return self._reader.entry

    # -- opening
    def open(self, entry: EntryInfo, *, typing: bool = False) -> None:
        """Show an entry, and (typing) put the caret into it."""
        same = self.entry is not None and _id(self.entry) == _id(entry)
        if same and not self._reader.in_past:
            self._take_keys() if typing else None
            return
        self._turn += 1
        if entry.is_folder:
            self.leave(tr("Press Enter to look into the folder."))
        elif entry.is_text:
            job = self._run(self._below.app.open_note(entry.space, entry.id))
            job.done.connect(partial(self._on_note, self._turn, entry, typing))
            job.failed.connect(partial(self._on_not_opened, self._turn, entry))
        else:
            self._show_file(entry)

    def leave(self, words: str = "") -> None:
        """Close what is open, and show nothing."""
        self._turn += 1
        self._reader.note.let_go()
        self._reader.show_nothing(words)
        self._footer.show_words(None)
        self._footer.show_saving("")
        self.gone.emit()

    def farewell(self) -> Coroutine[object, object, object] | None:
        """Return what saves the open note, to be run before the app ends."""
        editor = self._reader.note.editor
        return None if editor is None else editor.farewell()

    def _on_note(self, turn: int, entry: EntryInfo, typing: bool, note: OpenNote) -> None:  # noqa: FBT001
        if turn != self._turn:
            self._below.runner.run(note.close())
            return
        space = self._places.space(entry.space)
        editor = NoteEditor(note, self._below.runner, self)
        role = space.role if space is not None else Role.VIEW
        self._footer.show_saving("")
        self._reader.note.show_note(editor, role, draft=entry.draft)
        self._reader.show_entry(entry, self._reader.note)
        self._reader.note.edit.setAccessibleName(
            f"{tr('Text of')} {self._reader.header.title.text()}"
        )
        self.shown.emit(entry)
        self._count()
        if typing:
            self._take_keys()

    def _on_not_opened(self, turn: int, entry: EntryInfo, error: AtollError) -> None:
        if turn == self._turn:
            self.leave()
            self.failed.emit(error, partial(self.open, entry))

    def _show_file(self, entry: EntryInfo) -> None:
        self._reader.note.let_go()
        self._footer.show_words(None)
        self._footer.show_saving("")
        self._reader.file.show_file(entry)
        self._reader.show_entry(entry, self._reader.file)
        self.shown.emit(entry)
        if entry.here and entry.size <= MOST_BYTES and entry.name.lower().endswith(PICTURES):
            job = self._run(self._image(entry))
            job.done.connect(partial(self._on_image, self._turn))

    async def _image(self, entry: EntryInfo) -> object:
        held = await self._below.app.read(entry.space, entry.id)
        return await self._below.aside(lambda: QImage.fromData(held))

    def _on_image(self, turn: int, image: QImage) -> None:
        if turn == self._turn and not image.isNull():
            self._reader.file.show_image(image)

    def _take_keys(self) -> None:
        if self._reader.in_note:
            self._reader.note.edit.setFocus()
        elif self._reader.in_file:
            self._reader.file.open_button.setFocus()

    # -- what can be done with it
    def rename(self, name: str) -> None:
        """Give the entry another name; a note keeps its ending."""
        entry = self.entry
        if entry is None:
            return
        ending = ".md" if entry.is_text and entry.name.lower().endswith(".md") else ""
        job = self._run(self._below.app.rename(entry.space, entry.id, name + ending))
        job.done.connect(self._on_renamed)
        job.failed.connect(partial(self._on_not_renamed, entry))

    def remove(self, entry: EntryInfo, then_: Callable[[EntryInfo], object]) -> None:
        """Put an entry in the bin."""
        job = self._run(self._below.app.remove(entry.space, entry.id))
        job.done.connect(ignoring(partial(self._on_removed, entry, then_)))
        job.failed.connect(self._fail)

    def toggle_history(self) -> None:
        """Show the past of the entry, or come back from it."""
        entry = self.entry
        if entry is None:
            return
        if self._reader.in_past:
            self._reader.show_entry(entry, self._reader.page_of(entry))
            self.past_shown.emit(False)
            self._take_keys()
        else:
            self.past_shown.emit(True)
            self._reader.history.past.look_at(entry)
            self._reader.show_entry(entry, self._reader.history)
            self._reader.history.versions.setFocus()

    def on_event(self, happened: Event) -> None:
        """Hear what happened."""
        if self._reader.note.editor is not None:
            self._reader.note.editor.on_event(happened)
        self._reader.history.past.on_event(happened)
        match happened:
            case SpaceChanged(space=space, entries=entries):
                entry = self.entry
                if entry and space == entry.space and (not entries or entry.id in entries):
                    job = self._run(self._below.app.entry(space, entry.id))
                    job.done.connect(partial(self._on_known, entry))
                    job.failed.connect(partial(self._on_unknown, entry))
            case _:
                pass

    def _on_known(self, before: EntryInfo, now: EntryInfo) -> None:
        if self.entry is not None and _id(self.entry) == _id(before):
            self._reader.set_entry(now)
            if not now.is_text and not self._reader.in_past:
                self._show_file(now)

    def _on_unknown(self, before: EntryInfo, error: AtollError) -> None:
        open_still = self.entry is not None and _id(self.entry) == _id(before)
        if open_still and isinstance(error, NotFound):
            self.leave(tr("It was deleted. Look in the bin to bring it back."))

    def _on_renamed(self, entry: EntryInfo) -> None:
        if self.entry is not None and _id(self.entry) == _id(entry):
            self._reader.set_entry(entry)

    def _on_not_renamed(self, entry: EntryInfo, error: AtollError) -> None:
        if self.entry is not None and _id(self.entry) == _id(entry):
            self._reader.set_entry(entry)
        self.failed.emit(error, None)

    def _on_removed(self, entry: EntryInfo, then_: Callable[[EntryInfo], object]) -> None:
        if self.entry is not None and _id(self.entry) == _id(entry):
            self.leave()
        then_(entry)

    def _on_restored(self, entry: EntryInfo) -> None:
        self.told.emit(tr("Brought back, as a new step. Nothing was erased."))
        self._reader.show_entry(entry, self._reader.page_of(entry))
        self.past_shown.emit(False)

    def _drop_draft(self) -> None:
        entry = self.entry
        if entry is not None:
            job = self._run(self._below.app.drop_draft(entry.space, entry.path))
            job.done.connect(ignoring(partial(self._open_again, entry)))
            job.failed.connect(self._fail)

    def _open_again(self, entry: EntryInfo) -> None:
        self._reader.entry = None
        self.open(entry)

    # -- saving, words
    def _save_again(self) -> None:
        if self._reader.note.editor is not None:
            self._reader.note.editor.save()

    def _on_saving(self, saving: Saving) -> None:
        self._footer.show_saving(tr(_SAVING.get(saving, "")))

    def _on_counted(self, count: int) -> None:
        if self._reader.in_note:
            self._footer.show_words(count)

    def _count(self) -> None:
        self._footer.show_words(count(self._reader.note.edit.toPlainText()))

    # -- links and files
    def _on_followed(self, target: str) -> None:
        if target.startswith("[[") and self.entry is not None:
            self.follow.emit(self.entry.space, target[2:])
            return
        url = QUrl(target, QUrl.ParsingMode.StrictMode)
        if url.scheme() in {"http", "https", "mailto"} and self._agrees(url):
            QDesktopServices.openUrl(url)

    def _agrees(self, url: QUrl) -> bool:
        where = url.host() or url.path()
        asked = QMessageBox(self._reader.window())
        asked.setText(f"{tr('Open this outside of Atoll?')}\n{where}")
        asked.setInformativeText(url.toDisplayString())
        asked.setStandardButtons(
            QMessageBox.StandardButton.Open | QMessageBox.StandardButton.Cancel
        )
        agreed = asked.exec() == QMessageBox.StandardButton.Open
        asked.deleteLater()
        return agreed

    def _path(self) -> Path | None:
        entry = self.entry
        space: SpaceInfo | None = self._places.space(entry.space) if entry else None
        if entry is None or space is None or space.folder is None:
            return None
        return space.folder.joinpath(*entry.path)

    def _open_outside(self) -> None:
        self._hand_out(self._path())

    def _show_outside(self) -> None:
        path = self._path()
        self._hand_out(path.parent if path is not None else None)

    def _hand_out(self, path: Path | None) -> None:
        if path is None or not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.told.emit(tr("No program on this computer opens it. Save a copy instead."))

    def _save_copy(self) -> None:
        entry = self.entry
        if entry is None:
            return
        path, _ = QFileDialog.getSaveFileName(self._reader, tr("Save a copy"), entry.name)
        if path:
            job = self._run(self._below.app.read(entry.space, entry.id))
            job.done.connect(partial(self._write, path))
            job.failed.connect(self._fail)

    def _write(self, path: str, held: bytes) -> None:
        file = QSaveFile(path)
        good = file.open(QSaveFile.OpenModeFlag.WriteOnly) and file.write(held) == len(held)
        if good and file.commit():
            self.told.emit(tr("Saved a copy."))
        else:
            self.told.emit(f"“{path}” {tr('could not be written.')}")

    def _fail(self, error: AtollError, again: Callable[[], object] | None = None) -> None:
        self.failed.emit(error, again)

    def _run(self, work: Coroutine[object, object, object]) -> Job:
        return self._below.runner.run(work)


def _id(entry: EntryInfo) -> tuple[str, str]:
    return entry.space, entry.id
