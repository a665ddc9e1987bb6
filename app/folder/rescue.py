"""What a power cut may leave in place of a file, and bytes that must not be lost.

Nothing here is ever shared: what looks cut is kept in `.atoll/kept`, and the version that
was agreed is written anew.
"""

from __future__ import annotations

from contextlib import suppress

from app.folder.agreed import Row
from app.folder.ground import Ground
from app.folder.ignore import OWN_FOLDER
from app.folder.port import Path
from app.folder.reading import PIECE, Read

KEPT = "kept"
_MAX_NAME = 100


def looks_cut(row: Row, read: Read) -> bool:
    """Say whether a change looks like what a power cut left, not like a person's edit."""
    if read.stat.mtime_ns == row.mtime_ns and read.stat.size != row.size:
        return True
    return row.size > 0 and read.content is None and not read.data.strip(b"\0")


def is_back(ground: Ground, row: Row, read: Read) -> bool:
    """Say whether the file before is back: the name of the last one was not safe yet.

    A clock may have been set back too, so its bytes have to be those of a version that was.
    """
    is_another = read.stat.inode != row.inode and read.stat.mtime_ns < row.mtime_ns
    return row.ctime_ns == -1 and is_another and ground.space.held_before(row.entry, read.digest)


def put_away(ground: Ground, path: Path) -> None:
    """Move a file of which nothing is known beside the marker, durably.

    Raises:
        OSError: it could not be moved; it stays where it is.
    """
    name = f"{ground.entropy.take(4).hex()}-{path[-1].lstrip('.')}"
    with ground.folder.enter((OWN_FOLDER,)) as own:
        with suppress(FileExistsError):
            own.make_folder(KEPT)
            own.sync()
        with own.enter(KEPT) as place, ground.folder.enter(path[:-1]) as source:
            source.move(path[-1], place, name, replace=False)
            place.sync()
            source.sync()


def keep(ground: Ground, path: Path, read: Read) -> None:
    """Keep a file's bytes beside the marker, durably, before it is written over.

    Raises:
        OSError: they could not be kept; then nothing may be written over them.
    """
    if not read.stat.size:
        return
    name = f"{ground.entropy.take(4).hex()}-{path[-1]}"
    name = name.encode()[:_MAX_NAME].decode(errors="ignore")
    with ground.folder.enter((OWN_FOLDER,)) as own:
        with suppress(FileExistsError):
            own.make_folder(KEPT)
            own.sync()
        with own.enter(KEPT) as place, ground.folder.enter(path[:-1]) as source:
            with source.open(path[-1]) as file:
                place.write(
                    name,
                    iter(lambda: file.read(PIECE), b""),
                    executable=False,
                    mode=None,
                    mtime_ns=read.stat.mtime_ns,
                    sync=True,
                )
            place.sync()
