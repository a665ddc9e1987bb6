"""What people read: errors, roles, sizes and times, in plain words.

The window and the command line say the same things, so they take them from here. An error
says what happened and what is safe, its hint what to do. No codes, no jargon: the words on
the left of the glossary only. Never imports a screen, never reads a clock.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from app.errors import (
    InNoFolder,
    NoSuchFolder,
    NoSuchVersion,
    NotAnswering,
    NotDeleted,
    Unreadable,
)
from app.progress import Progress
from app.values import Role
from storage.errors import AccessExpired, AtollError, KeysUnusable, StoreUnusable

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
YEAR = 365 * DAY
_AGES = (
    (HOUR, MINUTE, "min"),
    (DAY, HOUR, "h"),
    (2 * WEEK, DAY, "days"),
    (60 * DAY, WEEK, "weeks"),
    (YEAR, 30 * DAY, "months"),
)
"""Below this many seconds, count by that unit."""
DOT = " · "
_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_KILO = 1000
FEW = 2
"""How many devices a sentence names before it counts them."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a person is told."""

    sentence: str
    """What happened, and what is safe."""
    hint: str = ""
    """What to do about it, or empty when there is nothing to do."""

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


CODES: dict[str, Words] = {
    "error": Words("Something went wrong. What was saved before is safe.", "Try once more."),
    # -- storage
    "storage": Words("This could not be saved or read. What was saved before is safe."),
    "storage.decode": Words(
        "Something arrived that cannot be read, so it was left aside. Your notes are safe.",
        "If it happens again, update Atoll on all your devices.",
    ),
    "storage.block-not-found": Words(
        "A part of this is not on this computer yet.",
        "It comes as soon as a device that has it is near.",
    ),
    "storage.corrupt-block": Words(
        "Something on this disk is damaged, so it was not used.",
        "Check your folders: a device that holds a good copy can repair it.",
    ),
    "storage.locked": Words(
        "Atoll is open already, and one at a time may write here.",
        "Use the window that is open, or close it first.",
    ),
    "storage.full": Words(
        "There is no room left on this disk. What was saved before is safe.",
        "Free some space, then try again.",
    ),
    "storage.unusable": Words(
        "What Atoll keeps on this disk cannot be opened. Your plain folders are untouched.",
        "Look whether the disk is connected and you may write to it.",
    ),
    "storage.index-damaged": Words(
        "A list that Atoll keeps on this disk is damaged. Your plain folders are untouched.",
        "What it holds of your folders is made anew by itself. If this stays, check your folders.",
    ),
    "storage.keys": Words(
        "This device's keys are missing, damaged, or open to other people on this computer.",
        "Without them your notes cannot be opened here, not by us either. Another of your "
        "devices can let this one in again.",
    ),
    "storage.not-found": Words(
        "It is not here, or not any more.",
        "Check the name. It may have been renamed or deleted: look in the bin.",
    ),
    "storage.not-found.folder": Words(
        "There is no folder of that name here.", "Look which folders there are."
    ),
    "storage.not-found.version": Words(
        "There is no such version.", "Its history names every version there is."
    ),
    "storage.not-found.place": Words("That path lies in no folder of Atoll."),
    "storage.not-found.deleted": Words(
        "It was not deleted: it is as it was.", "Its history names every version of it."
    ),
    "storage.name-taken": Words("Something of that name is here already.", "Choose another name."),
    "storage.bad-name": Words(
        "That name cannot be used in every folder.",
        "Leave out slashes and control characters, and keep it shorter.",
    ),
    "storage.overtaken": Words(
        "This was changed by somebody else in the meantime.", "Look at it, and do it again."
    ),
    "storage.duplicate": Words("This is here already, so nothing was done."),
    "storage.record-too-large": Words(
        "That is more than fits into one step. Nothing was changed.",
        "Do it in smaller pieces: fewer files at once.",
    ),
    "storage.root-differs": Words(
        "What a device sent adds up to something else than it says, so it was left aside.",
        "Update Atoll on both devices. Your notes are safe.",
    ),
    # -- access
    "access": Words("The right to do this was not shown.", "Ask someone who can manage it."),
    "access.bad-token": Words(
        "This code is damaged, or it is not for here.",
        "Copy it once more, whole, or ask for a new one.",
    ),
    "access.newer-code": Words(
        "This code was made by a newer Atoll.", "Update Atoll here, then use it once more."
    ),
    "access.expired": Words("This access has ended.", "Ask for a new code."),
    "access.not-allowed": Words(
        "You can look at this but not change it. Your text is kept here as a private draft.",
        "Ask someone who can manage the folder to let you edit.",
    ),
    "access.fork": Words(
        "A device was copied or set back to an older state, so some of what it sent was left "
        "aside. Nothing is lost.",
        "It sorts itself out once your devices have met.",
    ),
    # -- sync
    "sync": Words(
        "The other device could not be understood. Your notes are saved here.",
        "It is tried again by itself.",
    ),
    "sync.local-protocol": Words(
        "Talking to another device stopped by a fault of ours. Your notes are saved here.",
        "It is tried again by itself. If it stays, restart Atoll.",
    ),
    "sync.remote-protocol": Words(
        "The other device said something that makes no sense, so we stopped listening.",
        "It is tried again by itself. Update Atoll on both devices if it stays.",
    ),
    "sync.unreachable": Words(
        "No device that has it could be reached. Your notes are saved here.",
        "Put both devices on the same network, or use a file instead.",
    ),
    "sync.refused": Words(
        "The other device does not know this one.",
        "Ask its owner for a new code.",
    ),
    "sync.declined": Words(
        "It does not take some of the changes made here. They are safe here.",
        "Look there: its window says why.",
    ),
    "sync.port-in-use": Words(
        "Another program listens where Atoll wanted to. Other devices can still be reached "
        "from here.",
        "Close that program, or choose another port.",
    ),
    "sync.no-multicast": Words(
        "Devices nearby cannot be searched for on this network. Your notes are saved here.",
        "Enter the other device's address, or use a file instead.",
    ),
    "sync.no-network": Words(
        "This computer is on no network now. Your notes are saved here.",
        "They go to the others as soon as it is on one.",
    ),
    # -- app
    "app": Words("This cannot be done now. What was saved before is safe."),
    "app.stopped": Words("Stopped. What was done until then is whole."),
    "app.folder-unavailable": Words(
        "The folder on this disk is not there, or it is another one. Nothing was deleted.",
        "Connect the disk, put the folder back where it was, or say where it is now.",
    ),
    "app.not-watched": Words(
        "The system watches no more folders, so what other programs change in this one is "
        "found a little later.",
        "Nothing is lost. On Linux a higher fs.inotify.max_user_watches helps.",
    ),
    "app.folder-not-empty": Words(
        "This folder holds something already.",
        "Choose an empty one, or bring both together.",
    ),
    "app.place-not-empty": Words(
        "There is something in that folder already, so nothing was written into it.",
        "Choose an empty one, or one that is not there yet.",
    ),
    "app.folder-in-use": Words(
        "This folder, or one around or inside it, is in Atoll already.",
        "Choose another folder.",
    ),
    "app.folder-in-use.elsewhere": Words(
        "Another Atoll on this computer keeps this folder, or one around or inside it. "
        "Nothing in it was read or changed here.",
        "Close that one, or choose another folder.",
    ),
    "app.folder-still-there": Words(
        "This folder is where it was, and is kept in step there.",
        "To have it elsewhere, move it first, then say where it is.",
    ),
    "app.already-here": Words(
        "What this code gives is on this computer already.",
        "Look in your folders; there is nothing to join.",
    ),
    "app.not-text": Words(
        "This is a file, not a text, so it cannot be typed in.",
        "Open it with the program it belongs to.",
    ),
    "app.already-running": Words(
        "Another Atoll is running with these notes.", "Use that one, or close it first."
    ),
    "app.not-running": Words(
        "Atoll is not running here.", "Open its window, or start it with: atoll serve"
    ),
    "app.not-answering": Words(
        "Atoll is running here but does not answer.",
        "It may be starting. If it stays so, end that process and start Atoll again; what was "
        "saved is safe.",
    ),
    "app.refused": Words("The running Atoll could not do it."),
    "app.not-set-up": Words("Nothing is set up here yet.", "Give this device a name first."),
    "app.usage": Words("What was asked makes no sense."),
    "app.unreadable": Words(
        "A file or folder could not be read or written.",
        "Look whether you may open it, and whether the disk is connected.",
    ),
}
"""Error code → words. Each code has its own; `words_of` knows what to say of one to come."""


