"""What is measured inside one process: one durable commit, and a keystroke to another editor."""

from __future__ import annotations

import os
from functools import partial
from io import BytesIO
from pathlib import Path

from app.clock import SystemClock
from app.entropy import SystemEntropy
from storage.facts.change import TOP
from storage.facts.values import Meta
from storage.identity.device import create_device
from storage.vault import Vault
from tests.bench.timing import Row, timed


def commit(scratch: Path, notes: Path, runs: int) -> Row:
    """One edit of one note among 10,000, durable when `commit` returns."""
    clock, entropy = SystemClock(), SystemEntropy()
    vault = Vault.create(scratch / "vault", create_device(entropy), "Notes", clock, entropy)
    change, meta = vault.change(), Meta(0, executable=False)
    for folder in sorted(notes.iterdir()):
        parent = change.add_folder(TOP, folder.name)
        for note in sorted(folder.iterdir()):
            change.add_file(parent, note.name, vault.store(BytesIO(note.read_bytes())), meta)
    vault.commit(change, "added notes")
    node = next(node for _, node in vault.tree().walk() if node.is_text)
    text = b"".join(vault.read(node))

    def edit(number: int) -> None:
        changed = vault.change()
        now = vault.tree().get(node.id)
        assert now is not None
        changed.write(node.id, text + b"line %d\n" % number, meta, vault.base(now))
        vault.commit(changed, "edited")

    seconds = tuple(timed(partial(edit, number)) for number in range(runs))
    vault.close()
    floor = min(timed(lambda: _write_durably(scratch / "floor", text)) for _ in range(20))
    return Row(
        "one durable commit of one edit, among 10,000 notes",
        seconds, 0.010, floor, "write and fsync",
    )  # fmt: skip


def _write_durably(path: Path, text: bytes) -> None:
    with path.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
