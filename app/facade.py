"""What a window or a terminal can ask of the app. `app.node.Node` answers.

All methods run on the app's loop. They raise `AtollError`s only; a `Report` is called on
the loop's thread, and cancelling the task stops the work between two blocks. Spaces and
entries are named by the hex ids of `app.values`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from app.care_values import BackupInfo, RepairReport
from app.events import EventHub
from app.guard_values import GuardSettings, HeldBatch, PutBack
from app.moments_values import Moments
from app.past_values import KeptPast
from app.progress import Report, silent
from app.together_values import Together
from app.values import (
    BinItem,
    CheckReport,
    Delivery,
    DeviceInfo,
    Draft,
    EntryInfo,
    Hit,
    InviteInfo,
    Role,
    SpaceInfo,
    Version,
)


class OpenNote(Protocol):
    """A note that someone has open: what they type travels at once and is saved when they pause."""

    @property
    def space(self) -> str:
        """The space it is in."""
        ...

    @property
    def entry(self) -> str:
        """Which note it is."""
        ...

    @property
    def text(self) -> str:
        """As it stands, typed and remote edits included."""
        ...

    async def splice(self, at: int, remove: int, insert: str) -> None:
        """Replace `remove` UTF-16 units at `at` by `insert`: sent live, saved by `save`.

        What is typed on end is taken back word by word.
        """
        ...

    async def edit(self, splices: tuple[tuple[int, int, str], ...]) -> None:
        """Do several splices, each for the text after those before it; one undo takes all back."""
        ...

    async def receive(self, update: bytes) -> tuple[tuple[int, int, str], ...]:
        """Take another's live edit (event TextArrived); return splices (at, remove, insert)."""
        ...

    async def refresh(self) -> tuple[tuple[int, int, str], ...]:
        """Take what was committed elsewhere since; return the splices that bring the text there."""
        ...

    async def save(self) -> None:
        """Make durable what was typed here. Nothing happens when nothing was typed.

        Raises:
            NotAllowed: this device may view only; the text is kept as a private draft.
        """
        ...

    async def undo(self) -> tuple[tuple[int, int, str], ...]:
        """Take back the last own edit, never another's; return the splices."""
        ...

    async def redo(self) -> tuple[tuple[int, int, str], ...]:
        """Do again what was taken back; return the splices."""
        ...

    async def close(self) -> None:
        """Save, and stop hearing of it."""
        ...


