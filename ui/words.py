"""Every text of the window that is not a page's own, and what can be done about an error.

The sentences are `app.words` and `app.complaints`; here they get buttons. `tr` marks a text for
translation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QCoreApplication

from app.complaints import CODES as SENTENCES
from app.complaints import Words, trouble_words
from app.complaints import say as say_plainly
from app.values import EntryInfo, Mirroring, Reach, SpaceInfo
from app.whereabouts import reach_word
from app.words import DOT, count_words, list_words, short_when, size_words
from storage.errors import AtollError


def tr(text: str) -> str:
    """Return a text in the person's language."""
    return QCoreApplication.translate("Atoll", text)


class Act(Enum):
    """What a button in the error strip can do."""

    RETRY = "retry"
    BIN = "bin"
    CHECK = "check"
    JOIN = "join"
    DEVICES = "devices"
    QUIT = "quit"


BUTTONS = {
    Act.RETRY: "Try again",
    Act.BIN: "Look in the bin",
    Act.CHECK: "Check my folders",
    Act.JOIN: "Enter a code",
    Act.DEVICES: "Enter an address",
    Act.QUIT: "Quit",
}

_ACTS: dict[str, tuple[Act, ...]] = {
    "storage": (Act.RETRY, Act.CHECK),
    "storage.corrupt-block": (Act.CHECK,),
    "storage.decode": (),
    "storage.block-not-found": (Act.DEVICES,),
    "storage.full": (Act.RETRY,),
    "storage.not-found": (Act.BIN,),
    "storage.name-taken": (),
    "storage.bad-name": (),
    "storage.locked": (Act.QUIT,),
    "storage.keys": (Act.QUIT,),
    "storage.unusable": (Act.RETRY, Act.QUIT),
    "access": (Act.JOIN,),
    "access.not-allowed": (),
    "sync": (),
    "sync.unreachable": (Act.RETRY, Act.DEVICES),
    "sync.refused": (Act.JOIN,),
    "sync.no-multicast": (Act.DEVICES,),
    "app": (),
    "app.already-running": (Act.QUIT,),
    "app.ended-inside": (Act.QUIT,),
    "app.folder-unavailable": (Act.RETRY,),
    "app.unreadable": (Act.RETRY,),
    "error": (Act.RETRY,),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the strip shows."""

    code: str
    words: Words
    acts: tuple[Act, ...] = ()


def _acts_of(code: str) -> tuple[Act, ...]:
    while code not in _ACTS:
        family, dot, _ = code.rpartition(".")
        code = family if dot else "error"
    return _ACTS[code]


CODES: dict[str, Said] = {
    code: Said(code, words, _acts_of(code)) for code, words in SENTENCES.items()
}
"""Error code → sentence, hint and buttons."""


def say(error: AtollError) -> Said:
    """Return what the strip shows of an error."""
    return Said(error.code, say_plainly(error), _acts_of(error.code))


def say_code(code: str, by: str = "") -> Said:
    """Return what the strip shows of a code that came without its error, perhaps by a device."""
    return Said(code, trouble_words(code, by), _acts_of(code))


# -- rows ---------------------------------------------------------------------------------
REACH_ICONS = {
    Reach.ONLY_HERE: ("triangle-alert", "warn"),
    Reach.PARTLY: ("circle-dot", "warn"),
    Reach.EVERYWHERE: ("circle-check", "ok"),
    Reach.SENDING: ("loader-circle", "info"),
    Reach.HELD: ("circle-pause", "warn"),
    Reach.CANNOT: ("circle-x", "danger"),
}
"""Shape and colour of each state: the shapes differ, so the colour is never alone."""
DEVICE_ICON = "hard-drive"
"""A device of any kind: which kind it is, nobody has said."""
_ALONE = (DEVICE_ICON, "text3")
_TO_COME = ("download", "text3")

NOTE_ENDS = (".md", ".markdown", ".txt")
FILE_ICONS = {
    "file-image": ("png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "heic"),
    "file-audio": ("mp3", "ogg", "wav", "flac", "m4a"),
    "file-video": ("mp4", "mkv", "webm", "mov", "avi"),
    "file-archive": ("zip", "gz", "tar", "7z", "rar", "xz"),
    "file-code": ("py", "js", "ts", "c", "h", "rs", "go", "html", "css", "json", "toml", "xml"),
}


def reach_icon(reach: Reach, *, alone: bool = False) -> tuple[str, str]:
    """Return shape and colour of a state; where nothing is shared, to be here only is no lack."""
    return _ALONE if alone and reach is Reach.ONLY_HERE else REACH_ICONS[reach]


def state_icon(entry: EntryInfo, *, alone: bool = False) -> tuple[str, str]:
    """Return what stands at the end of an entry's row: that it is still to come, before all."""
    to_come = not (entry.here or entry.is_folder or entry.draft)
    return _TO_COME if to_come else reach_icon(entry.reach, alone=alone)


def shown_name(entry: EntryInfo) -> str:
    """Return a name as it is shown: a note's without its ending."""
    name = entry.name
    if entry.is_text and name.lower().endswith(".md") and len(name) > len(".md"):
        return name[: -len(".md")]
    return name


def icon_of(entry: EntryInfo) -> str:
    """Return the name of an entry's icon."""
    if entry.is_folder:
        return "folder"
    if entry.is_text and entry.name.lower().endswith(NOTE_ENDS):
        return "file-text"
    end = entry.name.rpartition(".")[2].lower()
    return next((icon for icon, ends in FILE_ICONS.items() if end in ends), "file")


def entry_note(entry: EntryInfo, now: float, own: str = "") -> str:
    """Return the second line of an entry's row: 'You · 2 min ago · on 2 of 3 devices'."""
    if entry.is_folder:
        return reach_word(entry.reach)
    by = tr("You") if entry.by and entry.by == own else entry.by
    parts = [by, short_when(entry.mtime, now) if entry.mtime else ""]
    if not entry.is_text:
        parts.insert(0, size_words(entry.size))
    if entry.draft:
        parts.append(tr("private draft"))
    elif entry.here:
        parts.append(reach_word(entry.reach))
    else:
        parts.append(tr("not here yet") if entry.kept else tr("not kept on this computer"))
    return DOT.join(part for part in parts if part)


def entry_spoken(entry: EntryInfo, now: float, own: str = "") -> str:
    """Return a row as a screen reader says it."""
    kind = tr("folder") if entry.is_folder else tr("note") if entry.is_text else tr("file")
    note = entry_note(entry, now, own).replace(DOT, ", ")
    return f"{shown_name(entry)}, {kind}, {note}"


def space_icon(space: SpaceInfo) -> tuple[str, str]:
    """Return a folder's icon and its tone, from who shares it and how it stands."""
    if space.mirroring is Mirroring.UNAVAILABLE:
        return "triangle-alert", "warn"
    return ("folder-sync" if others_of(space) else "folder"), ""


def others_of(space: SpaceInfo) -> list[str]:
    """Return the names of those who share a folder with this device."""
    return [member.name for member in space.members if not member.is_this]


def space_spoken(space: SpaceInfo) -> str:
    """Return a folder as a screen reader says it."""
    others = others_of(space)
    shared = tr("shared with ") + list_words(others) if others else tr("not shared")
    return f"{space.name}, {tr('folder')}, {shared}, {count_words(space.entries, 'item')}"