def say(error: AtollError) -> Words:
    """Return the words for an error, with what it knows: a path, a moment, a reason."""
    words = words_of(error.code)
    match error:
        case Unreadable(path=str(path)) if path:
            sentence = f"“{path}” could not be read or written."
        case AccessExpired(until=int(until)) if until > 0:
            sentence = f"This access ended on {day_words(until)}."
        case NotAnswering(process=int(process)):
            sentence = f"{words.sentence.rstrip('.')}{process_words(process)}."
        case NoSuchFolder() | NoSuchVersion() | InNoFolder() | NotDeleted():
            return _miss_words(error, words.hint)
        case StoreUnusable() | KeysUnusable() if str(error):
            return Words(words.sentence, f"{words.hint} ({error})")
        case _ if error.code == "app.usage" and str(error):
            sentence = _as_sentence(str(error))
        case _:
            sentence = words.sentence
    return Words(sentence, words.hint)


def process_words(process: int) -> str:
    """Return which process is meant, to follow a clause; nothing if that is not known."""
    return f" (process {process})" if process else ""


def _miss_words(error: NoSuchFolder | NoSuchVersion | InNoFolder | NotDeleted, hint: str) -> Words:
    """Return what was looked for in vain, and what there is instead."""
    match error:
        case NoSuchFolder(name=name, known=known):
            have = f"you have: {', '.join(known)}" if known else "you have none yet"
            return Words(f"There is no folder called “{name}”; {have}.")
        case NoSuchVersion(version=version, name=name):
            return Words(f"There is no version {version} of “{name}”.", hint)
        case InNoFolder(path=path, folders=folders):
            have = f"Yours: {', '.join(folders)}." if folders else "There is none yet."
            return Words(f"“{path}” lies in no folder of Atoll.", have)
        case NotDeleted(name=name, drafted=str(path)) if path:
            return Words(
                f"“{name}” is in the shared folder as it was; what you did to it stayed here.",
                f"To have the shared version again: atoll drafts --drop {shlex.quote(path)}",
            )
        case NotDeleted(name=name):
            return Words(f"“{name}” was not deleted: it is as it was.", hint)
        case _:
            assert_never(error)


