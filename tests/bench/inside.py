"""What is measured inside one process: one durable commit."""

from __future__ import annotations

import os
import time
from functools import partial
from io import BytesIO
from pathlib import Path

from app.clock import SystemClock
from app.entropy import SystemEntropy
from storage.facts.change import TOP
from storage.facts.values import Meta
from storage.identity.device import create_device
from storage.vault import Vault
from tests.bench.ground import Ground
from tests.bench.keepers import Keeper
from tests.bench.kept import kept_again
from tests.bench.timing import Row, Unit, timed
from tests.bench.usage import held


def commit(ground: Ground, runs: int) -> list[Row]:
    """One edit of one note among all, durable when `commit` returns."""
    data = ground.scratch / "vault"
    vault = _filled(data, ground.notes)
    node = next(node for _, node in vault.tree().walk() if node.is_text)
    text, meta = b"".join(vault.read(node)), Meta(0, executable=False)

    def edit(number: int) -> None:
        changed = vault.change()
        now = vault.tree().get(node.id)
        assert now is not None
        changed.write(node.id, text + b"line %d\n" % number, meta, vault.base(now))
        vault.commit(changed, "edited")

    before, began = held(data / "packs"), time.process_time()
    seconds = tuple(timed(partial(edit, number)) for number in range(runs))
    used = (time.process_time() - began) / runs
    grown = (held(data / "packs") - before) / runs
    vault.close()
    floor = min(timed(lambda: _write_durably(ground.scratch / "f", text)) for _ in range(20))
    home, times = ground.scratch / "peers", ground.scale.runs(10)
    kept = kept_again(ground.notes, home, times, append_line, _save_edits)
    return [
        Row(f"one durable commit of one edit, among {ground.scale.notes:,} notes", seconds, 0.010,
            floor, "write and fsync", kept.took, used),
        Row("what the store grows by that", (grown,), 3000.0, peers=kept.grew, unit=Unit.BYTES),
    ]  # fmt: skip


def append_line(folder: Path, run: int) -> None:
    """Write one more line into the first note."""
    note = min(folder.glob("topic */*.md"))
    with note.open("a", encoding="utf-8") as file:
        file.write(f"line {run}\n")


def _filled(data: Path, notes: Path) -> Vault:
    """Return a vault that holds all notes."""
    clock, entropy = SystemClock(), SystemEntropy()
    vault = Vault.create(data, create_device(entropy), "Notes", clock, entropy)
    change, meta = vault.change(), Meta(0, executable=False)
    for folder in sorted(notes.iterdir()):
        parent = change.add_folder(TOP, folder.name)
        for note in sorted(folder.iterdir()):
            change.add_file(parent, note.name, vault.store(BytesIO(note.read_bytes())), meta)
    vault.commit(change, "added notes")
    return vault


def _save_edits(keeper: Keeper) -> None:
    keeper.save_edits()


def _write_durably(path: Path, text: bytes) -> None:
    with path.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
