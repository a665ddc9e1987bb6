"""Scanning: what lies in the folder now, and exactly how far that can be believed.

A listing says which names were looked at. What was not looked at, or what the disk would
not tell of, is unknown, and nothing unknown is ever taken for deleted.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field

from app.folder.ignore import REPLACED, TEMPORARY, Ignore
from app.folder.names import disk_key
from app.folder.port import FOLDER, OTHER, Folder, Path, Place, Shape, Stat, Ways
from storage.errors import DecodeError
from storage.facts.names import check_name

MAX_DEPTH = 120
GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
Proof = Callable[[Place], None]
"""Raises FolderUnavailable when an open root is not the folder that is looked through."""
_NOTHING: Mapping[str, Stat] = {}


@dataclass(frozen=True, slots=True)
class Skipped:
    """A path that is not shared, and why: `special`, `name`, `deep`, `unreadable`, `disk`."""

    path: Path
    why: str


@dataclass(slots=True)
class Listing:
    """What was found. Built by one scan, or by more that each looked further."""

    folders: dict[Path, dict[str, Stat]] = field(default_factory=dict[Path, dict[str, Stat]])
    """What was found in each folder that was looked into."""
    whole: set[Path] = field(default_factory=set[Path])
    """Folders of which every name was looked at."""
    asked: dict[Path, set[str]] = field(default_factory=dict[Path, set[str]])
    """Names looked at one by one."""
    doubt: set[Path] = field(default_factory=set[Path])
    """Paths of which the disk would not tell, with all below them."""
    skipped: list[Skipped] = field(default_factory=list[Skipped])
    temporaries: dict[Path, Stat] = field(default_factory=dict[Path, Stat])
    """Files half written, by us."""
    replaced: list[Path] = field(default_factory=list[Path])
    """Files that we put others in the place of."""

    @property
    def complete(self) -> bool:
        """The disk told everything that it was asked."""
        return not self.doubt

    def looked_at(self, folder: Path, name: str) -> bool:
        """Say whether there is evidence about a name, found or not."""
        if (*folder, name) in self.doubt:
            return False
        return folder in self.whole or name in self.asked.get(folder, ())

    def names(self, folder: Path) -> Mapping[str, Stat]:
        """Return what was found in a folder."""
        return self.folders.get(folder, _NOTHING)


def scan(
    folder: Folder,
    ignore: Ignore,
    prove: Proof,
    paths: Iterable[Path] | None = None,
    ways: Ways | None = None,
    *,
    so_far: Listing | None = None,
) -> Listing:
    """Look through the whole folder, or only at paths and what is below them.

    What is found is added to what was found `so_far`, below none of these paths.

    Raises:
        FolderUnavailable: what was opened is not the folder that `prove` knows.
    """
    listing = Listing() if so_far is None else so_far
    wanted: set[Path] = {()} if paths is None else {path[:MAX_DEPTH] for path in paths}
    try:
        root = folder.enter(())
    except OSError:
        for path in {path[:1] for path in wanted}:
            _distrust(path, listing)
        return listing
    with root:
        # All that follows goes down from here, so no other drive can come in between.
        prove(root)
        if () in wanted:
            _list_in(root, (), ignore, listing)
            return listing
        for path in sorted(wanted):
            if not ignore.ignores_below(path, is_folder=False):
                _look_at(root, ignore, path, listing, ways or Ways())
    return listing


def _list_in(place: Place, path: Path, ignore: Ignore, listing: Listing) -> None:
    try:
        _list(place, path, ignore, listing)
    except OSError:
        _distrust(path, listing)


def _enter(place: Place, name: str, seen: Stat) -> Place:
    """Enter a folder; OSError when it is another than was seen: a drive that came or went."""
    inner = place.enter(name)
    there = inner.here()
    if (there.device, there.inode) != (seen.device, seen.inode):
        inner.__exit__(None, None, None)
        raise OSError(errno.ESTALE, "another folder took its place")
    return inner


def _list(place: Place, path: Path, ignore: Ignore, listing: Listing) -> None:
    """List an open folder and all below it. An error of the folder itself goes up."""
    found = listing.folders.setdefault(path, {})
    below: list[str] = []
    for name, stat in place.entries():
        here = (*path, name)
        if not isinstance(stat, OSError):
            if _take(here, stat, ignore, listing):
                found[name] = stat
                if stat.shape is FOLDER:
                    below.append(name)
        elif not ignore.ignores(here, is_folder=False):
            _distrust(here, listing)
    listing.whole.add(path)
    for name in below:
        here = (*path, name)
        if len(here) > MAX_DEPTH:
            listing.skipped.append(Skipped(here, "deep"))
            listing.doubt.add(here)
            continue
        try:
            with _enter(place, name, found[name]) as inner:
                _list(inner, here, ignore, listing)
        except OSError:
            _distrust(here, listing)


def _take(path: Path, stat: Stat, ignore: Ignore, listing: Listing) -> bool:
    """Say whether something found is to be shared; note it when it cannot be."""
    if ignore.ignores(path, is_folder=stat.shape is FOLDER):
        if stat.shape is not FOLDER and TEMPORARY.match(path[-1]):
            listing.temporaries[path] = stat
        if stat.shape is not FOLDER and REPLACED.match(path[-1]):
            listing.replaced.append(path)
        return False
    if stat.shape is OTHER:
        listing.skipped.append(Skipped(path, "special"))
        return False
    try:
        check_name(path[-1])
    except DecodeError:
        listing.skipped.append(Skipped(path, "name"))
        return False
    return True


def _distrust(path: Path, listing: Listing) -> None:
    """Believe nothing of a path and what is below it."""
    listing.folders.pop(path, None)
    listing.whole.discard(path)
    listing.doubt.add(path)
    listing.skipped.append(Skipped(path, "unreadable"))


def _look_at(root: Place, ignore: Ignore, path: Path, listing: Listing, ways: Ways) -> None:
    """Look at one path: name by name, so that a new or a missing folder on the way is seen."""
    if path[:-1] in listing.whole:
        return
    spelled: list[str] = []
    with ExitStack() as opened:
        place = root
        for wanted in path:
            name, stat = _ask(place, (*spelled, wanted), ignore, listing, ways)
            if stat is None or stat.shape is not Shape.FOLDER:
                return
            spelled.append(name)
            try:
                place = opened.enter_context(_enter(place, name, stat))
            except OSError:
                _distrust(tuple(spelled), listing)
                return
        _list_in(place, tuple(spelled), ignore, listing)


def _ask(
    place: Place, path: Path, ignore: Ignore, listing: Listing, ways: Ways
) -> tuple[str, Stat | None]:
    """Ask for one name; return how it is spelled on the disk, and what it is."""
    folder, name = path[:-1], path[-1]
    asked = listing.asked.setdefault(folder, set())
    try:
        name, stat = _find(place, name, ways)
    except OSError as error:
        if error.errno in GONE:
            asked.add(name)
        else:
            _distrust((*folder, name), listing)
        return name, None
    asked.add(name)
    if not _take((*folder, name), stat, ignore, listing):
        return name, None
    listing.folders.setdefault(folder, {})[name] = stat
    return name, stat


def _find(place: Place, name: str, ways: Ways) -> tuple[str, Stat]:
    """Find a name; a disk that folds names answers to any spelling, so read how it is spelled."""
    stat = place.stat(name)
    if not (ways.folds_case or ways.folds_forms):
        return name, stat
    found = {spelled: it for spelled, it in place.entries() if not isinstance(it, OSError)}
    if name in found:
        return name, found[name]
    same = [it for it in found if found[it][1:3] == stat[1:3]]  # the device and the inode
    # Some disks leave out what they cannot hold, so a spelling may be one that no key tells.
    same.sort(key=lambda spelled: (disk_key(spelled, ways) != disk_key(name, ways), spelled))
    return (same[0], found[same[0]]) if same else (name, stat)
