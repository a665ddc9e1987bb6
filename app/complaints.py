"""What people read when something went wrong: a sentence and a hint for each error code.

An error says what happened and what is safe, its hint what to do. No codes, no jargon. The
window and the command line say the same things, so they take them from here.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import assert_never

from app.errors import (
    InNoFolder,
    NoSuchFolder,
    NoSuchVersion,
    NotAnswering,
    NotDeleted,
    Unreadable,
)
from app.words import day_words
from storage.errors import (
    AccessExpired,
    AtollError,
    BackupUnusable,
    KeysUnusable,
    StoreUnusable,
    WrongPassphrase,
)


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
    "storage.unusable.state": Words(
        "The list of your folders that Atoll keeps (state.db) is missing or damaged. "
        "Your plain folders and all versions are untouched.",
        "To bring it back, type in a terminal: atoll repair.",
    ),
    "storage.index-damaged": Words(
        "A list that Atoll keeps on this disk is damaged. Your plain folders are untouched.",
        "What it holds of your folders is made anew by itself. If this stays, check your folders.",
    ),
    "storage.backup": Words(
        "This is no backup, or it is damaged or not all there. Nothing was changed by it.",
        "Take another one, or look whether all of it was copied.",
    ),
    "storage.backup.passphrase": Words(
        "This passphrase does not open the backup. Nothing was changed.",
        "Type the one with which the backup was made; nobody can open it without.",
    ),
    "storage.backup.not-good": Words(
        "The backup was written and then tried, and it does not hold all that it should. "
        "Earlier backups there are as they were.",
        "Check your folders and mend them (atoll check, atoll repair), then back up once more.",
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
    "storage.not-found.held": Words(
        "Nothing of this folder is held.", "It was let through or undone already, or put right."
    ),
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
    "storage.not-kept": Words(
        "This version is not kept on this computer any more, so nothing was changed.",
        "Another device may have it: atoll forget PATH@VERSION --take-back asks them for it.",
    ),
    "storage.not-all-here": Words(
        "Something that has to be kept is missing on this computer, so nothing was removed.",
        "Run atoll check: it names what is missing, and other devices may still have it.",
    ),
    "storage.not-repaired": Words(
        "A part of what is kept here was damaged, and not all your devices were heard since: "
        "so nothing was removed.",
        "It goes on by itself once they were here, or at once after: atoll repair.",
    ),
    "storage.disturbed": Words(
        "Something else changed this folder's store meanwhile. Nothing is lost.",
        "Try once more.",
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
    "app.repaired-alone": Words(
        "A part of what is kept here was damaged, by a power cut or the disk, and was repaired: "
        "your other devices have nothing that is not here.",
        "If anything is not whole, atoll check names it.",
    ),
    "app.not-watched": Words(
        "The system watches no more folders, so what other programs change in this one is "
        "found a little later.",
        "Nothing is lost. On Linux a higher fs.inotify.max_user_watches helps.",
    ),
    "app.ended-inside": Words(
        "A part of Atoll stopped by a fault of ours, so not all goes on here. What was saved is "
        "safe.",
        "Quit Atoll and start it again.",
    ),
    "app.over-budget": Words(
        "This is more than may stay on this computer of this folder. Nothing was fetched.",
        "Keep more: atoll keep FOLDER --budget 50GB. Or ask for less at a time.",
    ),
    "app.nobody-has-it": Words(
        "It is not on this computer, and no device near gives it.",
        "It comes as soon as a device that keeps it is near.",
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
        case WrongPassphrase():
            sentence = words.sentence
        case StoreUnusable() | KeysUnusable() | BackupUnusable() if str(error):
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


def _as_sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
