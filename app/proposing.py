"""Proposing where a folder could be on this disk. It makes nothing."""

from __future__ import annotations

import os
from pathlib import Path

OTHERWISE = "Atoll"
_NO_PART_OF_A_NAME = "/\\\0"
_LONGEST = 200
"""Bytes; disks take 255."""
_TRIES = 100


def free_folder(inside: Path, wish: str) -> Path:
    """Return a folder in another one that is empty or not there: 'Recipes', else 'Recipes 2'.

    Where none can be found, the first: whoever uses it will be told why it cannot be.
    """
    name = "".join(" " if char in _NO_PART_OF_A_NAME else char for char in wish).strip(". ")
    name = name.encode()[:_LONGEST].decode(errors="ignore") or OTHERWISE
    paths = [inside / (name if n == 1 else f"{name} {n}") for n in range(1, _TRIES)]
    return next((path for path in paths if is_free(path)), paths[0])


def is_free(path: Path) -> bool:
    """Say whether a folder could be made or filled there without meeting anything."""
    try:
        with os.scandir(path) as found:
            return next(found, None) is None
    except FileNotFoundError:
        return not path.is_symlink()
    except OSError:
        return False  # a file, or not for us to look into
