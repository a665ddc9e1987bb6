"""The errors of what a person does.

AtollError
├── app.progress.Stopped      the person asked to stop
└── AppError
    ├── FolderUnavailable     the plain folder is not there, or is another one
    ├── PlaceNotEmpty         writing out into a folder that holds something
    ├── FolderNotEmpty        joining into a folder that holds something
    ├── RepairedAlone         what was damaged of a space was repaired, and nobody had to ask
    ├── NotWatched            the system does not tell of all changes in the plain folder
    ├── FolderInUse           this folder, or one around or inside it, is shared already
    │   └── KeptElsewhere     by another Atoll of the same person on this computer
    ├── FolderStillThere      a space is to be shown elsewhere, and its folder is in its place
    ├── AlreadyHere           what a code gives is on this device already
    ├── NotText               a file that is no text was opened for typing
    ├── AlreadyRunning        another Atoll owns this data folder
    ├── NotRunning            no app runs on this data folder
    ├── NotAnswering          one does, and says nothing
    ├── Refused               the app that runs here could not do what a terminal asked
    ├── NotSetUp              `init` was not done yet
    ├── EndedInside           a part that runs as long as the app does ended, by a fault of ours
    ├── OverBudget            more is asked for than is kept on this device
    ├── NobodyHasIt           what is asked for is not here, and no device near has it
    ├── BadUsage              what was asked makes no sense
    └── Unreadable            a file or folder could not be read or written

storage.errors.StoreUnusable
└── StateDamaged              what the device remembers besides its spaces cannot be read

storage.errors.NotFound
├── NoSuchFolder              no folder of Atoll is called so
├── NoSuchVersion             a file or folder has no version of that name
├── InNoFolder                a path that lies in no folder of Atoll
└── NotDeleted                what is to come back from the bin is in its place
"""

from __future__ import annotations

from collections.abc import Sequence

from storage.errors import AtollError, NotFound, StoreUnusable


class AppError(AtollError):
    """What was asked cannot be done now."""

    code = "app"


class FolderUnavailable(AppError):
    """The plain folder is not there, or is another one. Nothing was deleted."""

    code = "app.folder-unavailable"


class NotWatched(AppError):
    """The system does not tell of all changes in the plain folder; it is looked at instead."""

    code = "app.not-watched"


class RepairedAlone(AppError):
    """A space's packs were damaged where nobody could tell what stood there; that is settled."""

    code = "app.repaired-alone"


class EndedInside(AppError):
    """A part that runs as long as the app does ended by a fault of ours: not all goes on."""

    code = "app.ended-inside"


class FolderNotEmpty(AppError):
    """The folder to join into holds something, and uniting was not asked for."""

    code = "app.folder-not-empty"


class PlaceNotEmpty(AppError):
    """The folder to write out into holds something."""

    code = "app.place-not-empty"


class FolderInUse(AppError):
    """This folder, or one around or inside it, is shared already."""

    code = "app.folder-in-use"


class KeptElsewhere(FolderInUse):
    """Another Atoll on this computer keeps this folder, or one around or inside it."""

    code = "app.folder-in-use.elsewhere"


class FolderStillThere(AppError):
    """A space is to be shown in another folder, and the one it has is in its place."""

    code = "app.folder-still-there"


class AlreadyHere(AppError):
    """What a code gives is on this device already."""

    code = "app.already-here"


class NotText(AppError):
    """A file that is no text was opened for typing."""

    code = "app.not-text"


class AlreadyRunning(AppError):
    """Another Atoll owns this data folder."""

    code = "app.already-running"


class NotAnswering(AppError):
    """An app runs on this data folder, and says nothing: it is stopped, stuck, or starting."""

    code = "app.not-answering"

    def __init__(self, process: int) -> None:
        super().__init__("the app does not answer")
        self.process = process
        """Which one, 0 if that is not known."""


class NotRunning(AppError):
    """No app runs on this data folder, or it went away."""

    code = "app.not-running"


class Refused(AppError):
    """The app that runs here could not do what a terminal asked. It says so in its words."""

    code = "app.refused"

    def __init__(self, reason: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason
        """The code of what went wrong there."""
        self.sentence = sentence
        self.hint = hint


class NotSetUp(AppError):
    """This data folder was not set up yet."""

    code = "app.not-set-up"


class BadUsage(AppError):
    """What was asked makes no sense."""

    code = "app.usage"


class Unreadable(AppError):
    """A file or folder could not be read or written."""

    code = "app.unreadable"

    def __init__(self, message: str, path: str) -> None:
        super().__init__(message)
        self.path = path


class OverBudget(AppError):
    """More is asked for than is kept on this device."""

    code = "app.over-budget"

    def __init__(self, size: int, budget: int) -> None:
        super().__init__(f"{size} bytes are more than {budget}")
        self.size = size
        self.budget = budget


class NobodyHasIt(AppError):
    """What is asked for is not here, and no device near has it."""

    code = "app.nobody-has-it"


class NoSuchFolder(NotFound):
    """No folder of Atoll is called so."""

    code = "storage.not-found.folder"

    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"no folder is called {name!r}")
        self.name = name
        self.known = tuple(known)
        """What the folders here are called."""


class NoSuchVersion(NotFound):
    """A file or folder has no version whose name begins so."""

    code = "storage.not-found.version"

    def __init__(self, version: str, name: str) -> None:
        super().__init__(f"no version {version!r} of {name!r}")
        self.version = version
        self.name = name


class InNoFolder(NotFound):
    """A path that lies in no folder of Atoll."""

    code = "storage.not-found.place"

    def __init__(self, path: str, folders: Sequence[str]) -> None:
        super().__init__(f"{path!r} is in no folder of ours")
        self.path = path
        self.folders = tuple(folders)


class NothingHeld(NotFound):
    """No mass change of this folder waits for anybody."""

    code = "storage.not-found.held"


class NotDeleted(NotFound):
    """What is to come back from the bin is in its place."""

    code = "storage.not-found.deleted"

    def __init__(self, name: str, *, drafted: str = "") -> None:
        super().__init__(f"{name!r} was not deleted")
        self.name = name
        self.drafted = drafted
        """The path on disk at which it was deleted here only, by who may not change it."""


class StateDamaged(StoreUnusable):
    """What the device remembers besides its spaces is missing or damaged; `repair` mends it."""

    code = "storage.unusable.state"
