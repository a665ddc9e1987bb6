"""An app in memory: everything the window can ask, with moods to look at.

It keeps to the contract of `app.facade.App` where a window can tell: errors, splices,
progress, events. It saves nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from app.errors import FolderNotEmpty, FolderUnavailable, NotText
from app.events import (
    DeliveryChanged,
    DevicesChanged,
    EventHub,
    SpaceChanged,
    SpacesChanged,
    TextArrived,
    Working,
)
from app.facade import OpenNote
from app.progress import Progress, Report, silent
from app.values import (
    BinItem,
    CheckReport,
    Delivery,
    DeviceInfo,
    Draft,
    EntryInfo,
    Finding,
    Hit,
    InviteInfo,
    Mirroring,
    Reach,
    Role,
    SpaceInfo,
    Version,
)
from storage.errors import (
    AtollError,
    BadToken,
    NameTaken,
    NotFound,
)
from sync.errors import PeerUnreachable
from tests.ui import sample
from tests.ui.fake_note import FakeNote
from tests.ui.fake_unasked import Unasked
from ui.models.splices import Splice

LIST = ("Packing", "list.txt")
CODE = "ATOLL:" + "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43UOV3HO6DZPIYDCMRTGQ2TMNZYHE" * 3


class Mood(Enum):
    """How the fake app feels."""

    CALM = "calm"
    FIRST_RUN = "first-run"
    EMPTY = "empty"
    BUSY = "busy"
    ERROR = "error"
    LONG = "long"
    SCRIPTS = "scripts"
    """Names and texts in the scripts of many countries."""
    FULL = "full"
    """10,000 entries in one folder."""


@dataclass
class FakeApp(Unasked):
    """See the module."""

    root: Path = field(default_factory=lambda: Path("/home/ana"))
    mood: Mood = Mood.CALM
    name: str = "Desk"
    events: EventHub = field(default_factory=EventHub)
    save_error: AtollError | None = None
    fail: AtollError | None = None
    """Raised by every question while it is set."""
    gate: asyncio.Event | None = None
    """While set and closed, answers wait."""
    notes: list[FakeNote] = field(default_factory=list)
    calls: list[tuple[str, tuple[object, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.texts = dict(sample.TEXTS)
        self.all: list[EntryInfo] = sample.entries()
        self.places: list[SpaceInfo] = sample.spaces(self.root)
        self.binned: list[BinItem] = [
            BinItem("recipes", "old", ("Old bread.md",), 900, sample.NOW - 5000, "Desk", "aa" * 32),
            BinItem("trip", "list", LIST, 88, sample.NOW - 9e5, "Jo's tablet", "bb" * 32),
        ]
        self._prepare()

    def _prepare(self) -> None:
        if self.mood is Mood.FIRST_RUN:
            self.name = ""
        if self.mood in {Mood.FIRST_RUN, Mood.EMPTY}:
            self.places, self.all, self.binned = [], [], []
        if self.mood is Mood.FULL:
            self.all = sample.many_entries()
        if self.mood is Mood.LONG:
            long = sample.LONG_NAME
            self.all = [replace(e, path=(*e.path[:-1], long + e.path[-1])) for e in self.all]
            self.places = [replace(s, name=f"{s.name} {long}") for s in self.places]
            self.texts = {key: f"{long * 8}\n\n{text}" for key, text in self.texts.items()}
        if self.mood is Mood.SCRIPTS:
            self._rename()

    def _rename(self) -> None:
        said = list(sample.SCRIPTS.values())
        whole = "\n".join(f"# {one}\n- [ ] {one}\n**{one}** `{one}`\n" for one in said)
        self.all = [
            replace(e, path=(*e.path[:-1], f"{said[n % len(said)]} {n}{Path(e.name).suffix}"))
            for n, e in enumerate(self.all)
        ]
        self.places = [replace(s, name=said[n + 1]) for n, s in enumerate(self.places)]
        self.texts = dict.fromkeys(self.texts, f"7:10 {whole}")

    async def pause(self) -> None:
        """Wait while the gate is shut, and fail where a test wants it."""
        if self.gate is not None:
            await self.gate.wait()
        if self.fail is not None:
            raise self.fail

    def space_of(self, space: str) -> SpaceInfo:
        """Return one space."""
        found = next((s for s in self.places if s.id == space), None)
        if found is None:
            raise NotFound("no such space")
        return found

    def _find(self, space: str, entry: str) -> EntryInfo:
        found = next((e for e in self.all if e.space == space and e.id == entry), None)
        if found is None:
            raise NotFound("no such entry")
        return found

    # -- this device
    async def device_name(self) -> str:
        """Return the name."""
        await self.pause()
        return self.name

    async def rename_device(self, name: str) -> None:
        """Take a name."""
        await self.pause()
        self.name = name
        self.events.tell(DevicesChanged())

    async def devices(self) -> tuple[DeviceInfo, ...]:
        """Return all devices."""
        await self.pause()
        if self.mood in {Mood.FIRST_RUN, Mood.EMPTY}:
            return (sample.DESK,)
        return sample.DEVICES

    async def dial(self, address: str) -> str:
        """Meet nobody, unless the address is good."""
        await self.pause()
        if address != "192.168.1.20:4711":
            raise PeerUnreachable("nobody there")
        return "Mina's laptop"

    # -- spaces
    async def spaces(self) -> tuple[SpaceInfo, ...]:
        """Return all spaces by name."""
        await self.pause()
        return tuple(sorted(self.places, key=lambda s: s.name))

    async def add(self, folder: Path, report: Report = silent) -> SpaceInfo:
        """Add a folder."""
        await self.pause()
        for done in range(0, 101, 10):
            report(Progress("Reading", folder.name, done, 100))
            await asyncio.sleep(0)
        space = replace(
            sample.spaces(self.root)[2], id=f"s{len(self.places)}", name=folder.name, folder=folder
        )
        self.places.append(space)
        self.events.tell(SpacesChanged())
        return space

    def take_away(self, space: str, why: str = FolderUnavailable.code) -> None:
        """Let a folder be gone."""
        gone = replace(self.space_of(space), mirroring=Mirroring.UNAVAILABLE, why=why)
        self.places = [gone if one.id == space else one for one in self.places]
        self.events.tell(SpacesChanged())

    async def attach(
        self, space: str, folder: Path, *, merge: bool = False, report: Report = silent
    ) -> SpaceInfo:
        """Attach, unless the folder holds something."""
        await self.pause()
        self.calls.append(("attach", (space, folder, merge)))
        if folder.name == "full" and not merge:
            raise FolderNotEmpty("it holds something")
        report(Progress("Writing", "a.md", 1, 1))
        there = replace(self.space_of(space), folder=folder, mirroring=Mirroring.SETTLED, why="")
        self.places = [there if one.id == space else one for one in self.places]
        self.events.tell(SpacesChanged())
        return there

    async def leave(self, space: str) -> None:
        """Forget a space."""
        await self.pause()
        self.places = [s for s in self.places if s.id != space]
        self.events.tell(SpacesChanged())

    async def scan(self, space: str, report: Report = silent) -> None:
        """Look."""
        await self.pause()
        self.calls.append(("scan", (space,)))
        report(Progress("Reading", "", 1, 1))

    # -- sharing
    async def share(
        self, space: str, role: Role, until: int | None, addresses: Sequence[str] = ()
    ) -> InviteInfo:
        """Make a code."""
        await self.pause()
        self.calls.append(("share", (space, role, until)))
        name = self.space_of(space).name
        return InviteInfo(CODE, name, self.name, role, until, tuple(addresses))

    async def invite_file(self, code: str) -> bytes:
        """Return a file."""
        await self.pause()
        return b"ATOLL-INVITE-1\n" + code.encode()

    async def read_invite(self, given: str | bytes) -> InviteInfo:
        """Say what a code offers."""
        await self.pause()
        text = given if isinstance(given, str) else given.decode("utf-8", "replace")
        if "ATOLL" not in text:
            raise BadToken("no code in it")
        return InviteInfo(
            CODE, "Recipes", "Ana", Role.EDIT, int(sample.NOW + 4 * 86400), ("192.168.1.5:4711",)
        )

    async def join(
        self,
        given: str | bytes,
        into: Path,
        *,
        merge: bool = False,
        keep: str | None = None,
        report: Report = silent,
    ) -> SpaceInfo:
        """Join, unless the folder holds something."""
        await self.pause()
        del given, keep
        if into.name == "full" and not merge:
            raise FolderNotEmpty("it holds something")
        for done in range(0, 41, 4):
            report(Progress("Fetching", "oven.mp4", 0, 0, done * 1_000_000, 40_000_000))
            await asyncio.sleep(0)
        return await self.add(into)

    # -- notes and files
    async def entries(self, space: str, folder: str | None = None) -> tuple[EntryInfo, ...]:
        """Return what a folder holds."""
        await self.pause()
        self.space_of(space)
        above = self._find(space, folder).path if folder else ()
        inside = [e for e in self.all if e.space == space and e.path[:-1] == above]
        return tuple(sorted(inside, key=lambda e: (not e.is_folder, e.name.casefold())))

    async def all_entries(self, space: str) -> tuple[EntryInfo, ...]:
        """Return all files and notes."""
        await self.pause()
        return tuple(
            sorted(
                (e for e in self.all if e.space == space and not e.is_folder), key=lambda e: e.path
            )
        )

    async def entry(self, space: str, entry: str) -> EntryInfo:
        """Return one."""
        await self.pause()
        return self._find(space, entry)

    async def find(self, path: Path) -> EntryInfo:
        """Return what is at a path."""
        await self.pause()
        found = next((e for e in self.all if e.name == path.name), None)
        if found is None:
            raise NotFound("not here")
        return found

    async def open_note(self, space: str, entry: str) -> OpenNote:
        """Open a note."""
        await self.pause()
        if not self._find(space, entry).is_text:
            raise NotText("a file")
        note = FakeNote(self, space, entry)
        self.notes.append(note)
        return note

    async def read(self, space: str, entry: str, record: str | None = None) -> bytes:
        """Return bytes, now or then."""
        await self.pause()
        self._find(space, entry)
        text = self.texts.get(entry, "")
        if record:
            text = text.replace("7:10", "7:00").replace("22 °C", "21 °C")
            text = text.replace("- [ ] Fold every 30 min\n", "- [ ] Fold 4 times\n")
        return text.encode()

    async def new_note(
        self, space: str, folder: str | None, name: str, text: str = ""
    ) -> EntryInfo:
        """Make a note."""
        await self.pause()
        made = self._make(space, folder, name, text=text, is_folder=False)
        self.texts[made.id] = text
        return made

    async def new_folder(self, space: str, folder: str | None, name: str) -> EntryInfo:
        """Make a folder."""
        await self.pause()
        return self._make(space, folder, name, text="", is_folder=True)

    def _make(
        self, space: str, folder: str | None, name: str, *, text: str, is_folder: bool
    ) -> EntryInfo:
        above = self._find(space, folder).path if folder else ()
        made = EntryInfo(
            space,
            f"new{len(self.all)}",
            (*above, name),
            is_folder,
            not is_folder,
            len(text),
            sample.NOW,
            self.name,
            Reach.ONLY_HERE,
            here=True,
        )
        self.all.append(made)
        self.events.tell(SpaceChanged(space, frozenset({made.id}), remote=False))
        return made

    async def bring_in(
        self, space: str, folder: str | None, paths: Sequence[Path], report: Report = silent
    ) -> int:
        """Copy files, none over another."""
        self.calls.append(("bring_in", (space, folder, *paths)))
        for done, path in enumerate(paths):
            await self.pause()
            report(Progress("Copying", path.name, done, len(paths)))
            await self.new_note(space, folder, path.name)
        return len(paths)

    async def rename(self, space: str, entry: str, name: str) -> EntryInfo:
        """Rename."""
        await self.pause()
        old = self._find(space, entry)
        new = replace(old, path=(*old.path[:-1], name))
        if any(e.path == new.path and e.space == space and e.id != entry for e in self.all):
            raise NameTaken(name)
        self.all[self.all.index(old)] = new
        self.events.tell(SpaceChanged(space, frozenset({entry}), remote=False))
        return new

    async def remove(self, space: str, entry: str) -> None:
        """Put in the bin."""
        await self.pause()
        old = self._find(space, entry)
        self.all.remove(old)
        self.binned.append(
            BinItem(space, entry, old.path, old.size, sample.NOW, self.name, "cc" * 32)
        )
        self.events.tell(SpaceChanged(space, frozenset({entry}), remote=False))

    # -- time
    async def history(
        self, space: str, entry: str | None = None, limit: int = 200
    ) -> tuple[Version, ...]:
        """Return four steps."""
        await self.pause()
        del space
        path = (self.all[0].path if entry is None else self._name(entry),)
        steps = [
            ("dd" * 32, 130.0, "Desk", "Edited", "now"),
            ("cc" * 32, 9000.0, "Mina's laptop", "Edited", "side by side"),
            ("bb" * 32, 90_000.0, "Desk", "Edited", "before"),
            ("aa" * 32, 400_000.0, "Desk", "Added", "before"),
        ]
        if self.mood is Mood.EMPTY:
            steps = []
        return tuple(
            Version(record, sample.NOW - ago, device, words, order, path)
            for record, ago, device, words, order in steps[:limit]
        )

    def _name(self, entry: str) -> tuple[str, ...]:
        return next((e.path for e in self.all if e.id == entry), (entry,))

    async def restore(self, space: str, entry: str, record: str) -> EntryInfo:
        """Bring back."""
        await self.pause()
        self.calls.append(("restore", (space, entry, record)))
        return self._find(space, entry)

    async def bin(self, space: str | None = None) -> tuple[BinItem, ...]:
        """Return what was deleted."""
        await self.pause()
        return tuple(item for item in self.binned if space in {None, item.space})

    async def restore_from_bin(self, space: str, entry: str) -> EntryInfo:
        """Bring back from the bin."""
        await self.pause()
        item = next(i for i in self.binned if i.space == space and i.id == entry)
        self.binned.remove(item)
        back = sample.entry(space, entry, item.path, ago=0)
        self.all.append(back)
        self.events.tell(SpaceChanged(space, frozenset({entry}), remote=False))
        return back

    async def drafts(self, space: str) -> tuple[Draft, ...]:
        """Return none."""
        await self.pause()
        del space
        return ()

    async def drop_draft(self, space: str, path: Sequence[str]) -> None:
        """Go back to what is shared."""
        await self.pause()
        self.calls.append(("drop_draft", (space, tuple(path))))

    # -- truth
    async def delivery(self, space: str, entry: str | None = None) -> Delivery:
        """Say where it is."""
        await self.pause()
        if self.mood is Mood.BUSY:
            return sample.SENDING
        if entry is None:
            return self.space_of(space).delivery
        answers = {
            Reach.PARTLY: sample.PARTLY,
            Reach.ONLY_HERE: sample.ONLY_HERE,
            Reach.CANNOT: sample.CANNOT,
        }
        return answers.get(self._find(space, entry).reach, sample.EVERYWHERE)

    async def search(
        self, words: str, space: str | None = None, limit: int = 50
    ) -> tuple[Hit, ...]:
        """Find in names and texts."""
        await self.pause()
        hits: list[Hit] = []
        for e in self.all:
            text = " ".join(self.texts.get(e.id, "").split())
            at = text.casefold().find(words.casefold())
            if not e.is_folder and space in {None, e.space}:
                if at >= 0:
                    end = at + len(words)
                    before, after = text[max(0, at - 40) : at], text[end : end + 60]
                    piece = f"{before}\x02{text[at:end]}\x03{after}"
                    hits.append(Hit(e.space, e.id, e.path, piece))
                elif words.casefold() in e.name.casefold():
                    hits.append(Hit(e.space, e.id, e.path, text[:80]))
        return tuple(hits[:limit])

    async def check(
        self, space: str | None = None, report: Report = silent, *, quick: bool = False
    ) -> CheckReport:
        """Find one damaged thing."""
        await self.pause()
        del space, quick
        report(Progress("Checking", "", 900, 900))
        found = Finding("1 item is damaged", "oven-manual.pdf", "damaged")
        return CheckReport(900, 41, 12, 252_000_000, (found,))

    async def export(self, space: str, into: Path, report: Report = silent) -> int:
        """Write nothing."""
        await self.pause()
        del into
        count = sum(e.space == space for e in self.all)
        report(Progress("Writing", "", count, count))
        return count

    # -- for tests: what others do
    def type_elsewhere(self, space: str, entry: str, splices: Sequence[Splice]) -> None:
        """Let Mina type in a note that is open here."""
        update = json.dumps(splices).encode()
        self.events.tell(TextArrived(space, entry, update, "Mina's laptop"))

    def work(self, progress: Progress | None) -> None:
        """Let something move in the background."""
        self.events.tell(Working("recipes", progress))
        self.events.tell(DeliveryChanged("recipes"))
