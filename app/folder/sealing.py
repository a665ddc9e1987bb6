"""The process that reads and seals files ahead; see `app.folder.ahead`. Started by that only.

It reads lists of files from its input and answers each with a list: `[stat, content, blocks]`
for a file, null for one that cannot be read now. It ends with its input.
"""

from __future__ import annotations

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path as DiskPath
from typing import IO

from app.folder.ahead import receive, send
from app.folder.doors import Doors
from app.folder.port import Path
from app.folder.reading import MAX_TEXT, StillChanging, read_small
from app.folder.real import RealFolder
from storage.codec.shape import is_list, items_of
from storage.facts.values import value_to_cbor
from storage.tree.content import seal_bytes


def main(source: IO[bytes], to: IO[bytes]) -> None:
    """Answer until the input ends."""
    match receive(source):
        case [str() as root, int() as device, int() as inode, bytes() as secret]:
            folder = RealFolder(DiskPath(root))
        case _:
            return
    if folder.identity() != (device, inode):
        return  # another folder stands there now
    doors = Doors(folder)
    # Another thread writes, so that reading goes on while nobody takes what is done.
    with ThreadPoolExecutor(1) as writer:
        while True:
            asked = receive(source)
            if not is_list(asked):
                return
            writer.submit(send, to, [_sealed(doors, _path(names), secret) for names in asked])


def _path(names: object) -> Path:
    return tuple(os.fsdecode(name) for name in items_of(names) if isinstance(name, bytes))


def _sealed(doors: Doors, path: Path, secret: bytes) -> list[object] | None:
    try:
        with doors.at(path[:-1]) as place:
            stat, data = read_small(place, path)
    except (OSError, StillChanging):
        return None  # who needs it reads it, and tells what is wrong
    if len(data) > MAX_TEXT:
        return None
    content, blocks = seal_bytes(data, secret)
    return [list(stat), value_to_cbor(content), blocks]


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started this
    with suppress(EOFError, OSError):
        main(sys.stdin.buffer, sys.stdout.buffer)
