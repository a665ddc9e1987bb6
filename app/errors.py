"""The errors of what a person does.

AtollError
├── app.progress.Stopped      the person asked to stop
└── AppError
    ├── FolderUnavailable     the plain folder is not there, or is another one
    ├── FolderNotEmpty        joining into a folder that holds something
    ├── FolderInUse           this folder, or one around or inside it, is shared already
    ├── NotText               a file that is no text was opened for typing
    ├── AlreadyRunning        another Atoll owns this data folder
    ├── NotSetUp              `init` was not done yet
    ├── BadUsage              what was asked makes no sense
    └── Unreadable            a file or folder could not be read or written
"""

from __future__ import annotations

from storage.errors import AtollError


class AppError(AtollError):
    """What was asked cannot be done now."""

    code = "app"


class FolderUnavailable(AppError):
    """The plain folder is not there, or is another one. Nothing was deleted."""

    code = "app.folder-unavailable"


class FolderNotEmpty(AppError):
    """The folder to join into holds something, and uniting was not asked for."""

    code = "app.folder-not-empty"


class FolderInUse(AppError):
    """This folder, or one around or inside it, is shared already."""

    code = "app.folder-in-use"


class NotText(AppError):
    """A file that is no text was opened for typing."""

    code = "app.not-text"


class AlreadyRunning(AppError):
    """Another Atoll owns this data folder."""

    code = "app.already-running"


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
