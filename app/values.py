"""What the app tells a window or a terminal: frozen values, safe to hand to any thread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from app.guard_values import HeldCount

AWAY = 14 * 24 * 3600
"""Seconds after which it is said since when a device was not here: it may be lost."""


class Role(Enum):
    """What someone can do with a folder that is shared."""

    VIEW = "view"
    EDIT = "edit"
    MANAGE = "manage"


class Reach(Enum):
    """Where a version is: the states of the delivery sentence."""

    ONLY_HERE = "only-here"
    PARTLY = "partly"
    EVERYWHERE = "everywhere"
    SENDING = "sending"
    HELD = "held"
    """It was changed here with very many others, and is not sent until a person looked."""
    CANNOT = "cannot"


class Mirroring(Enum):
    """How the plain folder of a space stands."""

    SETTLED = "settled"
    WORKING = "working"
    UNAVAILABLE = "unavailable"
    """The folder is not there, or is another one: nothing is deleted, nothing is sent."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device that shares something with us, or this one."""

    did: str
    name: str
    is_this: bool
    near: bool
    last_seen: float | None
    """Unix seconds of the last conversation, by our clock."""
    address: str
    """host:port of the present conversation, or empty."""

    def away_since(self, now: float) -> float | None:
        """Return since when it is not here, once that is so long that it may never come back."""
        if self.is_this or self.near or self.last_seen is None or now - self.last_seen < AWAY:
            return None
        return self.last_seen

    def met_of_late(self, now: float) -> bool:
        """Say whether it is near, or was met and not so long ago that it may never come back."""
        return (self.near or self.last_seen is not None) and self.away_since(now) is None


@dataclass(frozen=True, slots=True)
class MemberInfo:
    """A device that may use a space."""

    did: str
    name: str
    role: Role
    until: int | None
    is_this: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """What one device says, by signed receipt, that it holds."""

    device: DeviceInfo
    complete: bool
    """It has stored the version asked about, or all of the space."""
    behind: int | None = None
    """How many changes of the space it has not signed for; None: it never signed for any."""
    keeps: str = "whole"
    """What it keeps of the space: 'whole', 'opened' or 'names'. Only 'whole' counts as a copy."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where a version, or a whole space, is. The one source of the delivery sentence."""

    reach: Reach
    holdings: tuple[Holding, ...]
    done_bytes: int = 0
    total_bytes: int = 0
    reason: str = ""
    """An error code with words in ui.words, or empty."""
    done_files: int = 0
    total_files: int = 0
    """While sending: of how many files of the space, as those say that lack them. 0: not known."""
    held: tuple[HeldCount, ...] = ()
    """Mass changes that nobody let through yet, of this device and of others."""
    forked: tuple[str, ...] = ()
    """Names of devices of which two histories are about: they were copied or set back."""


@dataclass(frozen=True, slots=True)
class SpaceInfo:
    """A folder you share (or could share), as it stands."""

    id: str
    """Hex of the space's public key."""
    name: str
    folder: Path | None
    role: Role
    until: int | None
    entries: int
    size: int
    mirroring: Mirroring
    members: tuple[MemberInfo, ...]
    delivery: Delivery
    drafts: int = 0
    """Changes kept here only, because this device may view but not change."""
    missing_blocks: int = 0
    missing_files: int = 0
    """How many files are not whole here, and how many bytes of them are to come."""
    missing_bytes: int = 0
    missing_older: int = 0
    """How many blocks of older versions alone are to come, as far as that is known yet."""
    watched: bool = True
    """The system tells at once of what changes in the folder; else it is looked at."""
    skipped: tuple[str, ...] = ()
    """Paths in the folder that are not shared (devices, sockets, names no folder may hold)."""
    unwritten: tuple[str, ...] = ()
    """Paths that the folder's disk refuses to take: what stands there is older, or nothing."""
    why: str = ""
    """Why the folder is unavailable: an error's code, which has words; else empty."""
    keeps: str = "whole"
    """What is kept of it on this device: 'whole', 'opened' or 'names'."""
    budget: int = 0
    """Bytes of files that may stay once they were opened."""
    here_files: int = 0
    """How many files are whole here, and their bytes, where not all is kept."""
    here_bytes: int = 0


@dataclass(frozen=True, slots=True)
class EntryInfo:
    """A note, file or folder in a list."""

    space: str
    id: str
    """Hex of the entry id."""
    path: tuple[str, ...]
    is_folder: bool
    is_text: bool
    size: int
    mtime: float
    by: str
    """Name of the device that changed it last."""
    reach: Reach
    here: bool
    """All its bytes are on this device."""
    draft: bool = False
    kept: bool = True
    """It is to be here; else it comes when it is asked for."""

    @property
    def name(self) -> str:
        """Its own name, the last part of the path; the space's for the top."""
        return self.path[-1] if self.path else ""


@dataclass(frozen=True, slots=True)
class Version:
    """One step in the history of an entry or a space."""

    record: str
    """Hex of the record's address; VERSION on the command line, any unique beginning of it."""
    at: float
    """What the writer's clock said, Unix seconds: a remark, never an order."""
    device: str
    words: str
    order: str
    """'before', 'side by side' or 'now', seen from what is shown now."""
    paths: tuple[tuple[str, ...], ...]
    by: str = ""
    """The did:key of the device that made it."""
    kinds: tuple[tuple[str, int], ...] = ()
    """What it did to how many: 'added', 'edited', 'moved', 'renamed', 'deleted'."""
    kept: bool = True
    """What the entry held then is kept on this device; of one entry's history only."""


@dataclass(frozen=True, slots=True)
class BinItem:
    """Something deleted, which can come back."""

    space: str
    id: str
    path: tuple[str, ...]
    size: int
    at: float
    device: str
    record: str
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result."""

    space: str
    id: str
    path: tuple[str, ...]
    snippet: str
    """Some words around the find; the found ones between U+0002 and U+0003."""


@dataclass(frozen=True, slots=True)
class InviteInfo:
    """What a code offers, shown before anything is accepted."""

    code: str
    space_name: str
    by: str
    role: Role
    until: int | None
    hints: tuple[str, ...]
    """host:port where the giver was reachable."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A change by someone who may only view: kept here, sent to nobody."""

    path: tuple[str, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found."""

    what: str
    where: str
    severity: str
    """'damaged', 'missing', 'wanted' or 'note'."""
    path: tuple[str, ...] = ()
    """Of which file, if it is a part of one."""
    version: str = ""
    """Which version of it, as the history names it; empty for the present one."""
    space: str = ""
    """In which folder; empty of what belongs to the device."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The answer of `check`."""

    blocks: int
    records: int
    entries: int
    bytes: int
    findings: tuple[Finding, ...]
