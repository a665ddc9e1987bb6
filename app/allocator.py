"""The allocator of this process: what it holds and nobody uses goes back to the system.

Only glibc keeps much, and only Linux has that; elsewhere nothing is to be done.
"""

from __future__ import annotations

import ctypes
import sys


def give_back() -> None:
    """Give memory back that is free. Takes milliseconds, so not after each small work.

    Rubbish is not looked for: that stops all threads, the window's too (decision 0020).
    """
    if sys.platform != "linux":
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