def trouble_words(code: str, by: str) -> Words:
    """Return the words for a code; with a device's name, for what it sent and was not taken."""
    match code:
        case _ if not by:
            return words_of(code)
        case "access.fork":
            return Words(
                f"“{by}” was copied or set back to an older state, so some of what it sent was "
                "left aside. Nothing is lost.",
                "It sorts itself out once your devices have met.",
            )
        case "access.expired":
            return Words(
                f"“{by}” sent changes made after an access had ended. They were left aside.",
                "Whoever made them can be let in again with a new code.",
            )
        case "access.not-allowed":
            return Words(
                f"“{by}” sent changes that whoever made them may not make. They were left aside.",
                "Give them a code that lets them edit, if they should.",
            )
        case _:
            return Words(
                f"“{by}” sent something that could not be read or proved, so it was left aside. "
                "Your notes are safe.",
                "Update Atoll on both devices if it happens again.",
            )


def words_of(code: str) -> Words:
    """Return the words for a code; of an unknown one, those of its family."""
    while code not in CODES:
        family, dot, _ = code.rpartition(".")
        code = family if dot else "error"
    return CODES[code]


# -- roles ------------------------------------------------------------------------------
def role_words(role: Role) -> str:
    """Return what someone can do, to follow a name: 'can edit'."""
    match role:
        case Role.VIEW:
            return "can view"
        case Role.EDIT:
            return "can edit"
        case Role.MANAGE:
            return "can manage"


def role_meaning(role: Role) -> str:
    """Return what a role allows, in a line."""
    match role:
        case Role.VIEW:
            return "Read everything in the folder. What they type stays with them."
        case Role.EDIT:
            return "Read and change everything in the folder."
        case Role.MANAGE:
            return "Read, change, and give access to others."


def until_words(until: int | None, now: float) -> str:
    """Return when access ends: 'without end', 'until today 18:00', 'until Friday 18:00'."""
    if until is None:
        return "without end"
    if until <= now:
        return f"ended {ago(now - until)}"
    return f"until {moment_words(until, now)}"


# -- sizes and counts --------------------------------------------------------------------
def size_words(n: int) -> str:
    """Return a size as people say it: '12 MB'."""
    if n < _KILO:
        return count_words(n, "byte")
    size, unit = _scaled(n)
    return f"{_short(size)} {unit}"


