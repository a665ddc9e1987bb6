"""Starts `atoll` programs fast: all is imported once, then each is a fork that runs `main`.

`python -m tests.crash.zygote` reads the arguments of a program as a line of JSON and answers
with its process id; the end of a program is told as a line of its own.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

from app.cli.main import main as atoll

LATE = ("app.compose", "app.cli.serve", "app.cli.alone", "app.cli.running", "sync.service")
"""What a program loads only when it needs it."""


def main() -> None:
    """Fork until nobody asks any more."""
    for name in LATE:
        importlib.import_module(name)
    for line in sys.stdin:
        arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = atoll(arguments)
            finally:
                os._exit(code)
        print(child, flush=True)  # noqa: T201  to who asked
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
