"""Which fuzz targets there are, and how many inputs each gets.

The numbers are for `full`: some ten seconds each, two at a time, on a quiet small machine.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
FULL = {
    "backup": 5_000,
    "codec": 250_000,
    "content": 60_000,
    "control": 1_000_000,
    "frames": 200_000,
    "handover": 100_000,
    "invite": 20_000,
    "markdown": 150_000,
    "mdns": 500_000,
    "pack": 20_000,
    "record": 40_000,
    "session": 2_000,
    "text": 40_000,
    "token": 100_000,
    "tree": 12_000,
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
