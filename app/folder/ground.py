"""What all parts of a mirror stand on, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.folder.agreed import Agreed
from app.folder.ahead import Ahead
from app.folder.ignore import Ignore
from app.folder.marker import Marker, Standing, root_of
from app.folder.port import Folder, Path, Ways
from app.folder.scan import Skipped
from app.folder.space import Space
from storage.facts.change import EntryId
from storage.ports import Clock, Entropy


@dataclass(slots=True)
class Ground:
    """The space, the folder, and what was agreed between them."""

    space: Space
    folder: Folder
    agreed: Agreed
    clock: Clock
    entropy: Entropy
    device: str
    """This device's name, for files that are kept beside others."""
    marker: Marker
    ways: Ways
    ignore: Ignore
    ahead: Ahead
    suspicious: bool = False
    """We did not end cleanly, so what looks like an edit may be what a power cut left."""

    def root(self) -> Standing:
        """Return where the root stands, after proof that it is a folder of the space."""
        return root_of(self.folder, self.marker)

    def temporary(self) -> str:
        """Return a name for a file half written."""
        return f".atoll-{self.entropy.take(8).hex()}.tmp"

    def aside(self, entry: EntryId) -> str:
        """Return a name for the file of an entry that another is put in the place of."""
        return f".atoll-{entry.hex()}-{self.entropy.take(4).hex()}.old"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look through the folder found, and what the space was told."""

    added: int = 0
    edited: int = 0
    moved: int = 0
    removed: int = 0
    drafts: int = 0
    entries: frozenset[EntryId] = frozenset()
    """What the space has anew, for `Mirror.bring`."""
    skipped: tuple[Skipped, ...] = ()
    """Not shared, and why."""
    again: frozenset[Path] = frozenset()
    """Look at these once more: they were still changing, or are missing for too short a time."""
    again_in: float | None = None
    """Seconds until then; None when there is nothing to look at again."""
    wanted: frozenset[EntryId] = frozenset()
    """What lies here and there, and cannot be compared until its bytes are here."""

    @property
    def changed(self) -> bool:
        """The space was told something."""
        return bool(self.added or self.edited or self.moved or self.removed)


@dataclass(frozen=True, slots=True)
class Brought:
    """What was written to the folder."""

    written: int = 0
    moved: int = 0
    removed: int = 0
    waiting: int = 0
    """Files whose bytes are not all on this device yet."""
    again: frozenset[Path] = frozenset()
    """Something is in the way, or was changed meanwhile: look at these, then bring again."""
    troubles: tuple[Skipped, ...] = ()
    """What the disk refused."""


@dataclass(slots=True)
class Tally:
    """Counts while work goes on."""

    added: int = 0
    edited: int = 0
    moved: int = 0
    removed: int = 0
    written: int = 0
    waiting: int = 0
    drafted: set[Path] = field(default_factory=set[Path])
    entries: set[EntryId] = field(default_factory=set[EntryId])
    wanted: set[EntryId] = field(default_factory=set[EntryId])
    again: set[Path] = field(default_factory=set[Path])
    refused: set[EntryId] = field(default_factory=set[EntryId])
    """What the disk would not write: it is tried again with whatever is brought next."""
    skipped: list[Skipped] = field(default_factory=list[Skipped])
