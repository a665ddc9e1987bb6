"""What a process and what it started have used, as Linux tells it: CPU seconds, memory, bytes."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

_PATIENCE = 120
"""Seconds after which what still goes on counts as rest."""
_STILL = 0.05
"""CPU seconds of a second in which nothing goes on."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Meter:
    """CPU seconds since it was made: of these processes, and of commands that ended since."""

    def __init__(self, *processes: int) -> None:
        self._processes = processes
        self._began = self._now()

    @property
    def used(self) -> float:
        """CPU seconds until now."""
        return self._now() - self._began

    def _now(self) -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime + sum(map(cpu, self._processes))


def family(process: int) -> list[int]:
    """Return a process and all it started that still run."""
    found = [process]
    for thread in _entries(Path(f"/proc/{process}/task")):
        text = _text(thread / "children")
        for child in text.split():
            found.extend(family(int(child)))
    return found


def cpu(process: int) -> float:
    """Return the CPU seconds of a process and of all it started, ended ones included."""
    total = 0.0
    for number in family(process):
        fields = _text(Path(f"/proc/{number}/stat")).rpartition(")")[2].split()
        own = 4 if number == process else 2  # ended children are counted by who waited for them
        total += sum(int(field) for field in fields[11 : 11 + own]) / _TICKS
    return total


def peak(process: int) -> int:
    """Return the most memory that a process and what it started ever held, in bytes."""
    return sum(_status(number, "VmHWM") for number in family(process))


def memory(process: int) -> int:
    """Return the memory that a process and what it started hold, in bytes."""
    return sum(_status(number, "VmRSS") for number in family(process))


def resting(process: int, seconds: float) -> float:
    """Return what share of a core, in percent, a process takes that has nothing left to do."""
    for _ in range(_PATIENCE):
        if _used(process, 1.0) < _STILL:
            break
    return 100 * _used(process, seconds) / seconds


def size_of(folder: Path) -> int:
    """Return the bytes that all files of a folder take on the disk."""
    total = 0
    for top, _, names in os.walk(folder):
        total += sum(os.lstat(os.path.join(top, name)).st_blocks * 512 for name in names)  # noqa: PTH118
    return total


def held(folder: Path) -> int:
    """Return how many bytes all files of a folder hold."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def packed(data: Path) -> int:
    """Return the bytes of all packs of a data folder."""
    return sum(pack.stat().st_size for pack in data.glob("spaces/*/packs/*.pack"))


def sent_on_loopback() -> int:
    """Return the bytes that this machine has sent to itself; only differences mean anything."""
    return int(Path("/sys/class/net/lo/statistics/tx_bytes").read_text(encoding="ascii"))


def _used(process: int, seconds: float) -> float:
    before = cpu(process)
    time.sleep(seconds)
    return cpu(process) - before


def _status(process: int, name: str) -> int:
    for line in _text(Path(f"/proc/{process}/status")).splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
