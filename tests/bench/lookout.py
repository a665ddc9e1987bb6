"""Somebody who looks all the time whether a file is there."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Self


class Lookout:
    """Looks while the context is open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._missed = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def missed(self) -> bool:
        """Say whether the file was away at any moment since this was asked last."""
        missed, self._missed = self._missed, False
        return missed

    def _look(self) -> None:
        while not self._over.is_set():
            if not os.path.lexists(self._path):
                self._missed = True
            time.sleep(0)


def only_note(folder: Path) -> str:
    """Return the name of the one note that a folder holds."""
    return next(path.name for path in folder.iterdir() if path.suffix == ".md")


def write_one_note(folder: Path) -> Path:
    """Make a folder that holds one note, and return it."""
    folder.mkdir(parents=True)
    (folder / "note.md").write_text("# One note\n", encoding="utf-8")
    return folder
