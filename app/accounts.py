"""This device's account: its keys, its name, and what it remembers. There is no other account."""

from __future__ import annotations

from pathlib import Path

from app.errors import BadUsage, StateDamaged
from app.places import Places
from app.state import DeviceState
from storage.errors import StoreUnusable
from storage.identity.device import DeviceKeys, create_device
from storage.identity.keyfile import load, save
from storage.ports import Entropy

MAX_NAME = 64
STATE = "state"
"""The purpose of the key that seals what the device remembers."""


class Account:
    """This device."""

    def __init__(self, keys: DeviceKeys, state: DeviceState) -> None:
        self.keys = keys
        self.state = state

    @classmethod
    def open(cls, places: Places) -> Account:
        """Open the account of a data folder.

        Raises:
            StateDamaged: what it remembers is missing or damaged; `remember_anew` mends that.
            KeysUnusable, StoreUnusable: its keys or its memory cannot be read.
        """
        keys = load(places.device_key)
        # It was there before the keys, see `set_up`. An empty one made now would forget all.
        if not _size_of(places.state):
            raise StateDamaged(f"{places.state.name} is missing or empty")
        return cls(keys, DeviceState.open(places.state, keys.derive(STATE)))

    @property
    def did(self) -> str:
        """The device's public name."""
        return self.keys.did

    @property
    def name(self) -> str:
        """What it is called."""
        return self.state.name

    async def rename(self, name: str) -> str:
        """Call it something else, and return the name as it was taken.

        Raises:
            BadUsage: that is no name.
        """
        taken = fit_name(name)
        await self.state.set("name", taken)
        return taken


def fit_name(name: str) -> str:
    """Return a name that a person can read on one line.

    Raises:
        BadUsage: nothing is left of it.
    """
    taken = "".join(char for char in name if char.isprintable()).strip()[:MAX_NAME]
    if not taken:
        raise BadUsage("a device needs a name")
    return taken


async def set_up(places: Places, name: str, entropy: Entropy) -> str:
    """Make the keys of a new device and name it; return its DID."""
    taken = fit_name(name)
    keys = create_device(entropy)
    _remove(places.state)  # of an earlier attempt that ended before its last step
    state = DeviceState.open(places.state, keys.derive(STATE))
    try:
        await state.set("name", taken)
    finally:
        await state.close()
    # Last: a data folder with a key is one that is set up, so everything else is there before.
    save(places.device_key, keys)
    return keys.did


def _size_of(path: Path) -> int:
    """Return how long a file is, 0 when there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise StoreUnusable(f"cannot look at {path.name}: {error.strerror}") from error


def _remove(database: Path) -> None:
    """Remove a database, with what SQLite keeps beside it."""
    try:
        for ending in ("", "-wal", "-shm"):
            database.with_name(database.name + ending).unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnusable(f"cannot remove {database.name}: {error.strerror}") from error