def of_words(done: int, total: int) -> str:
    """Return how much of how much, the unit said once where it is the same: '12 of 40 MB'."""
    size, unit = _scaled(total)
    done_size, done_unit = _scaled(done)
    if unit == done_unit:
        return f"{_short(done_size)} of {_short(size)} {unit}"
    return f"{size_words(done)} of {size_words(total)}"


def count_words(n: int, one: str, many: str = "") -> str:
    """Return a number and its noun: '1 device', '1,204 notes'."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def list_words(names: Sequence[str]) -> str:
    """Return names in a row: 'Mina, Jo and 2 more'."""
    if len(names) > FEW + 1:
        return f"{', '.join(names[:FEW])} and {len(names) - FEW} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


# -- times -------------------------------------------------------------------------------
def ago(seconds: float) -> str:
    """Return how long ago: 'just now', '2 min ago', 'yesterday'."""
    whole = int(max(seconds, 0))
    if whole < MINUTE:
        return "just now"
    if DAY <= whole < 2 * DAY:
        return "yesterday"
    for below, unit, name in _AGES:
        if whole < below:
            return f"{whole // unit} {name} ago"
    return count_words(whole // YEAR, "year") + " ago"


def lasting(seconds: float) -> str:
    """Return how long something takes yet: 'about 20 s'."""
    if seconds < MINUTE:
        return f"about {max(1, round(seconds))} s"
    if seconds < HOUR:
        return f"about {round(seconds / MINUTE)} min"
    return f"about {round(seconds / HOUR)} h"


def moment_words(at: float, now: float) -> str:
    """Return a moment near to now: 'today 18:04', 'Friday 18:04', '3 December 18:04'."""
    moment, today = local(at), local(now).date()
    clock = f"{moment:%H:%M}"
    days = (moment.date() - today).days
    near = {0: "today", 1: "tomorrow", -1: "yesterday"}
    if days in near:
        return f"{near[days]} {clock}"
    if abs(days) < 7:  # noqa: PLR2004 -- in a week, a weekday's name is enough
        return f"{moment:%A} {clock}"
    return f"{day_words(at, today.year)} {clock}"


def day_words(at: float, year: int = 0) -> str:
    """Return a day: '3 December', with the year where it is not this one."""
    moment = local(at)
    return f"{moment.day} {moment:%B}" + ("" if moment.year == year else f" {moment.year}")


def short_when(at: float, now: float) -> str:
    """Return a moment for a list: '2 min ago', 'yesterday', 'Tue', '3 Dec'."""
    moment, today = local(at), local(now)
    days = (today.date() - moment.date()).days
    if days <= 0:
        return ago(now - at)
    if days == 1:
        return "yesterday"
    if days < 7:  # noqa: PLR2004 -- in a week, a weekday's name is enough
        return f"{moment:%a}"
    return f"{moment.day} {moment:%b}" + ("" if moment.year == today.year else f" {moment.year}")


# -- progress ----------------------------------------------------------------------------
def progress_words(progress: Progress, speed: float = 0.0) -> str:
    """Return how far work is: 'Fetching oven.mp4 · 12 of 40 MB · 3 MB/s · about 9 s'."""
    parts = [f"{progress.task} {progress.item}".strip() or "Working"]
    if progress.total_bytes:
        parts.append(of_words(progress.done_bytes, progress.total_bytes))
    elif progress.total:
        parts.append(f"{progress.done:,} of {progress.total:,}")
    elif progress.done:
        parts.append(f"{progress.done:,}")
    if speed > 0:
        parts.append(f"{size_words(int(speed))}/s")
        if left := max(progress.total_bytes - progress.done_bytes, 0):
            parts.append(lasting(left / speed))
    return DOT.join(parts)


def local(at: float) -> datetime:
    """Return a moment as a wall clock shows it; of a mad clock, the nearest one that can be."""
    return datetime.fromtimestamp(min(max(at, 0), 253_000_000_000), tz=UTC).astimezone()


def _scaled(n: int) -> tuple[float, str]:
    size, power = float(n), 0
    while size >= _KILO - 0.5 and power < len(_UNITS) - 1:
        size /= _KILO
        power += 1
    return size, _UNITS[power]


def _short(size: float) -> str:
    """Return two digits at least, and no needless zero: '1.2', '12', '3'."""
    return f"{size:.0f}" if size >= 9.95 else f"{size:.1f}".removesuffix(".0")  # noqa: PLR2004


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
