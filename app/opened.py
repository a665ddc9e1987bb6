"""A space that is open on this device: its vault and its mirror, on the one thread they have."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from app.errors import KeptElsewhere
from app.folder.agreed import Agreed
from app.folder.claims import Claim, Claims
from app.folder.ignore import OWN_FOLDER
from app.folder.marker import MARKER
from app.folder.mirror import Mirror
from app.guard import Guard
from app.progress import Report
from app.values import Mirroring, SpaceInfo
from app.work import Worker
from storage.facts.change import EntryId
from storage.index.sealed_db import IndexDamaged
from storage.tree.chunker import Source
from storage.vault import Vault

Answer = TypeVar("Answer")


def no_plain(path: tuple[str, ...]) -> AbstractContextManager[Source]:
    """Refuse: there are no files to be opened so."""
    raise FileNotFoundError(str(path))


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A mirror, what it remembers, and how to let go of that."""

    mirror: Mirror
    agreed: Agreed
    close: Callable[[], None]
    is_damaged: Callable[[], bool]
    """What it remembers cannot be read any more."""
    look: Callable[[], bool] = lambda: True
    """Reads all that it remembers; says whether it is whole."""
    rest: Callable[[], None] = lambda: None
    """Gives memory back that is held for work; the vault gave its own back before."""
    open_plain: Callable[[tuple[str, ...]], AbstractContextManager[Source]] = no_plain
    """Opens a file of the folder, by names, following no link. Entering it raises OSError."""


@dataclass(slots=True)
class OpenSpace:
    """One space. `run` is the only way to its vault."""

    key: bytes
    folder: Path
    worker: Worker
    vault: Vault = field(repr=False)
    mirrored: Mirrored = field(repr=False)
    make_mirror: Callable[[Path], Mirrored] = field(repr=False)
    """Makes another one, of a folder, with whatever memory is left."""
    claims: Claims = field(repr=False)
    guard: Guard = field(repr=False)
    mirroring: Mirroring = Mirroring.SETTLED
    why: str = ""
    """Why the folder is unavailable: an error's code."""
    skipped: tuple[str, ...] = ()
    """Paths in the folder that are not shared."""
    unwritten: tuple[str, ...] = ()
    """Paths that the folder's disk refuses to take."""
    last: SpaceInfo | None = None
    """As it was told last; told again while long work keeps the thread."""
    attached: bool = False
    watched: bool = True
    """The system tells of all changes in the folder, or nobody keeps it in step."""
    claim: Claim | None = field(default=None, repr=False)
    """Held as long as the folder is kept in step, so that nobody else does."""

    def __post_init__(self) -> None:
        self.worker.rest = self._rest
        self.guard.lie = self._lie
        self.guard.lying = lambda: self.ask_agreed(Agreed.count)

    @property
    def id(self) -> str:
        """Its name in the app's values."""
        return self.key.hex()

    async def run(self, work: Callable[[Vault], Answer]) -> Answer:
        """Do work on the vault's thread."""
        return await self.worker.run(lambda: work(self.vault))

    async def run_reporting(
        self, work: Callable[[Vault, Report], Answer], report: Report
    ) -> Answer:
        """Do long work on the vault's thread; it may be stopped at its reports."""
        return await self.worker.run_reporting(lambda told: work(self.vault, told), report)

    def mirror(self) -> Mirror:
        """Return the mirror, on the vault's thread, after proof that its folder is the one we know.

        Raises:
            FolderUnavailable, FolderInUse: it is not.
            KeptElsewhere: another Atoll keeps it. Nothing was read or written.
        """
        if self.mirrored.is_damaged():
            self._forget_agreed()
        self._claim()
        if not self.attached:
            self.mirrored.mirror.attach()
            self.attached = True
        self.mirrored.mirror.waiting = self.guard.waiting
        return self.mirrored.mirror

    def ask_agreed(self, ask: Callable[[Agreed], Answer]) -> Answer:
        """Ask what is agreed with the folder, on the vault's thread; anew if it is damaged."""
        try:
            return ask(self.mirrored.agreed)
        except IndexDamaged:
            self._forget_agreed()
            return ask(self.mirrored.agreed)

    def mend_agreed(self) -> bool:
        """Look whether the mirror's memory is whole; go on without it if it is not."""
        whole = self.mirrored.look()
        if not whole:
            self._forget_agreed()
        return whole

    def _forget_agreed(self) -> None:
        """Go on without the mirror's memory: all is compared anew, nothing is lost."""
        self.mirrored.close()
        self.mirrored, self.attached = self.make_mirror(self.folder), False

    def seems_there(self) -> bool:
        """Say whether a marked folder lies at its path. Cheap; the mirror knows for sure.

        Where a drive was unplugged, an empty folder may be left, so being there is not enough.
        """
        try:
            return (self.folder / OWN_FOLDER / MARKER).is_file()
        except OSError:
            return False

    def seems_wrong(self, *, there: bool) -> bool:
        """Say whether to look anew, given whether the folder seems to be there.

        One that another Atoll keeps is there all the time: it is tried now and then.
        """
        away = self.mirroring is Mirroring.UNAVAILABLE
        return there == away and self.why != KeptElsewhere.code

    def take_on(self, folder: Path, *, merge: bool) -> None:
        """Keep another folder in step from now on, on the vault's thread. The old one stays.

        Raises:
            KeptElsewhere, FolderInUse, FolderNotEmpty, FolderUnavailable, Unreadable: it cannot
                be taken. Then all is as it was.
        """
        before = self.folder
        self.show_in(folder)
        try:
            self._claim()
            self.mirrored.mirror.take_on(merge=merge)
        except BaseException:
            self.show_in(before)
            raise
        self.attached = True

    def show_in(self, folder: Path) -> None:
        """Look for the folder there, on the vault's thread; it is proved when it is needed."""
        self._let_go()
        self.folder, self.attached = folder, False
        self.mirrored = self.make_mirror(folder)

    def close(self) -> None:
        """Let go of everything, on the vault's thread."""
        self._let_go()
        self.vault.close()

    def _rest(self) -> None:
        self.vault.rest()
        self.mirrored.rest()

    def _lie(self, entries: AbstractSet[EntryId]) -> AbstractSet[EntryId]:
        """Return which of some entries lie in the folder."""
        return self.ask_agreed(lambda agreed: agreed.get_some(entries)).keys()

    def _claim(self) -> None:
        """Claim the folder, anew when another one took its place."""
        if self.claim is not None and self.claim.stands():
            return
        self._release()
        self.claim = self.claims.take(self.folder)

    def _release(self) -> None:
        claim, self.claim = self.claim, None
        if claim is not None:
            claim.release()

    def _let_go(self) -> None:
        if self.attached:
            self.mirrored.mirror.close()
        self.mirrored.close()
        self._release()
