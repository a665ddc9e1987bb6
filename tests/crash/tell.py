"""The program that is recorded: `python -m tests.crash.tell BASE STORY [MUTANT]`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.crash import mutants
from tests.crash.all_stories import STORIES
from tests.crash.machine import stay_put


class Teller:
    """Writes what is promised where the recorder sees it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._count = 0

    def __call__(self, **words: object) -> None:
        """Promise something, after all that was done before."""
        self._count += 1
        os.write(self._file, json.dumps(words | {"number": self._count}).encode() + b"\n")


def main(base: Path, story: str, mutant: str = "") -> None:
    """Tell one story, with a fault of the program if that is wanted."""
    stay_put()
    if mutant:
        (mutants.MUTANTS | mutants.HARMLESS)[mutant][1]()
    STORIES[story].tell(base, Teller(base / "said"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
