"""A program that fills a file in place, each time with another letter: `FILE SIZE`.

It says so when it has begun, and ends when it is killed.
"""

from __future__ import annotations

import os
import sys
from itertools import count


def main(path: str, size: int) -> None:
    """Write for ever, each time all of it at once; now and then the disk makes it wait."""
    for number in count():
        file = os.open(path, os.O_WRONLY)
        os.pwrite(file, bytes([ord("A") + number % 26]) * size, 0)
        if number % 3 == 0:
            os.fsync(file)
        os.close(file)
        if number == 0:
            os.write(sys.stdout.fileno(), b"!")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
