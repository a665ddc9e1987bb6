"""Writing a space out as plain files, into an empty place: all of it, or nothing.

What was written is taken back when it cannot be finished, so the next try finds the place
empty again. Never overwrites: each file is made where nothing is yet.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from app.errors import PlaceNotEmpty, Unreadable
from app.folder.names import to_disk
from app.folder.port import Ways
from app.progress import Progress, Report
from storage.facts.node import Node, Tree
from storage.facts.values import EntryKind

WAYS = Ways()
"""What is written out is written for this system."""


class Reads(Protocol):
    """Whoever has the bytes of files."""

    def read(self, node: Node) -> Iterator[bytes]:
        """Yield a file's bytes; of a link, its target."""
        ...


def export(tree: Tree, reads: Reads, into: Path, report: Report) -> int:
    """Write every file of a tree; return how many.

    Raises:
        PlaceNotEmpty: something is there already.
        Unreadable: it cannot be written.
        Stopped: the report asked for it.
    """
    nodes = list(tree.walk())
    try:
        with _or_nothing(into) as made:
            writing = _Writing(reads, made, report, len(nodes), sum(it.size for _, it in nodes))
            for path, node in nodes:
                writing.write(into.joinpath(*(to_disk(name, WAYS) for name in path)), node)
    except OSError as error:
        raise Unreadable(error.strerror or "not written", str(into)) from error
    return sum(node.kind is not EntryKind.FOLDER for _, node in nodes)


@contextmanager
def _or_nothing(into: Path) -> Generator[list[Path]]:
    """Make a place ready, and take back all that was made in it if what is done there fails."""
    made = [folder for folder in (into, *into.parents) if not folder.exists()][::-1]
    into.mkdir(parents=True, exist_ok=True)
    if any(into.iterdir()):
        raise PlaceNotEmpty(f"{into} holds something")
    try:
        yield made
    except BaseException:
        for path in reversed(made):
            with suppress(OSError):  # somebody put something into it, or took it away
                if path.is_dir() and not path.is_symlink():
                    path.rmdir()
                else:
                    path.unlink()
        raise


class _Writing:
    """Writes entries one after the other, and says how far it is."""

    def __init__(
        self, reads: Reads, made: list[Path], report: Report, entries: int, size: int
    ) -> None:
        self._reads = reads
        self._made = made
        self._report = report
        self._entries, self._size = entries, size
        self._done = self._bytes = 0

    def write(self, path: Path, node: Node) -> None:
        """Write one where nothing is yet. Names were checked when they came in."""
        self._tell(path)
        match node.kind:
            case EntryKind.FOLDER:
                path.mkdir()
                self._made.append(path)
            case EntryKind.LINK:
                path.symlink_to(b"".join(self._reads.read(node)).decode("utf-8", "surrogateescape"))
                self._made.append(path)
            case _:
                self._write_file(path, node)
        self._done += 1

    def _write_file(self, path: Path, node: Node) -> None:
        mode = 0o777 if node.executable else 0o666
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, mode), "wb") as file:
            self._made.append(path)
            for piece in self._reads.read(node):
                file.write(piece)
                self._bytes += len(piece)
                self._tell(path)
        os.utime(path, ns=(node.mtime_ns, node.mtime_ns))

    def _tell(self, path: Path) -> None:
        step = Progress("Writing", path.name, self._done, self._entries, self._bytes, self._size)
        self._report(step)
