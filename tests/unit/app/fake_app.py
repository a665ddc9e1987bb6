"""An app without disk or network, for tests of the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.care_values import BackupInfo, RepairReport, SpaceRepair, Unhealed
from app.events import EventHub
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
    Holding,
    InviteInfo,
    MemberInfo,
    Mirroring,
    Reach,
    Role,
    SpaceInfo,
    Version,
)
from storage.errors import NotAllowed, NotFound
from tests.helpers.fake_moments import FakeMoments
from tests.helpers.fake_together import FakeTogether

HERE = DeviceInfo("did:key:here", "Laptop", is_this=True, near=True, last_seen=None, address="")
THERE = DeviceInfo(
    "did:key:there", "Phone", is_this=False, near=False, last_seen=1000.0, address="10.0.0.9:4242"
)
DELIVERY = Delivery(Reach.PARTLY, (Holding(HERE, complete=True), Holding(THERE, complete=False)))
ID = "ab12" * 16


def space(name: str = "Recipes", folder: Path = Path("/home/ana/Recipes")) -> SpaceInfo:
    """Return a shared folder."""
    return SpaceInfo(
        ID,
        name,
        folder,
        Role.MANAGE,
        None,
        3,
        1200,
        Mirroring.SETTLED,
        (MemberInfo(HERE.did, "Laptop", Role.MANAGE, None, is_this=True),),
        DELIVERY,
    )


class FakeApp:
    """Answers with what it was given, and remembers what it was asked."""

    port = 4242

    def __init__(self, *, damaged: bool = False) -> None:
        self.events = EventHub()
        self.asked: list[tuple[object, ...]] = []
        self.moments = FakeMoments(self.asked, Path("/home/ana/Recipes"), ID)
        self.together = FakeTogether(self.asked, ID)
        self.damaged = damaged
        self.stopped_whole = False
        self.begun = asyncio.Event()

    async def device_name(self) -> str:
        """Return the name."""
        return HERE.name

    async def devices(self) -> tuple[DeviceInfo, ...]:
        """Return two."""
        return (HERE, THERE)

    async def dial(self, address: str) -> str:
        """Meet the phone."""
        self.asked.append(("dial", address))
        return THERE.name

    async def spaces(self) -> tuple[SpaceInfo, ...]:
        """Return one."""
        return (space(),)

    async def add(self, folder: Path, report: Report = silent) -> SpaceInfo:
        """Add a folder, in two steps."""
        report(Progress("Reading", "a.md", 1, 2, 10, 20))
        report(Progress("Reading", "b.md", 2, 2, 20, 20))
        return space(folder.name, folder)

    async def attach(
        self, space: str, folder: Path, *, merge: bool = False, report: Report = silent
    ) -> SpaceInfo:
        """Attach, as a folder is added."""
        self.asked.append(("attach", space, folder, merge))
        return await self.add(folder, report)

    async def leave(self, space: str) -> None:
        """Remember it."""
        self.asked.append(("leave", space))

    async def keep(
        self, space: str, how: str | None = None, budget: int | None = None
    ) -> SpaceInfo:
        """Keep what was asked for."""
        self.asked.append(("keep", space, how, budget))
        kept = (await self.spaces())[0]
        return replace(kept, keeps=how or "whole", budget=budget or 0, here_files=1, here_bytes=5)

    async def fetch(self, space: str, entries: Sequence[str], report: Report = silent) -> int:
        """Fetch all."""
        report(Progress("Fetching", "", 0, len(entries), 0, 10))
        self.asked.append(("fetch", space, tuple(entries)))
        return len(entries)

    async def scan(self, space: str, report: Report = silent) -> None:
        """Take for ever, and end whole when stopped."""
        del report
        self.asked.append(("scan", space))
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped_whole = True

    async def share(
        self, space: str, role: Role, until: int | None, addresses: Sequence[str] = ()
    ) -> InviteInfo:
        """Make a code; managing is refused."""
        self.asked.append(("share", space, role, until, tuple(addresses)))
        if role is Role.MANAGE:
            raise NotAllowed("no")
        return InviteInfo("ATOLL:ABC", "Recipes", "Laptop", role, until, ())

    async def invite_file(self, code: str) -> bytes:
        """Return a file."""
        return b"ATOLL-INVITE-1\n" + code.encode()

    async def read_invite(self, given: str | bytes) -> InviteInfo:
        """Say what is offered."""
        return InviteInfo(str(given), "Recipes", "Laptop", Role.EDIT, None, ())

    async def join(
        self,
        given: str | bytes,
        into: Path,
        *,
        merge: bool = False,
        keep: str | None = None,
        report: Report = silent,
    ) -> SpaceInfo:
        """Join."""
        report(Progress("Fetching", "", 0, 0, 5, 10))
        self.asked.append(("join", given, into, merge, *([keep] if keep else [])))
        return space(into.name, into)

    async def find(self, path: Path) -> EntryInfo:
        """Know one note."""
        if path != Path("/home/ana/Recipes/bread.md"):
            raise NotFound("no")
        return self._entry()

    async def read(self, space: str, entry: str, record: str | None = None) -> bytes:
        """Return the text of then or now."""
        del space, entry
        return b"flour\nwater\n" if record is None else b"flour\n"

    async def history(
        self, space: str, entry: str | None = None, limit: int = 200
    ) -> tuple[Version, ...]:
        """Return two steps."""
        del space, entry
        now = Version("3fa92c" + "0" * 58, 2000.0, "Phone", "edited", "now", (("bread.md",),))
        then = Version("81bb04" + "0" * 58, 1000.0, "Laptop", "added", "before", (("bread.md",),))
        return (now, then)[:limit]

    async def restore(self, space: str, entry: str, record: str) -> EntryInfo:
        """Bring back."""
        self.asked.append(("restore", space, entry, record))
        return self._entry()

    async def bin(self, space: str | None = None) -> tuple[BinItem, ...]:
        """Return one."""
        return (BinItem(space or ID, "cd" * 16, ("old.md",), 12, 1500.0, "Phone", "77" * 32),)

    async def restore_from_bin(self, space: str, entry: str) -> EntryInfo:
        """Bring back."""
        self.asked.append(("restore_from_bin", space, entry))
        return self._entry()

    async def drafts(self, space: str) -> tuple[Draft, ...]:
        """Return one."""
        del space
        return (Draft(("mine.md",), 1500.0),)

    async def drop_draft(self, space: str, path: Sequence[str]) -> None:
        """Remember it."""
        self.asked.append(("drop_draft", space, tuple(path)))

    async def search(
        self, words: str, space: str | None = None, limit: int = 50
    ) -> tuple[Hit, ...]:
        """Find one; its snippet tries to ring the bell."""
        self.asked.append(("search", words, space, limit))
        return (Hit(ID, "ef" * 16, ("bread.md",), "\x02flour\x03 and\x07 water"),)

    async def check(
        self, space: str | None = None, report: Report = silent, *, quick: bool = False
    ) -> CheckReport:
        """Find what the test wants."""
        del space, report
        findings = (
            Finding("what this device remembers", "state.db", "damaged"),
            Finding("a block", "pack 3", "damaged", space=ID),
        )
        return CheckReport(0 if quick else 5, 4, 3, 2000, findings if self.damaged else ())

    async def repair(self, space: str | None = None, report: Report = silent) -> RepairReport:
        """Mend what the test wants."""
        del space, report
        lost = Finding("a file", "bread.md", "wanted", ("bread.md",), "3fa92c01ab")
        unhealed = (Unhealed(lost, ("Mina's laptop",)),) if self.damaged else ()
        done = SpaceRepair(ID, "Recipes", 2, 1, 0, True, True, unhealed, ("damaged/1",))
        return RepairReport((done,), ())

    async def backup(self, into: Path, passphrase: str, report: Report = silent) -> BackupInfo:
        """Say that it is good."""
        del passphrase, report
        return BackupInfo(1_790_000_000.0, str(into), ("Recipes",), 3000, 1000)

    async def backups(self) -> tuple[BackupInfo, ...]:
        """Return one."""
        return (BackupInfo(1_790_000_000.0, "/media/stick", ("Recipes",), 3000, 1000),)

    async def export(self, space: str, into: Path, report: Report = silent) -> int:
        """Write nothing."""
        del report
        self.asked.append(("export", space, into))
        return 3

    def _entry(self) -> EntryInfo:
        return EntryInfo(
            ID,
            "ef" * 16,
            ("bread.md",),
            is_folder=False,
            is_text=True,
            size=12,
            mtime=2000.0,
            by="Phone",
            reach=Reach.PARTLY,
            here=True,
        )
