"""Finding what a person names: folders, files and versions.

A folder by its last part, a file by its path, a version by the beginning of its id.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.errors import BadUsage, NoSuchFolder, NoSuchVersion
from app.facade import App
from app.values import EntryInfo, Mirroring, SpaceInfo
from storage.errors import NotFound

SHORTEST_ID = 4
HEX = frozenset("0123456789abcdef")
NOW = "now"


@dataclass(frozen=True, slots=True)
class PathAndVersion:
    """PATH@VERSION, taken apart."""

    path: str
    """Absolute, as the terminal completed it."""
    given: str
    """As it was typed."""
    version: str | None


def path_and_version(path: str, given: str | None) -> PathAndVersion:
    """Take PATH@VERSION apart; an @ that no version follows belongs to the name."""
    typed = path if given is None else given
    base, at, version = path.rpartition("@")
    if not at or not (version == NOW or _is_id(version)):
        return PathAndVersion(path, typed, None)
    return PathAndVersion(base, typed.rpartition("@")[0], None if version == NOW else version)


def space_label(space: SpaceInfo) -> str:
    """Return how a shared folder is called on this device: the last part of its path."""
    return space.folder.name if space.folder is not None else space.name


async def label_of(app: App, space: str) -> str:
    """Return how the shared folder of that id is called on this device."""
    return next((space_label(each) for each in await app.spaces() if each.id == space), space)


async def space_named(app: App, name: str) -> SpaceInfo:
    """Return the one shared folder of that name.

    Raises:
        NoSuchFolder: none is called so.
        BadUsage: several are.
    """
    spaces = await app.spaces()
    ways = (
        [space for space in spaces if space_label(space) == name],
        [space for space in spaces if space.name == name],
        [space for space in spaces if space.folder is not None and space.folder == Path(name)],
        [space for space in spaces if _is_id(name) and space.id.startswith(name)],
    )
    for found in ways:
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(space.id[:8] for space in found)
            raise BadUsage(f"several folders are called {name!r}; name one by its id: {ids}")
    raise NoSuchFolder(name, sorted(map(space_label, spaces)))


async def spaces_named(app: App, name: str | None) -> tuple[SpaceInfo, ...]:
    """Return the one of that name, or all."""
    return await app.spaces() if name is None else (await space_named(app, name),)


async def open_spaces(app: App, name: str | None = None) -> tuple[SpaceInfo, ...]:
    """Return the one of that name, or all that could be opened."""
    found = await spaces_named(app, name)
    if name is not None:
        return found
    return tuple(space for space in found if space.mirroring is not Mirroring.NONE)


async def the_entry(app: App, path: str, given: str | None) -> EntryInfo:
    """Return what a path on disk is or was; also what SPACE/path/inside names.

    Raises:
        NotFound: nothing ever lay there.
        NoSuchVersion: but without what stands behind its @ something does.
    """
    try:
        return await _there(app, path, given)
    except NotFound:
        base, at, version = path.rpartition("@")
        if not at or "/" in version:
            raise
        entry = await _there(app, base, given and given.rpartition("@")[0])
        raise NoSuchVersion(version, name_of(entry)) from None


async def _there(app: App, path: str, given: str | None) -> EntryInfo:
    try:
        return await app.find(Path(path))
    except NotFound:
        first, slash, rest = (given or "").partition("/")
        if not slash:
            raise
        spaces = [space for space in await app.spaces() if first in _names_of(space)]
        if len(spaces) != 1 or spaces[0].folder is None:
            raise
    return await app.find(spaces[0].folder / rest)


def _names_of(space: SpaceInfo) -> tuple[str, ...]:
    return space_label(space), space.name


def name_of(entry: EntryInfo) -> str:
    """Return what to call an entry in a sentence."""
    return entry.name or "this folder"


async def the_version(app: App, entry: EntryInfo, prefix: str) -> str:
    """Return the one record whose id begins so: a step of the entry, or any moment of its space.

    Raises:
        NoSuchVersion: none does.
        BadUsage: several do.
    """
    try:
        return await app.moments.version(entry.space, entry.id, prefix.lower())
    except NotFound as error:
        raise NoSuchVersion(prefix, name_of(entry)) from error


def _is_id(text: str) -> bool:
    return len(text) >= SHORTEST_ID and HEX.issuperset(text.lower())
