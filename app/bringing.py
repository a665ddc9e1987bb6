"""Bringing in: files from anywhere on this disk are copied into a folder of a space.

Nothing is ever written over: what has a name that is taken gets a number. Each file is one step
of its own, so whoever stops in the middle, or meets a file that cannot be read, has the others.
What is behind a link, and what is neither file nor folder, stays out.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from app.errors import Unreadable
from app.files import free_place
from app.folder.names import from_disk, is_text
from app.folder.port import Ways
from app.progress import Progress, Report
from app.spaces import Kept, Spaces
from storage.errors import NotAllowed
from storage.facts.change import EntryId
from storage.facts.values import Meta
from storage.tree.chunker import Source
from storage.vault import Vault

WAYS = Ways()


@dataclass(frozen=True, slots=True)
class Found:
    """A file or folder that is to be copied."""

    path: Path
    inside: Path | None
    """The folder it lies in, where that is copied as well."""
    size: int
    is_folder: bool


class Bringing:
    """Copies what lies anywhere into a space."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces

    async def bring(
        self, space: str, folder: str | None, paths: Sequence[Path], report: Report
    ) -> int:
        """Copy files and folders; return how many files.

        Raises:
            NotAllowed: this device may only view. Nothing was copied.
            Unreadable: something could not be read; the others were copied.
            Stopped: the report asked for it.
        """
        kept = self._spaces.get(space)
        made: set[EntryId] = set()

        def work(vault: Vault, told: Report) -> int:
            if not vault.may_edit():
                raise NotAllowed("this device may only view")
            return _Copying(vault, folder, made, told).run(paths)

        try:
            return await kept.opened.run_reporting(work, report)
        finally:
            await _tell(kept, made)


async def _tell(kept: Kept, made: set[EntryId]) -> None:
    if made:
        await kept.in_step.committed_here(frozenset(made))


class _Copying:
    """Copies one after the other, and remembers what could not be read."""

    def __init__(
        self, vault: Vault, folder: str | None, made: set[EntryId], report: Report
    ) -> None:
        self._vault = vault
        self._folder = folder
        self._made = made
        self._report = report
        self._homes: dict[Path, EntryId] = {}
        self._far = Progress("Copying")
        self._trouble: Unreadable | None = None

    def run(self, paths: Sequence[Path]) -> int:
        found = [one for path in paths for one in self._walk(path, None)]
        size, count, before = sum(one.size for one in found), 0, 0
        for done, one in enumerate(found):
            self._far = Progress("Copying", one.path.name, done, len(found), before, size)
            self._report(self._far)
            before += one.size
            try:
                count += self._copy(one)
            except OSError as error:
                self._keep(error, one.path)
        if self._trouble is not None:
            raise self._trouble
        return count

    def _walk(self, path: Path, inside: Path | None) -> Iterator[Found]:
        """Walk what is there before anything is copied: it may be copied into itself."""
        try:
            about = path.lstat()
            if stat.S_ISREG(about.st_mode):
                yield Found(path, inside, about.st_size, is_folder=False)
            elif stat.S_ISDIR(about.st_mode):
                yield Found(path, inside, 0, is_folder=True)
                for below in sorted(path.iterdir()):
                    yield from self._walk(below, path)
        except OSError as error:
            self._keep(error, path)

    def _copy(self, found: Found) -> int:
        if found.inside is not None and found.inside not in self._homes:
            return 0  # the folder could not be made, which was said
        name = from_disk(found.path.name, WAYS)
        if not is_text(name):
            raise OSError("a name that is no text")
        if found.is_folder:
            self._homes[found.path] = self._commit(found, name, None)
            return 0
        with found.path.open("rb") as file:
            self._commit(found, name, _Reading(file, self._far, self._report))
        return 1

    def _commit(self, found: Found, name: str, file: Source | None) -> EntryId:
        vault = self._vault
        about = found.path.stat()
        content = None if file is None else vault.store(file)
        home = self._folder if found.inside is None else self._homes[found.inside].hex()
        parent, free = free_place(vault.tree(), home, name)
        change = vault.change()
        if content is None:
            made = change.add_folder(parent, free, mtime_ns=about.st_mtime_ns)
        else:
            runs = bool(about.st_mode & stat.S_IXUSR)
            made = change.add_file(parent, free, content, Meta(about.st_mtime_ns, runs))
        vault.commit(change, "brought in")
        self._made.add(made)
        return made

    def _keep(self, error: OSError, path: Path) -> None:
        if self._trouble is None:
            self._trouble = Unreadable(error.strerror or "not read", str(path))


class _Reading:
    """Reads a file, and says how far it is: there the work may be stopped."""

    def __init__(self, file: BinaryIO, far: Progress, report: Report) -> None:
        self._file = file
        self._far = far
        self._report = report

    def read(self, size: int, /) -> bytes:
        """Return at most that many bytes."""
        piece = self._file.read(size)
        self._far = replace(self._far, done_bytes=self._far.done_bytes + len(piece))
        self._report(self._far)
        return piece
