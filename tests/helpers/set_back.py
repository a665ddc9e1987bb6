"""Disks that are as they were once, in the very same place."""

from __future__ import annotations

from pathlib import Path


def set_back(folder: Path, copy: Path) -> None:
    """Write what files held once into the files that are there; what came since is gone."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file() and not (copy / path.relative_to(folder)).exists():
            path.unlink()
    for path in copy.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(copy)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("r+b" if target.exists() else "wb") as file:
                file.write(path.read_bytes())
                file.truncate()
