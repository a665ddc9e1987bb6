"""Moments of a folder that is none: one file, one plan, and what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.errors import BadUsage, InNoFolder
from app.moments_values import (
    Compared,
    Consent,
    Deed,
    Difference,
    EntryThen,
    FileThen,
    Listing,
    MomentInfo,
    Stays,
    Undone,
)
from app.progress import Report, silent
from storage.errors import NotFound, Overtaken

THEN = MomentInfo("up to Friday 20 November 2026 14:00:59, by each device's clock", 412, 35, 2)
BREAD = EntryThen(
    ("bread.md",), is_folder=False, size=6, mtime=2000.0, by="Phone\x1b[2J", here=True
)
SUB = EntryThen(("Sub",), is_folder=True, size=0, mtime=0.0, by="Laptop", here=True)
VERSIONS = ("3fa92c" + "0" * 58, "81bb04" + "0" * 58)
PLAN = Undone(
    (THEN,),
    (
        Deed("binned", ("late.md",), ("late.md",)),
        Deed("back", ("Sub", "old.md")),
        Deed("moved", ("bread.md",), ("bread.md.locked",)),
        Deed("content", ("bread.md",), ("bread.md.locked",)),
    ),
    absent=(("film.mp4",),),
    token="ab" * 16,
)


class FakeMoments:
    """Answers with what it was given, and remembers what it was asked."""

    def __init__(self, asked: list[tuple[object, ...]], folder: Path, space: str) -> None:
        self._asked = asked
        self._folder = folder
        self._space = space
        self.plan = PLAN

    async def place(self, path: Path) -> tuple[str, tuple[str, ...]]:
        """Know one folder."""
        if not path.is_relative_to(self._folder):
            raise InNoFolder(str(path), [str(self._folder)])
        return self._space, path.relative_to(self._folder).parts

    async def version(self, space: str, entry: str | None, beginning: str) -> str:
        """Know two versions."""
        del space, entry
        found = [version for version in VERSIONS if version.startswith(beginning)]
        if len(found) > 1:
            raise BadUsage("several")
        if not found:
            raise NotFound("no version of that name")
        return found[0]

    async def listing(
        self, space: str, moment: str, path: Sequence[str], *, deep: bool = False
    ) -> Listing:
        """Return a folder and a file."""
        self._asked.append(("listing", space, moment, tuple(path), deep))
        return Listing(THEN, () if path else (SUB, BREAD))

    async def read(self, space: str, moment: str, path: Sequence[str]) -> FileThen:
        """Return the text of then."""
        self._asked.append(("read", space, moment, tuple(path)))
        if tuple(path) != BREAD.path:
            raise NotFound("that was a folder then")
        data = b"flour, water and salt\nbake\n" if moment == "now" else b"flour and water\nbake\n"
        return FileThen(THEN, BREAD, data)

    async def export(
        self, space: str, moment: str, into: Path, report: Report = silent
    ) -> tuple[MomentInfo, int]:
        """Write nothing."""
        del report
        self._asked.append(("export", space, moment, into))
        return THEN, 3

    async def compare(self, space: str, first: str, second: str, path: Sequence[str]) -> Compared:
        """Return one of each."""
        self._asked.append(("compare", space, first, second, tuple(path)))
        found = (
            Difference("added", ("new.md",)),
            Difference("renamed and changed", ("b.md",), ("a.md",)),
        )
        return Compared(THEN, MomentInfo("now", 447, 0), found)

    async def restore(
        self,
        space: str,
        moment: str,
        paths: Sequence[Sequence[str]],
        *,
        consent: Consent,
        report: Report = silent,
    ) -> Undone:
        """Return the plan, done if it was agreed to."""
        del report
        self._asked.append(("restore", space, moment, tuple(map(tuple, paths)), consent))
        return self._done(self.plan, consent)

    async def undo(
        self,
        space: str,
        who: Sequence[str],
        first: str,
        last: str,
        *,
        consent: Consent,
        report: Report = silent,
    ) -> Undone:
        """Return the plan as a batch of Mina's."""
        del report
        self._asked.append(("undo", space, tuple(who), first, last, consent))
        stays = (Stays(("taken.md",), "changed", "Jo"), Stays(("Sub",), "holds"))
        batch = Undone(
            (THEN, THEN), self.plan.deeds, (), stays, ("Mina",), 3, token=self.plan.token
        )
        return self._done(batch, consent)

    def _done(self, plan: Undone, consent: Consent) -> Undone:
        if consent.only_plan or not plan.deeds:
            return plan
        if consent.token not in {"", plan.token}:
            raise Overtaken("something changed since")
        return Undone(
            plan.moments,
            plan.deeds,
            plan.absent,
            plan.stays,
            plan.devices,
            plan.steps,
            plan.token,
            record=VERSIONS[0],
        )
