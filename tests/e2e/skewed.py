"""`python -m tests.e2e.skewed SECONDS WORD…`: the real program, put together with a wrong clock.

Only what time of day it is differs, as on a machine whose clock was set wrong. The program itself
has no such switch: this one hands another clock to the place where everything is put together.
"""

from __future__ import annotations

import runpy
import sys

import app.clock


def skewed(off: float) -> type[app.clock.SystemClock]:
    """Return a clock that is so many seconds off."""

    class Skewed(app.clock.SystemClock):
        def now(self) -> float:
            return super().now() + off

    return Skewed


def main(off: float, words: list[str]) -> None:
    """Do what was typed, as if it were another day: whoever takes the clock takes this one."""
    setattr(app.clock, "SystemClock", skewed(off))  # noqa: B010
    sys.argv[1:] = words
    runpy.run_module("app.cli", run_name="__main__")


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
