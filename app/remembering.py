"""Making anew what a device remembers, when its database is damaged or gone.

First from its second copy, which holds all of it. Where that is gone too, from the stores: they
tell which folders there are and what the device is called, but not where the folders lay; one
that is not found by its mark is said to be not there, and is given its place by `attach`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.accounts import STATE, Account, fit_name
from app.errors import StateDamaged
from app.folder.ignore import OWN_FOLDER
from app.folder.marker import MARKER, Marker
from app.places import Places
from app.state import DeviceState
from app.statecopy import Tables, read_copy
from storage.errors import AtollError
from storage.identity.device import DeviceKeys
from storage.identity.keyfile import load
from storage.ports import Clock, Entropy
from storage.vault import Vault
from storage.vaultlock import SPACE_FILE

NAMELESS = "A device"
USUAL = ("", "Documents", "Desktop")
"""Where folders mostly lie in a person's own one."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was made anew."""

    from_copy: bool
    """All of it; else only what the stores tell."""
    spaces: tuple[str, ...]
    """What the folders are called."""


async def remember_anew(
    places: Places, clock: Clock, entropy: Entropy, home: Path
) -> Remembered | None:
    """Make the device's memory anew if it cannot be opened; None when it can.

    Raises:
        KeysUnusable: without the device's keys nothing can be opened.
        StoreFull, StoreUnusable: there is no room, or the disk fails.
    """
    try:
        account = Account.open(places)
    except StateDamaged:
        keys = load(places.device_key)
    else:
        await account.state.close()
        return None
    key = keys.derive(STATE)
    tables = read_copy(places.state, key)
    found = _from_stores(places, keys, clock, entropy, home) if tables is None else tables
    state = DeviceState.remake(places.state, key, found)
    names = tuple(sorted(row.name for row in state.spaces.values()))
    await state.close()
    return Remembered(tables is not None, names)


def _from_stores(
    places: Places, keys: DeviceKeys, clock: Clock, entropy: Entropy, home: Path
) -> Tables:
    """Return what the stores tell of a device and its folders."""
    called, tables = NAMELESS, Tables(space=[])
    for store in _stores(places):
        with suppress(AtollError):  # one that cannot be opened harms no other
            vault = Vault.open(store, keys, clock, entropy)
            try:
                called = vault.device_names().get(keys.did, called)
                folder = _folder_of(vault, home) or places.data / "folder not known" / vault.name
                tables["space"].append((vault.space.hex(), str(folder), vault.name))
            finally:
                vault.close()
    tables["setting"] = [("name", fit_name(called))]
    return tables


def _stores(places: Places) -> Iterator[Path]:
    with suppress(OSError):
        for store in sorted(places.spaces.iterdir()):
            if (store / SPACE_FILE).is_file() and "-" not in store.name:
                yield store


def _folder_of(vault: Vault, home: Path) -> Path | None:
    """Look for the plain folder in the usual places: its mark says whose it is."""
    mark = Marker(vault.space).to_bytes()
    for part in USUAL:
        folder = home / part / vault.name
        with suppress(OSError, ValueError):
            if (folder / OWN_FOLDER / MARKER).read_bytes() == mark:
                return folder.resolve()
    return None
