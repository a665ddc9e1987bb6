"""Keeping a plain folder and its space in step.

It looks when something changed here, and brings when something came from others. Both run
on the vault's thread, so they never meet. Hints are hints: now and then it looks at everything
though nobody hinted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from app.errors import AppError, FolderInUse, FolderUnavailable, NotWatched
from app.events import Event, SpaceChanged, SpacesChanged, Trouble, Working
from app.folder.ground import Brought, Looked
from app.folder.port import Path
from app.opened import OpenSpace
from app.progress import Progress, Report, Stopped, silent
from app.values import Mirroring
from storage.errors import AccessError, AtollError
from storage.facts.change import EntryId

Tell = Callable[[Event], None]
Committed = Callable[[OpenSpace], None]
"""Hears that something was committed here, so that others are told at once."""

LOOK_AGAIN = 5.0
"""Seconds between looks at a folder that is not there."""
UNWATCHED = 15.0
"""Seconds between looks at a folder that the system does not watch for us."""
ANYWAY = 600.0
"""Seconds from one look at everything until the next, though the folder is watched."""
ANYWAY_SHARE = 2000
"""Such looks take one part in so many of the time at most: a large folder is looked at less."""
WHEN_BUSY = 60.0
"""Seconds until then when we are at long work of our own."""
IN_THE_WAY = 0.25
"""Seconds until something that was in the way is tried once more."""
MUCH = 100
"""So many entries to write are written unwatched; then one look finds what others wrote."""
HEAR_AGAIN = 0.5
"""Seconds after such writing until the folder is watched again."""
DEAF_AT_MOST = 10
"""After so many such pauses everything is looked at, for people go on writing."""
AGAIN_AT_MOST = 8
"""So often is looked again at what is still changing, when somebody waits for it."""
WAITS_AT_MOST = 2.0
"""Nobody waits longer for what changes on and on: seconds from look to look."""
NONE: frozenset[EntryId] = frozenset()
MANY = 20_000
"""So many hints at once are one look at everything."""
_log = logging.getLogger(__name__)


class InStep:
    """One space and its folder. Lives on the app's loop."""

    def __init__(self, opened: OpenSpace, tell: Tell, committed: Committed) -> None:
        self._opened = opened
        self._tell = tell
        self._committed = committed
        self._hints: set[Path] = set()
        self._whole = False
        self._entries: set[EntryId] = set()
        self._all_entries = False
        self._trouble = ""
        """The code that was told last, until something succeeds."""
        self._wake = asyncio.Event()
        self._timers: set[asyncio.TimerHandle] = set()
        self._looking: asyncio.TimerHandle | None = None
        """Rings when it is time to look at a folder that is not watched."""
        self._retry: asyncio.TimerHandle | None = None
        self._anyway: asyncio.TimerHandle | None = None
        """Rings when it is time to look at everything though nobody hinted."""
        self._stepping = False
        self.came_back: Callable[[], None] | None = None
        """Called when the folder is there again after it was not: watch it anew."""
        self.wanted: Callable[[frozenset[EntryId]], None] | None = None
        """Called with what lies in the folder and there, and is not here to be compared."""
        self.stop_watching: Callable[[], None] | None = None
        """Called before much is written: hints at our own writing cost more than the writing."""
        self._hear_again: asyncio.TimerHandle | None = None
        self._written = False
        """Since `_hear` was called last."""
        self._deaf_for = 0

    # -- what wakes it -------------------------------------------------------------------
    def changed(self, paths: Iterable[Path]) -> None:
        """Something happened in the folder at these paths."""
        self._hints.update(paths)
        if len(self._hints) > MANY:
            self.missed()
        self._wake.set()

    def missed(self) -> None:
        """Something may have happened anywhere: look at everything."""
        self._whole = True
        self._hints.clear()
        self._wake.set()

    def look_now_and_then(self) -> None:
        """Nobody hints at all changes in the folder: say so, and look again and again."""
        if self._looking is not None:
            return
        self._opened.watched = False
        self._tell(Trouble(NotWatched.code, self._opened.folder.name, self._opened.id))
        self._tell(SpacesChanged())
        self._look_in_a_while()

    def is_watched(self) -> None:
        """All of the folder is watched: hints come again."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking, self._opened.watched = None, True
            self._tell(SpacesChanged())

    def _look_in_a_while(self) -> None:
        def now() -> None:
            self.missed()
            self._look_in_a_while()

        self._looking = asyncio.get_running_loop().call_later(UNWATCHED, now)

    def came(self, entries: Iterable[EntryId]) -> None:
        """Entries of the space changed, or are complete now."""
        self._entries.update(entries)
        if self._entries:
            self._wake.set()

    def came_anywhere(self) -> None:
        """Compare all of the space with the folder."""
        self._all_entries = True
        self._wake.set()

    # -- its life ------------------------------------------------------------------------
    async def run(self) -> None:
        """Keep in step until cancelled."""
        self._look_anyway_in(ANYWAY)
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                self._stepping = True
                await self._step()
                self._stepping = False
        finally:
            single = (self._hear_again, self._looking, self._retry, self._anyway)
            for timer in (*self._timers, *single):
                if timer is not None:
                    timer.cancel()

    def _look_anyway_in(self, seconds: float) -> None:
        if self._anyway is not None:
            self._anyway.cancel()
        self._anyway = asyncio.get_running_loop().call_later(seconds, self._look_anyway)

    def _look_anyway(self) -> None:
        """Scanning is the truth: a hint that never came is made up for."""
        if self._stepping or self._entries or self._hear_again is not None:
            self._look_anyway_in(WHEN_BUSY)
        else:
            self._look_anyway_in(ANYWAY)
            self.missed()

    async def look(
        self, paths: frozenset[Path] | None, report: Report = silent, *, then_bring: bool = True
    ) -> Looked:
        """Take what changed in the folder into the space now, and bring what came of it.

        Without `then_bring` whoever asks brings: everything is compared once, not twice.
        """
        opened, loop = self._opened, asyncio.get_running_loop()
        began = loop.time()
        looked = await opened.run_reporting(
            lambda _vault, told: opened.mirror().look(told, paths), report
        )
        self._settled()
        if paths is None and self._anyway is not None:
            self._look_anyway_in(max(ANYWAY, ANYWAY_SHARE * (loop.time() - began)))
        self._skip(paths, looked)
        if looked.changed:
            self._told(looked.entries, remote=False)
            self._committed(self._opened)
        if looked.entries and then_bring:
            await self.bring(looked.entries)
        if looked.wanted and self.wanted is not None:
            self.wanted(looked.wanted)
        if looked.again and looked.again_in is not None:
            self._later(looked.again_in, looked.again)
        return looked

    async def look_to_the_end(self, report: Report = silent) -> Looked:
        """Look everywhere, and again at what is still changing, or missing for a moment only."""
        looked = await self.look(None, report)
        for _ in range(AGAIN_AT_MOST):
            if looked.again_in is None or looked.again_in > WAITS_AT_MOST:
                break
            await asyncio.sleep(looked.again_in)
            looked = await self.look(looked.again, report)
        return looked

    async def bring(self, entries: frozenset[EntryId] | None, report: Report = silent) -> Brought:
        """Write what the space has anew to the folder; None compares everything."""
        opened = self._opened
        if entries is not None and len(entries) >= MUCH:
            await self._stop_hearing()
        brought = await opened.run_reporting(
            lambda _vault, told: opened.mirror().bring(told, entries), report
        )
        self._settled()
        self._written = True
        self._note_refused(brought)
        if brought.again:
            self._later(IN_THE_WAY, brought.again, entries)
        return brought

    async def committed_here(self, entries: frozenset[EntryId]) -> None:
        """The app itself committed something: tell everyone, and write it to the folder."""
        self._told(entries, remote=False)
        self._committed(self._opened)
        try:
            await self.bring(entries)
        except (FolderUnavailable, FolderInUse) as error:
            self._unavailable(error, entries, everything=False)

    def _skip(self, paths: frozenset[Path] | None, looked: Looked) -> None:
        """Note what is not shared; of what was not looked at, what was said last holds."""
        left = () if paths is None else self._opened.skipped
        kept = {name for name in left if not _is_on_the_way(tuple(name.split("/")), paths or ())}
        found = {"/".join(it.path) for it in looked.skipped if it.path}
        skipped = tuple(sorted(kept | found))
        if skipped != self._opened.skipped:
            self._opened.skipped = skipped
            self._tell(SpacesChanged())

    def _note_refused(self, brought: Brought) -> None:
        """Note what the disk would not take: each time something is brought, all is tried again."""
        refused = tuple(sorted("/".join(it.path) for it in brought.troubles))
        if refused != self._opened.unwritten:
            self._opened.unwritten = refused
            self._tell(SpacesChanged())

    # -- steps ---------------------------------------------------------------------------
    async def _step(self) -> None:
        hints, whole = frozenset(self._hints), self._whole
        entries, everything = frozenset(self._entries), self._all_entries
        self._hints, self._whole = set(), False
        self._entries, self._all_entries = set(), False
        try:
            if whole:
                await self.look(None, self._working)
            elif hints:
                await self.look(hints)
            if everything or entries:
                await self.bring(None if everything else entries, self._working)
        except (FolderUnavailable, FolderInUse) as error:
            self._unavailable(error, entries, everything=everything)
        except Stopped:
            self.missed()
        except AtollError as error:
            self._failed(error)
            if not isinstance(error, AccessError):  # a right does not come by waiting
                self._again(entries, everything=everything)
        else:
            self._trouble = ""
        finally:
            self._tell(Working(self._opened.id, None))

    async def _stop_hearing(self) -> None:
        """Let nobody watch the folder until a while after the last long writing."""
        if self.stop_watching is None or self.came_back is None:
            return
        if self._hear_again is None:
            self._hear_soon()
            await asyncio.to_thread(self.stop_watching)

    def _hear_soon(self) -> None:
        self._hear_again = asyncio.get_running_loop().call_later(HEAR_AGAIN, self._hear)

    def _hear(self) -> None:
        """Watch again when no more is written; until then look at everything now and then."""
        written, self._written = self._written, False
        if self._entries or written:
            self._deaf_for += 1
            if self._deaf_for % DEAF_AT_MOST == 0:
                self.missed()
            self._hear_soon()
            return
        self._hear_again, self._deaf_for = None, 0
        if self.came_back is not None:
            self.came_back()
        self.missed()

    def _working(self, progress: Progress) -> None:
        self._tell(Working(self._opened.id, progress))

    def _later(
        self,
        seconds: float,
        paths: frozenset[Path],
        entries: frozenset[EntryId] | None = NONE,
    ) -> None:
        """Look at paths in a while, and then bring entries (None: all) once more."""

        def now() -> None:
            self._timers.discard(timer)
            self.changed(paths)
            if entries is None:
                self.came_anywhere()
            else:
                self.came(entries)

        timer = asyncio.get_running_loop().call_later(seconds, now)
        self._timers.add(timer)

    def _unavailable(
        self, error: AppError, entries: frozenset[EntryId], *, everything: bool
    ) -> None:
        """Nothing is deleted, nothing is sent; look again in a while."""
        opened, stands = self._opened, (Mirroring.UNAVAILABLE, error.code)
        if (opened.mirroring, opened.why) != stands:
            opened.mirroring, opened.why = stands
            self._tell(Trouble(error.code, opened.folder.name, opened.id))
            self._tell(SpacesChanged())
        self._again(entries, everything=everything)

    def _failed(self, error: AtollError) -> None:
        """Say what went wrong, once while it stays the same."""
        if self._trouble == error.code:
            return
        self._trouble = error.code
        _log.info("keeping %s in step: %s", self._opened.id[:8], error.code)
        self._tell(Trouble(error.code, self._opened.folder.name, self._opened.id))

    def _again(self, entries: frozenset[EntryId], *, everything: bool) -> None:
        """Look at everything in a while; what was to be brought is brought then."""
        self._entries |= entries
        self._all_entries |= everything
        if self._retry is not None:
            return  # whoever hints meanwhile makes no more of it

        def now() -> None:
            self._retry = None
            self.missed()

        self._retry = asyncio.get_running_loop().call_later(LOOK_AGAIN, now)

    def _settled(self) -> None:
        if self._opened.mirroring is Mirroring.UNAVAILABLE:
            self._opened.mirroring, self._opened.why = Mirroring.SETTLED, ""
            self._tell(SpacesChanged())
            self.came_anywhere()  # it may be another folder of the space, with less in it
            if self.came_back is not None:
                self.came_back()

    def _told(self, entries: frozenset[EntryId], *, remote: bool) -> None:
        names = frozenset(entry.hex() for entry in entries)
        self._tell(SpaceChanged(self._opened.id, names, remote))


def _is_on_the_way(path: Path, looked: Iterable[Path]) -> bool:
    """Say whether a path was seen by a look at paths: on the way to one, there, or below."""
    return any(path[: len(it)] == it[: len(path)] for it in looked)