class App(Protocol):
    """Everything a person can do."""

    events: EventHub

    @property
    def moments(self) -> Moments:
        """What can be asked of any moment of a folder."""
        ...

    @property
    def together(self) -> Together:
        """What stands side by side, and settling it."""
        ...

    # -- this device -------------------------------------------------------------------
    async def device_name(self) -> str:
        """Return this device's name, empty before the first run is done."""
        ...

    async def rename_device(self, name: str) -> None:
        """Name this device, as others will see it."""
        ...

    async def devices(self) -> tuple[DeviceInfo, ...]:
        """Return this device and all that share something with it."""
        ...

    async def dial(self, address: str) -> str:
        """Meet the device at HOST:PORT now; return its name. Raises PeerUnreachable."""
        ...

    # -- spaces ------------------------------------------------------------------------
    async def spaces(self) -> tuple[SpaceInfo, ...]:
        """Return every space on this device, by name."""
        ...

    async def add(self, folder: Path, report: Report = silent) -> SpaceInfo:
        """Open a folder of real files as a space of its own. Nothing in it is changed."""
        ...

    async def attach(
        self, space: str, folder: Path, *, merge: bool = False, report: Report = silent
    ) -> SpaceInfo:
        """Show a space whose folder is gone, or was moved, in the folder that is named.

        The moved folder itself is taken as it is. Any other is filled anew; nothing that it
        lacks is taken for deleted, and its own files are shared with `merge` only.

        Raises:
            FolderNotEmpty: it holds something, is none of this space's, and `merge` was not
                asked for.
            FolderInUse, KeptElsewhere: it is another's.
            FolderStillThere: the folder that the space has is in its place.
        """
        ...

    async def leave(self, space: str) -> None:
        """Forget a space on this device. The plain folder and its files stay."""
        ...

    async def keep(
        self, space: str, how: str | None = None, budget: int | None = None
    ) -> SpaceInfo:
        """Keep a space here `whole`, `opened` or `names`; None leaves it as it is.

        `budget` are the bytes of files that may stay once they were opened.
        """
        ...

    async def fetch(self, space: str, entries: Sequence[str], report: Report = silent) -> int:
        """Bring files here, folders with all in them, that are not kept in any case.

        Returns how many. Raises OverBudget, NobodyHasIt.
        """
        ...

    async def scan(self, space: str, report: Report = silent) -> None:
        """Look through the whole plain folder now."""
        ...

    # -- sharing -----------------------------------------------------------------------
    async def share(
        self, space: str, role: Role, until: int | None, addresses: Sequence[str] = ()
    ) -> InviteInfo:
        """Make a code that gives access. Raises NotAllowed when we may not."""
        ...

    async def invite_file(self, code: str) -> bytes:
        """Return the hand-over file for a code made here: it works while we are away."""
        ...

    async def read_invite(self, given: str | bytes) -> InviteInfo:
        """Say what a code (text) or hand-over file (bytes) offers. No network is used."""
        ...

    async def join(
        self,
        given: str | bytes,
        into: Path,
        *,
        merge: bool = False,
        keep: str | None = None,
        report: Report = silent,
    ) -> SpaceInfo:
        """Accept a code: meet its giver or another member, fetch all, fill the folder.

        `keep` is `whole`, `opened` or `names`: then no more is fetched than that.

        Raises:
            FolderNotEmpty: `into` holds something and `merge` was not asked for.
            PeerUnreachable: nobody who has it answered in time.
            BadToken, AccessExpired: the code is damaged, or its time is over.
        """
        ...

    # -- notes and files ---------------------------------------------------------------
    async def entries(self, space: str, folder: str | None = None) -> tuple[EntryInfo, ...]:
        """Return what a folder holds (None: the top), folders first, then by name."""
        ...

    async def all_entries(self, space: str) -> tuple[EntryInfo, ...]:
        """Return every file and note of a space, by path."""
        ...

    async def entry(self, space: str, entry: str) -> EntryInfo:
        """Return one. Raises NotFound."""
        ...

    async def find(self, path: Path) -> EntryInfo:
        """Return the entry that a path on this disk is, or was. Raises NotFound."""
        ...

    async def open_note(self, space: str, entry: str) -> OpenNote:
        """Open a text for typing. Raises NotFound, or NotText for a file that is no text."""
        ...

    async def read(self, space: str, entry: str, record: str | None = None) -> bytes:
        """Return a file's bytes, now or as of a record."""
        ...

    async def new_note(
        self, space: str, folder: str | None, name: str, text: str = ""
    ) -> EntryInfo:
        """Make a note. A taken name gets a number."""
        ...

    async def new_folder(self, space: str, folder: str | None, name: str) -> EntryInfo:
        """Make a folder."""
        ...

    async def bring_in(
        self, space: str, folder: str | None, paths: Sequence[Path], report: Report = silent
    ) -> int:
        """Copy files and folders from anywhere; a taken name gets a number. Return how many files.

        Raises:
            NotAllowed: this device may view only. Nothing was copied.
            Unreadable: something could not be read; the others were copied.
        """
        ...

    async def rename(self, space: str, entry: str, name: str) -> EntryInfo:
        """Give another name. Raises NameTaken, BadName."""
        ...

    async def remove(self, space: str, entry: str) -> None:
        """Put in the bin, with all below it."""
        ...

    # -- time --------------------------------------------------------------------------
    async def history(
        self, space: str, entry: str | None = None, limit: int = 200
    ) -> tuple[Version, ...]:
        """Return the steps of one entry or of the whole space, latest known first."""
        ...

    async def restore(self, space: str, entry: str, record: str) -> EntryInfo:
        """Bring an entry back as it was at a record. A new step; nothing is erased."""
        ...

    async def bin(self, space: str | None = None) -> tuple[BinItem, ...]:
        """Return what was deleted, of one space or all."""
        ...

    async def restore_from_bin(self, space: str, entry: str) -> EntryInfo:
        """Bring back something deleted, with all that was below it."""
        ...

    @property
    def past(self) -> KeptPast:
        """How much of the past is kept here, where the disk went, and forgetting."""
        ...

    async def drafts(self, space: str) -> tuple[Draft, ...]:
        """Return what is kept here only because this device may view but not change."""
        ...

    async def drop_draft(self, space: str, path: Sequence[str]) -> None:
        """Go back to the shared version of a path."""
        ...

    # -- very many files changed at once -------------------------------------------------
    async def held(self, space: str | None = None) -> tuple[HeldBatch, ...]:
        """Return the mass changes that wait for a person to look, of one space or all."""
        ...

    async def let_through(self, space: str) -> int:
        """Let what is held go on its way; return how many files. Raises NothingHeld."""
        ...

    async def undo_held(self, space: str) -> PutBack:
        """Take back what is held, as a new step. Raises NothingHeld, NotAllowed."""
        ...

    async def guard(self, space: str) -> GuardSettings:
        """Return from how many files on a change of many is held."""
        ...

    async def set_guard(self, space: str, settings: GuardSettings) -> None:
        """Change that. Raises BadUsage for numbers that make no sense."""
        ...

    # -- truth -------------------------------------------------------------------------
    async def delivery(self, space: str, entry: str | None = None) -> Delivery:
        """Say who holds the present version of an entry, or all of a space."""
        ...

    async def search(
        self, words: str, space: str | None = None, limit: int = 50
    ) -> tuple[Hit, ...]:
        """Find names and texts."""
        ...

    async def check(
        self, space: str | None = None, report: Report = silent, *, quick: bool = False
    ) -> CheckReport:
        """Verify every block, record, chain, version and list; with `quick`, read no block."""
        ...

    async def repair(self, space: str | None = None, report: Report = silent) -> RepairReport:
        """Mend what is damaged, make the lists anew, ask others for the rest."""
        ...

    async def backup(self, into: Path, passphrase: str, report: Report = silent) -> BackupInfo:
        """Write all that is kept here into a folder or a file, and open it from there to try it."""
        ...

    async def backups(self) -> tuple[BackupInfo, ...]:
        """Return the backups that were tried and are good, the last first."""
        ...

    async def export(self, space: str, into: Path, report: Report = silent) -> int:
        """Write every file as it is now into an empty folder; return how many."""
        ...


class RunningApp(App, Protocol):
    """An app with its beginning and its end, for whoever composed it."""

    @property
    def port(self) -> int:
        """Where other devices reach us, 0 when they do not."""
        ...

    async def start(self) -> None:
        """Open the spaces and begin to meet others."""
        ...

    async def stop(self) -> None:
        """Say goodbye, let the workers end, close all."""
        ...

    async def broken(self) -> None:
        """Wait until something inside failed by a fault of ours, and raise it."""
        ...
