"""Which fuzz targets there are, and how many inputs each gets.

The numbers are for `full`: together they take some two and a half minutes on a small machine.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
FULL = {
    "codec": 100_000,
    "content": 15_000,
    "control": 100_000,
    "frames": 60_000,
    "handover": 60_000,
    "invite": 15_000,
    "markdown": 40_000,
    "mdns": 100_000,
    "pack": 8_000,
    "record": 20_000,
    "session": 1_000,
    "text": 15_000,
    "token": 30_000,
    "tree": 6_000,
}
FACTORS = {"fast": 0.02, "full": 1.0, "night": 30.0}


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of bytes from outside, and what has to hold for all of them."""

    name: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def load(name: str) -> Target:
    """Import a target. Late, so that a watcher can look at all that it imports."""
    module = importlib.import_module(f"tests.fuzz.fuzz_{name}")
    return Target(name, module.check, module.SEEDS)


def corpus_of(name: str) -> list[Path]:
    """Return the files of a target's corpus."""
    return sorted((CORPUS / name).iterdir())
