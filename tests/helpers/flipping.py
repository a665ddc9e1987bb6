"""A program that lets a folder and a link to elsewhere change places, as fast as it can.

`python -m tests.helpers.flipping FOLDER NAME LINK`: exchanges the two names until it is stopped.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

EXCHANGE = 2


def main(folder: str, name: str, link: str) -> None:
    """Exchange for ever."""
    libc = ctypes.CDLL(None, use_errno=True)
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    one, other = os.fsencode(name), os.fsencode(link)
    while True:
        if libc.renameat2(place, one, place, other, EXCHANGE) != 0:
            number = ctypes.get_errno()
            if number != errno.ENOENT:  # the folder is away for a moment
                sys.exit(os.strerror(number))


if __name__ == "__main__":
    main(*sys.argv[1:])
