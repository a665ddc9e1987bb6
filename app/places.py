"""Where things lie on this disk: one data folder a device, closed to everybody else."""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from app.errors import Unreadable
from storage.errors import KeysUnusable
from storage.lasting import make_folder

MAX_SOCKET_PATH = 100
"""Bytes. The kernel takes 107; some systems 103."""
SPACE_NAME = 16
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Places:
    """The paths inside one data folder."""

    data: Path

    @property
    def lock(self) -> Path:
        """Held by the one process that owns this folder."""
        return self.data / "lock"

    @property
    def device_key(self) -> Path:
        """The device's own keys."""
        return self.data / "keys" / "device.key"

    @property
    def state(self) -> Path:
        """What the device remembers besides its spaces, encrypted."""
        return self.data / "state.db"

    @property
    def spaces(self) -> Path:
        """One folder a space below."""
        return self.data / "spaces"

    @property
    def restoring(self) -> Path:
        """There while a device is brought back from a backup: the folder belongs to none yet."""
        return self.data / "restoring"

    @property
    def control(self) -> Path:
        """The socket through which a terminal reaches the owner, when the path is short enough."""
        return self.data / "control.sock"

    @property
    def control_note(self) -> Path:
        """Says where the socket is when the path was too long."""
        return self.data / "control.path"

    def space(self, space: str) -> Path:
        """Return the folder of a space, named by the beginning of its id."""
        return self.spaces / space[:SPACE_NAME]

    def is_set_up(self) -> bool:
        """Say whether this data folder belongs to a device already.

        Raises:
            Unreadable: it cannot be looked into.
            KeysUnusable: it did, and the keys are gone. Nothing may be set up over it.
        """
        try:
            if self.restoring.exists():
                return False
            if self.device_key.exists():
                return True
            used = self.spaces.is_dir() and next(self.spaces.iterdir(), None) is not None
        except OSError as error:
            raise Unreadable(error.strerror or "not readable", str(self.data)) from error
        if used:
            raise KeysUnusable(f"there is no key file {self.device_key}")
        return False


def default_data() -> Path:
    """Return the data folder when none was named: ATOLL_DATA, or the system's place for such."""
    named = os.environ.get("ATOLL_DATA")
    return Path(named) if named else platformdirs.user_data_path("atoll")


def runtime_folder() -> Path:
    """Return where all Atolls of one person on this computer find each other while they run.

    The system's place for such when there is one, else beside the person's caches: there it
    outlives the session, but what lies in it is held by the processes only.
    """
    named = os.environ.get("XDG_RUNTIME_DIR")
    if not named or not Path(named).is_absolute():
        usual = Path(f"/run/user/{os.getuid()}")
        named = str(usual) if os.access(usual, os.W_OK | os.X_OK) else ""
    return Path(named, "atoll") if named else platformdirs.user_cache_path("atoll")


def prepare(places: Places) -> None:
    """Make the data folder, or check that it is ours and closed to others.

    Raises:
        KeysUnusable: it belongs to somebody else.
        Unreadable: it cannot be made.
    """
    try:
        for folder in (places.data, places.device_key.parent, places.spaces):
            if not folder.is_dir():
                make_folder(folder)
        found = places.data.stat()
    except OSError as error:
        raise Unreadable(f"{error.strerror}", str(places.data)) from error
    if found.st_uid != os.getuid():
        raise KeysUnusable(f"{places.data} belongs to another user")
    if found.st_mode & OTHERS:
        places.data.chmod(0o700)


def control_address(places: Places) -> Path:
    """Return where the control socket is to be: in the data folder, or in a short private one.

    Raises:
        OSError: there is no room for it, or nothing may be written.
    """
    if len(os.fsencode(places.control.absolute())) <= MAX_SOCKET_PATH:
        places.control_note.unlink(missing_ok=True)
        return places.control.absolute()
    folder = Path(tempfile.mkdtemp(prefix="atoll-", dir=os.environ.get("XDG_RUNTIME_DIR")))
    if len(os.fsencode(folder)) > MAX_SOCKET_PATH - len("/s"):
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="atoll-", dir="/tmp"))
    address = folder / "s"
    places.control_note.write_text(str(address), encoding="utf-8")
    return address


def known_control(places: Places) -> Path | None:
    """Return where the owner's control socket should be, or None when there is none."""
    if places.control.exists():
        return places.control.absolute()
    try:
        noted = Path(places.control_note.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError):
        return None
    return noted if noted.exists() else None


def forget_control(places: Places, address: Path) -> None:
    """Remove the socket, and the short folder that was made for it."""
    address.unlink(missing_ok=True)
    places.control_note.unlink(missing_ok=True)
    if address.parent != places.data.absolute():
        address.parent.rmdir()
