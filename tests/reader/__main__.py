"""`python -m tests.reader DATA_FOLDER`: print what the folders of a device hold, by the paper."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from tests.reader.basics import digest
from tests.reader.second_reader import Space, read_folder
from tests.reader.view import device_name, shown


def describe(space: Space) -> str:
    """Return a space as lines: paths, history, problems."""
    lines = [f"space {space.public.hex()}", f"root {space.root.hex()[:64]}"]
    lines.append(f"{space.roots_checked} of {len(space.history)} records say which root: it is so")
    for path, data in sorted(shown(space).items()):
        what = "folder" if data is None else f"{len(data)} bytes, BLAKE3 {digest(data).hex()}"
        lines.append(f"  {'/'.join(path)}: {what}")
    for step in space.history:
        at = datetime.fromtimestamp(step.at, UTC).isoformat()
        lines.append(f"  {at} {device_name(space, step.dot[1])} {step.dot[0]}: {step.words}")
    return "\n".join([*lines, *(f"  PROBLEM: {problem}" for problem in space.problems)])


def main(arguments: list[str]) -> int:
    """Read one data folder; the exit code is 1 when something was wrong."""
    if len(arguments) != 1:
        sys.stdout.write(f"{__doc__}\n")
        return 2
    spaces = read_folder(Path(arguments[0]))
    for _, space in spaces:
        sys.stdout.write(f"{describe(space)}\n")
    return 1 if any(space.problems for _, space in spaces) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
