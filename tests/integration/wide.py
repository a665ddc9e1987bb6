"""A folder with very many files in one directory, and a real vault: what each step costs.

`python -m tests.integration.wide FILES`, in a process of its own so that its memory is its own.
Says the CPU seconds of each step and the most memory there was, as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.clock import SystemClock
from app.entropy import SystemEntropy
from app.folder.agreed import Agreed
from app.folder.mirror import Mirror
from app.folder.real import RealFolder
from app.progress import silent
from storage.facts.change import EntryId
from storage.identity.device import create_device
from storage.vault import Vault


class Steps:
    """Measures what each step takes of the processor, of this process and those it started."""

    def __init__(self) -> None:
        self.took: dict[str, float] = {}

    def do(self, name: str, work: Callable[[], object]) -> None:
        """Do a step."""
        before = _used()
        work()
        self.took[name] = round(_used() - before, 2)


def _used() -> float:
    own, others = (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def main(files: int) -> dict[str, object]:
    """Add all, look again, change one, rename one, rename the directory, and remove one."""
    steps = Steps()
    with tempfile.TemporaryDirectory() as top:
        root = Path(top, "folder")
        (root / "wide").mkdir(parents=True)
        for number in range(files):
            (root / "wide" / f"note {number}.md").write_bytes(b"note %d\n" % number)
        clock, entropy = SystemClock(), SystemEntropy()
        device = create_device(entropy)
        vault = Vault.create(Path(top, "vault"), device, "Notes", clock, entropy)
        database = sqlite3.connect(os.path.join(top, "mirror.db"))  # noqa: PTH118
        mirror = Mirror(
            vault,
            RealFolder(root),
            Agreed(database),
            space_id=vault.space,
            device="desk",
            clock=clock,
            entropy=entropy,
            grace=0.0,
        )
        mirror.attach()

        def look(*paths: str) -> frozenset[EntryId]:
            hints = [tuple(path.split("/")) for path in paths]
            return mirror.look(silent, hints or None).entries

        steps.do("add", look)
        steps.do("scan", look)
        (root / "wide" / "note 7.md").write_bytes(b"note 7, edited\n")
        steps.do("change one", lambda: mirror.bring(silent, look("wide/note 7.md")))
        (root / "wide" / "note 8.md").rename(root / "wide" / "note eight.md")
        renamed = ("wide/note 8.md", "wide/note eight.md")
        steps.do("rename one", lambda: mirror.bring(silent, look(*renamed)))
        (root / "wide" / "note 9.md").unlink()
        steps.do("remove one", lambda: mirror.bring(silent, look("wide/note 9.md")))
        (root / "wide").rename(root / "wider")
        steps.do("rename all", lambda: mirror.bring(silent, look("wide", "wider")))
        shown = sum(1 for path, _ in vault.tree().walk() if path[0] == "wider")
        names = {path[-1] for path, _ in vault.tree().walk()}
        vault.close()
        database.close()
    return {
        "cpu": steps.took,
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "shown": shown,
        "renamed": "note eight.md" in names and "note 8.md" not in names,
        "removed": "note 9.md" not in names,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))  # noqa: T201
