"""What one input may cost, whoever makes the inputs."""

from __future__ import annotations

import resource
import sys

SECONDS = 5
MAX_MEMORY = 512 << 20
MAX_LENGTH = 4096


class TooSlow(BaseException):
    """An input took too long. Not an Exception: no target may take it for a refusal."""


def memory_used() -> int:
    """Return the most memory that this process ever had, in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10
