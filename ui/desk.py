"""Where everything in the window comes together: places, list, page, dialogs, events."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, QObject, Qt
from PySide6.QtWidgets import QInputDialog, QMessageBox, QWidget

from app.events import Event, Trouble, Working
from app.values import EntryInfo, SpaceInfo
from storage.errors import AtollError
from ui.actions import ENTRY, WRITING
from ui.below import Below
from ui.entry_desk import EntryDesk
from ui.folder_desk import FolderDesk
from ui.held_desk import HeldDesk
from ui.jobs import Job
from ui.jump_desk import JumpDesk
from ui.models.contents import Contents, Spot, key_of
from ui.models.places import SPACE, Place
from ui.models.places import key_of as place_key
from ui.models.where import Where
from ui.pages.first_run import FirstRun
from ui.pages.listing import Listing
from ui.pages.reader import Reader
from ui.pane_desk import PaneDesk
from ui.slots import ignoring
from ui.theme.tokens import NOTE_SIZE
from ui.widgets import typing_keys
from ui.widgets.keys_dialog import KeysDialog
from ui.window import Pane, Shape, Window
from ui.words import Act, Said, say, say_code, tr

Again = Callable[[], object]


class Desk(QObject):
    """Connects the window with the app."""

    def __init__(self, window: Window, below: Below, home: Path) -> None:
        super().__init__(window)
        self._window, self._below, self._home = window, below, home
        self.actions = window.actions_
        self.contents = Contents(below, parent=self)
        self.where = Where(below, self)
        self.listing = Listing(self.contents, window.theme, self.new_note)
        self.reader = Reader(window.theme, below)
        self.entry = EntryDesk(self.reader, window.footer, window.places, below)
        self.first_run: FirstRun | None = None
        self.folders = FolderDesk(window, below, home, self.space)
        self.held = HeldDesk(window, below, self.listing.held)
        self.jumping = JumpDesk(window, below, self.folders.open_dialog)
        self.panes = PaneDesk(window, self.listing, self.reader)
        self._begun = False
        self._run: Callable[[Coroutine[object, object, object]], Job] = below.runner.run
        window.set_panes(self.listing, self.reader)
        self.reader.header.more.setMenu(self.actions.entry_menu(window))
        self.reader.note.edit.resize_text(window.memory.text_size)
        self.actions.give_to(self.reader.note.edit)
        self._connect_parts()
        self._connect_actions()
        self._on_shaped()

    # -- beginning
    def start(self) -> None:
        """Ask the app what there is."""
        self._window.places.attach(self._below)
        self.reader.devices.people.refresh()
        job = self._run(self._below.app.device_name())
        job.done.connect(self._on_name)

    def hear(self, happened: Event) -> None:
        """Pass on what happened."""
        for listener in (self._window.places, self.contents, self.where, self.entry):
            listener.on_event(happened)
        self.reader.bin.binned.on_event(happened)
        self.reader.devices.people.on_event(happened)
        match happened:
            case Trouble(code=code, by=by):
                self._say(say_code(code, by), None)
            case Working(progress=progress):
                self.folders.show_work(progress)
            case _:
                pass

    def farewell(self) -> Coroutine[object, object, object] | None:
        """Return what is still to be saved, to be run before the app ends."""
        return self.entry.farewell()

    def _on_name(self, name: object) -> None:
        self.contents.own_name = str(name)
        if not name:
            self._begin_first_run()

    def _begin_first_run(self) -> None:
        if self.first_run is None:
            first = FirstRun(self._window.theme)
            first.named.connect(self._name_device)
            self.take_first_run(first)
            first.name.setFocus()

    def take_first_run(self, first: FirstRun) -> None:
        """Go on with a first run, perhaps one that was begun before the app was there."""
        self.first_run = first
        first.open_folder.connect(self.folders.add)
        first.have_code.connect(self.folders.join)
        first.later.connect(self._end_first_run)
        self._window.show_whole(first)

    def _name_device(self, name: str) -> None:
        job = self._run(self._below.app.rename_device(name))
        job.failed.connect(self._fail)
        job.done.connect(self._go_on_first_run)
        self.contents.own_name = name

    def _go_on_first_run(self) -> None:
        if self.first_run is not None:
            self.first_run.begin()

    def _end_first_run(self) -> None:
        if self.first_run is not None:
            self.first_run = None
            self._window.show_whole(None)

    # -- places
    def go(self, key: str) -> None:
        """Go to a place."""
        window, reader = self._window, self.reader
        window.sidebar.list.choose(key)
        pages = {
            Place.SEARCH.value: reader.search,
            Place.BIN.value: reader.bin,
            Place.DEVICES.value: reader.devices,
        }
        page = pages.get(key)
        window.set_alone(alone=page is not None)
        if page is not None:
            self._show_page(page)
        else:
            self._show_folder(key)
        self._allow()

    def _on_place_clicked(self, index: QModelIndex) -> None:
        if self._window.shape_ is Shape.ONE:  # the place one is at is chosen already
            self.go(self._window.places.rows.key(index.row()))

    def _show_page(self, page: QWidget) -> None:
        names = {space.id: space.name for space in self._window.places.spaces}
        self.reader.search.searching.names = self.reader.bin.binned.names = names
        self.entry.leave()
        self.listing.list.choose("")
        self.reader.setCurrentWidget(page)
        self.where.look_at("")
        self._window.show_pane(Pane.PAGE)
        if page is self.reader.search:
            self.reader.search.box.setFocus()
            self.reader.search.box.selectAll()
        elif page is self.reader.bin:
            self.reader.bin.binned.refresh()
            self._keep_keys()
        else:
            self.reader.devices.people.refresh()
            self._keep_keys()

    def _keep_keys(self) -> None:
        """Leave the keys in the places, so that one can go on choosing."""
        if self._window.sidebar.isVisible():
            self._window.sidebar.list.setFocus()

    def _show_folder(self, key: str) -> None:
        space = key.removeprefix(SPACE) if key.startswith(SPACE) else ""
        self._window.memory.place = key
        self.listing.filter.clear()
        if self.reader.currentWidget() in {
            self.reader.search,
            self.reader.bin,
            self.reader.devices,
        }:
            self.entry.leave()
        if self.entry.entry is not None and space not in {"", self.entry.entry.space}:
            self.entry.leave()
            self.listing.list.choose("")
        self.contents.go(Spot(space))
        self.listing.show_state_of(self._window.places.space(space))
        if self.entry.entry is None:
            self.where.look_at(space)
        self._window.show_pane(Pane.LIST)
        if self._window.shape_ is Shape.ONE:
            self.listing.focus()

    def _on_places(self) -> None:
        self.listing.show_homeless(homeless=not self._window.places.spaces)
        self.listing.show_state_of(self._window.places.space(self.contents.spot.space))
        self.contents.set_alone(alone=self._window.places.alone)
        self._window.footer.set_alone(alone=self._window.places.alone)
        if self._begun:
            return
        self._begun = True
        spaces = self._window.places.spaces
        keys = [*(place_key(space.id) for space in spaces), place_key(Place.RECENT)]
        wanted = self._window.memory.place
        self.go(wanted if wanted in keys else keys[0])
        if self.first_run is None:
            self._window.sidebar.list.setFocus()

    # -- entries
    def open_entry(self, entry: EntryInfo, *, typing: bool = False) -> None:
        """Show an entry, in its list if it is in it."""
        self.listing.list.choose(key_of(entry))
        self.entry.open(entry, typing=typing)
        if not entry.is_folder:
            self._window.show_pane(Pane.PAGE)

    def new_note(self) -> None:
        """Make a note where one is, and begin to type."""
        space = self.space()
        if space is None:
            self.folders.add()
            return
        folder = self.contents.spot.folder if self.contents.spot.space == space.id else None
        job = self._run(self._below.app.new_note(space.id, folder, f"{tr('Untitled')}.md"))
        job.done.connect(self._on_made)
        job.failed.connect(partial(self._fail, again=self.new_note))

    def new_folder(self) -> None:
        """Make a folder where one is."""
        space = self.space()
        name, good = QInputDialog.getText(self._window, tr("New folder"), tr("Name"))
        if good and space is not None and name.strip():
            folder = self.contents.spot.folder
            job = self._run(self._below.app.new_folder(space.id, folder, name.strip()))
            job.failed.connect(self._fail)

    def _bring_in(self, paths: Sequence[Path]) -> None:
        spot = self.contents.spot
        space = self._window.places.space(spot.space)
        if space is not None:
            self.folders.bring_in(space, spot.folder, paths)

    def remove(self, entry: EntryInfo | None = None) -> None:
        """Put an entry in the bin; it can come back at once."""
        entry = entry or self.entry.entry
        if entry is not None:
            self.entry.remove(entry, self._on_removed)

    def _on_made(self, entry: EntryInfo) -> None:
        if self.contents.recent or self._window.alone:
            self.go(place_key(entry.space))
        self.open_entry(entry)
        title = self.reader.header.title
        self.entry.shown.connect(ignoring(title.selectAll), Qt.ConnectionType.SingleShotConnection)
        self.entry.shown.connect(ignoring(title.setFocus), Qt.ConnectionType.SingleShotConnection)

    def _on_removed(self, entry: EntryInfo) -> None:
        words = f"“{entry.name}” {tr('is in the bin.')}"
        self._window.notice.tell(words, tr("Bring back"), partial(self._unremove, entry))

    def _unremove(self, entry: EntryInfo) -> None:
        job = self._run(self._below.app.restore_from_bin(entry.space, entry.id))
        job.done.connect(self.open_entry)
        job.failed.connect(self._fail)

    def _on_shown(self, entry: EntryInfo) -> None:
        self._window.set_alone(alone=False)
        self.where.look_at(entry.space, entry.id)
        self._allow()
        self.panes.mend()

    def _on_past(self, shown: bool) -> None:  # noqa: FBT001 -- a signal's word
        self._window.set_alone(alone=shown)
        self._allow()

    def _on_gone(self) -> None:
        self.where.look_at(self.contents.spot.space)
        self._allow()
        self.panes.mend()

    def _open_by_id(self, space: str, entry: str) -> None:
        self.go(place_key(space))
        job = self._run(self._below.app.entry(space, entry))
        job.done.connect(partial(self.open_entry, typing=True))
        job.failed.connect(self._fail)

    def _follow(self, space: str, name: str) -> None:
        job = self._run(self._below.app.all_entries(space))
        job.done.connect(partial(self._on_linked, name))

    def _on_linked(self, name: str, entries: Sequence[EntryInfo]) -> None:
        wanted = name.split("|", maxsplit=1)[0].split("#", maxsplit=1)[0].strip().casefold()
        for entry in entries:
            if wanted in {entry.name.casefold(), entry.name.casefold().removesuffix(".md")}:
                self.open_entry(entry)
                return
        self._window.notice.tell(f"{tr('There is no note called')} “{name}”.")

    def _on_added(self, space: SpaceInfo) -> None:
        self._end_first_run()
        self._begun = True
        self._window.places.refresh()
        self.go(place_key(space.id))

    def _on_left(self) -> None:
        self.entry.leave()
        self.go(place_key(Place.RECENT))

    # -- going between panes
    def back(self) -> None:
        """Go where one came from."""
        one = self._window.shape_ is Shape.ONE
        if self.reader.in_past:
            self.entry.toggle_history()
        elif one and self._window.front is Pane.PAGE:
            self.panes.go(Pane.PLACES if self._window.alone else Pane.LIST)
        elif self._window.alone:
            self.go(self._window.memory.place or place_key(Place.RECENT))
        elif not self.contents.up() and one:
            self.panes.go(Pane.PLACES)

    # -- connections
    def _connect_parts(self) -> None:
        window, reader, listing = self._window, self.reader, self.listing
        window.places.loaded.connect(self._on_places)
        window.places.failed.connect(partial(self._fail, again=window.places.refresh))
        window.sidebar.list.chosen.connect(self.go)
        window.sidebar.list.clicked.connect(self._on_place_clicked)
        self.contents.failed.connect(self._fail)
        listing.chosen.connect(self.open_entry)
        listing.entered.connect(partial(self.open_entry, typing=True))
        listing.removed.connect(self.remove)
        listing.brought.connect(self._bring_in)
        listing.up_wanted.connect(self.back)
        listing.folder_wanted.connect(self.folders.add)
        listing.gone.choose_wanted.connect(self.folders.choose_place)
        listing.gone.anew_wanted.connect(self.folders.write_anew)
        self.folders.failed.connect(self._fail)
        self.held.failed.connect(self._fail)
        self.jumping.failed.connect(self._fail)
        self.jumping.picked.connect(self._open_by_id)
        self.folders.added.connect(self._on_added)
        self.folders.left.connect(self._on_left)
        self.entry.failed.connect(self._fail)
        self.entry.told.connect(window.notice.tell)
        self.entry.shown.connect(self._on_shown)
        self.entry.past_shown.connect(self._on_past)
        self.entry.gone.connect(self._on_gone)
        self.entry.follow.connect(self._follow)
        self.where.changed.connect(self._on_where)
        reader.header.share.connect(self.folders.share)
        reader.header.back.connect(self.back)
        reader.search.opened.connect(self._open_by_id)
        reader.search.searching.failed.connect(self._fail)
        reader.bin.binned.failed.connect(self._fail)
        reader.bin.binned.restored.connect(self._on_unbinned)
        reader.devices.people.failed.connect(self._fail)
        reader.devices.people.changed.connect(self._on_people)
        reader.devices.join_wanted.connect(self.folders.join)
        window.strip.cancelled.connect(self.folders.cancel)
        window.shaped.connect(self._on_shaped)

    def _connect_actions(self) -> None:
        edit = self.reader.note.edit
        slots: dict[str, Callable[[], object]] = {
            "new-note": self.new_note,
            "new-folder": self.new_folder,
            "open-folder": self.folders.add,
            "join": self.folders.join,
            "share": self.folders.share,
            "scan": self.folders.scan,
            "export": self.folders.export,
            "leave": self.folders.leave,
            "undo": edit.undo_wanted.emit,
            "redo": edit.redo_wanted.emit,
            "rename": self._begin_rename,
            "remove": self.remove,
            "bold": lambda: typing_keys.wrap(edit, "**"),
            "italic": lambda: typing_keys.wrap(edit, "*"),
            "link": lambda: typing_keys.link(edit),
            "tick": lambda: typing_keys.tick(edit, edit.textCursor().block()),
            "line-up": lambda: typing_keys.move_line(edit, down=False),
            "line-down": lambda: typing_keys.move_line(edit, down=True),
            "search": lambda: self.go(place_key(Place.SEARCH)),
            "filter": self._filter,
            "jump": self.jumping.jump,
            "commands": self.jumping.commands,
            "history": self.entry.toggle_history,
            "back": self.back,
            "pane-places": lambda: self.panes.go(Pane.PLACES),
            "pane-list": lambda: self.panes.go(Pane.LIST),
            "pane-page": lambda: self.panes.go(Pane.PAGE),
            "pane-next": lambda: self.panes.step(1),
            "pane-previous": lambda: self.panes.step(-1),
            "larger": lambda: self._resize_text(1),
            "smaller": lambda: self._resize_text(-1),
            "normal": lambda: self._resize_text(0),
            "keys": lambda: self.folders.open_dialog(KeysDialog(self.actions, self._window)),
            "check": self.folders.check,
            "devices": lambda: self.go(place_key(Place.DEVICES)),
            "bin": lambda: self.go(place_key(Place.BIN)),
            "about": self._about,
        }
        for name, slot in slots.items():
            self.actions[name].setEnabled(True)
            self.actions[name].triggered.connect(ignoring(slot))

    # -- answers
    def _on_where(self) -> None:
        reach = self.where.delivery.reach if self.where.delivery is not None else None
        self._window.footer.show_sentence(self.where.sentence, reach)
        entry = self.entry.entry
        if entry is not None and not entry.is_text:
            self.reader.file.show_delivery(self.where.delivery)

    def _on_unbinned(self, entry: EntryInfo) -> None:
        show = partial(self._open_by_id, entry.space, entry.id)
        self._window.notice.tell(f"“{entry.name}” {tr('is back.')}", tr("Show"), show)

    def _on_people(self) -> None:
        self.contents.own_name = self.reader.devices.people.own_name
        self.contents.rows.redraw()

    def _on_shaped(self) -> None:
        one = self._window.shape_ is Shape.ONE
        self.reader.header.set_narrow(narrow=one)
        self.listing.set_narrow(narrow=one)
        self._allow()
        self.panes.mend()

    # -- small things
    def space(self) -> SpaceInfo | None:
        """Return the folder one is in, else the first there is."""
        places = self._window.places
        here = self.contents.spot.space
        if self.contents.recent and self.entry.entry is not None:
            here = self.entry.entry.space
        return places.space(here) or next(iter(places.spaces), None)

    def _begin_rename(self) -> None:
        title = self.reader.header.title
        if self.entry.entry is not None:
            title.setFocus()
            title.selectAll()

    def _filter(self) -> None:
        if self._window.alone:
            self.go(place_key(Place.SEARCH))
            return
        self._window.show_pane(Pane.LIST)
        self.listing.filter.setFocus()
        self.listing.filter.selectAll()

    def _resize_text(self, step: int) -> None:
        edit = self.reader.note.edit
        edit.resize_text(edit.text_size + step if step else NOTE_SIZE)
        self._window.memory.text_size = edit.text_size

    def _about(self) -> None:
        QMessageBox.about(self._window, "Atoll", tr("Notes and folders on your own devices."))

    def _allow(self) -> None:
        """Say what can be done now."""
        chosen = self.entry.entry is not None
        space = bool(self._window.places.spaces)
        one = self._window.shape_ is Shape.ONE
        back = one or self.reader.in_past or self._window.alone or bool(self.contents.spot.folders)
        possible = dict.fromkeys(ENTRY, chosen)
        possible |= dict.fromkeys(WRITING, self.reader.in_note)
        possible |= dict.fromkeys(("share", "scan", "export", "leave", "new-folder"), space)
        self.actions.enable(possible | {"back": back})

    def _fail(self, error: AtollError, again: Again | None = None) -> None:
        self._say(say(error), again)

    def _say(self, said: Said, again: Again | None) -> None:
        offers: dict[Act, Again] = {
            Act.BIN: lambda: self.go(place_key(Place.BIN)),
            Act.CHECK: self.folders.check,
            Act.JOIN: self.folders.join,
            Act.DEVICES: lambda: self.go(place_key(Place.DEVICES)),
            Act.QUIT: self._window.close,
        }
        if again is not None:
            offers[Act.RETRY] = again
        self._window.notice.say(said, offers)
