"""Write the two lock files anew from `pyproject.toml`.

Run by hand, with uv at hand, when a dependency changes: `python3 packaging/lock.py`.
The locks hold the hashes of the wheels of every platform and of every Python that
`pyproject.toml` allows, and no address of a registry.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = (
    "uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes"
    " --no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet"
    " --no-emit-package atoll"
)


def write(name: str, *options: str) -> None:
    """Resolve, and write one lock."""
    command = [*COMMON.split(), *options, "-o", f"packaging/lock-{name}.txt"]
    subprocess.run(command, cwd=ROOT, check=True)


def main() -> None:
    """Write the lock of developers first, so that people run what was tested."""
    write("dev", "--extra", "dev")
    write("run", "--extra", "build", "--constraint", "packaging/lock-dev.txt")


if __name__ == "__main__":
    main()
