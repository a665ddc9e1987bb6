"""What two people do to one folder while apart, and what has to be true when they meet."""

from __future__ import annotations

import random
import shutil
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from app.cli.island import tree_of
from tests.e2e.devices import Device

Change = Callable[[Path], object]

LINES = 24
SKIPPED = {"__pycache__", "site-packages"}
MAX_SIZE = 2 << 20
WORDS = ("rye", "über", "кофе", "麦粉", "flour", "salt", "water", "warm", "slow", "🥖", "crust")


def real_tree(into: Path, files: int) -> int:
    """Copy sources and binaries of this Python, at least so many files; return how many."""
    paths = sysconfig.get_paths()
    count = 0
    for top in dict.fromkeys((paths["stdlib"], paths["purelib"])):
        for path in sorted(Path(top).rglob("*")):
            inside = path.relative_to(top)
            if SKIPPED & set(inside.parts) or not path.is_file() or path.is_symlink():
                continue
            if path.stat().st_size > MAX_SIZE:
                continue
            target = into / inside
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
                count += 1
            if count >= files and top != sys.base_prefix:
                return count
    return count


def notes(into: Path, count: int, seed: int = 1) -> None:
    """Write notes, all different, some with letters beyond ASCII, some empty or without an end."""
    dice = random.Random(seed)  # noqa: S311  the same each time
    for number in range(count):
        folder = into / f"notes-{number % 7}"
        folder.mkdir(parents=True, exist_ok=True)
        lines = [" ".join(dice.choices(WORDS, k=9)) for _ in range(dice.randrange(40))]
        text = "\n".join([f"# Note {number}", *lines]) + "\n" * (number % 2)
        (folder / f"note {number:03}.md").write_text(text if number % 50 else "", "utf-8")


def begin(folder: Path) -> None:
    """Write what both have before they part."""
    for name in ("lines", "same", "rename", "gone", "unwanted", "kind", "kind-too", "Case"):
        _note(folder / f"apart/{name}.md")
    for name in ("soups/tomato.md", "soups/deep/leek.md", "attic/old.md"):
        _note(folder / "apart" / name)
    (folder / "apart/picture.bin").write_bytes(b"\0picture" * 3000)


ONE: list[Change] = [
    lambda at: _line(at / "lines.md", 3, "ONE on line 3"),
    lambda at: _line(at / "same.md", 7, "ONE rye"),
    lambda at: (at / "rename.md").rename(at / "renamed.md"),
    lambda at: (at / "gone.md").unlink(),
    lambda at: (at / "unwanted.md").unlink(),
    lambda at: _write(at / "new.md", b"made by ONE\n"),
    lambda at: _write(at / "twin.md", b"the same bytes\n"),
    lambda at: (at / "soups").rename(at / "broths"),
    lambda at: _write(at / "picture.bin", b"\0ONE" * 5000),
    lambda at: _folder_instead(at / "kind.md", b"ONE inside\n"),
    lambda at: _folder_instead(at / "kind-too.md", b"ONE inside too\n"),
    lambda at: (at / "Case.md").rename(at / "case.md"),
    lambda at: shutil.rmtree(at / "attic"),
]
OTHER: list[Change] = [
    lambda at: _line(at / "lines.md", 15, "OTHER on line 15"),
    lambda at: _line(at / "same.md", 7, "OTHER oats"),
    lambda at: _line(at / "rename.md", 2, "OTHER edits"),
    lambda at: _line(at / "gone.md", 2, "OTHER needs it"),
    lambda at: _write(at / "new.md", b"made by OTHER\n"),
    lambda at: _write(at / "twin.md", b"the same bytes\n"),
    lambda at: _write(at / "soups/fresh.md", b"OTHER adds\n"),
    lambda at: _write(at / "soups/deep/fresh.md", b"OTHER adds deep\n"),
    lambda at: _write(at / "picture.bin", b"\0OTHER" * 5000),
    lambda at: _line(at / "kind-too.md", 2, "OTHER edits the file"),
    lambda at: _write(at / "attic/kept.md", b"OTHER adds to the attic\n"),
]


def promises(folder: Path) -> list[str]:
    """Return which promises a folder does not keep after both met."""
    files = tree_of(folder / "apart")
    contents = sorted(files.values())
    every = b"\n".join(contents)
    kept = {
        "both lines of a note": _has(files, "lines.md", b"ONE on line 3", b"OTHER on line 15"),
        "the words of both on one line": _has(files, "same.md", b"ONE rye", b"OTHER oats"),
        "an edit in the renamed note": _has(files, "renamed.md", b"OTHER edits"),
        "the renamed note has one name": "rename.md" not in files,
        "what was deleted and edited": _has(files, "gone.md", b"OTHER needs it"),
        "what was only deleted is gone": "unwanted.md" not in files,
        "both new notes": {b"made by ONE\n", b"made by OTHER\n"} <= set(contents),
        "two equal new notes": 1 <= contents.count(b"the same bytes\n") <= 2,
        "notes added to the renamed folder": _has(files, "broths/fresh.md", b"OTHER adds")
        and _has(files, "broths/deep/fresh.md", b"OTHER adds deep"),
        "the renamed folder has one name": not any(name.startswith("soups/") for name in files),
        "both pictures": {b"\0ONE" * 5000, b"\0OTHER" * 5000} <= set(contents),
        "a folder instead of a file": _has(files, "kind.md/inside.md", b"ONE inside"),
        "a folder instead of a file that was edited": b"ONE inside too\n" in contents
        and b"OTHER edits the file" in every,
        "a name in another case": "case.md" in files and "Case.md" not in files,
        "a note added to a deleted folder": b"OTHER adds to the attic\n" in contents,
        "the rest of the deleted folder is gone": "attic/old.md" not in files,
    }
    return [promise for promise, holds in kept.items() if not holds]


def look_back(device: Device, names: set[str]) -> None:
    """Look into history and bin: who did what, and what was deleted."""
    at = device.folder / "apart"
    writers = {step["device"] for step in device.values("log", str(at / "same.md"))}
    assert names <= writers, f"the history names {writers}"
    assert device.damaged() == 0
    binned = {str(item["path"]): item["device"] for item in device.values("bin")}
    assert binned["apart/unwanted.md"] == binned["apart/attic/old.md"] == "One"


def _has(files: dict[str, bytes], name: str, *words: bytes) -> bool:
    return all(word in files.get(name, b"") for word in words)


def _note(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"# {path.stem}", *(f"Line {n} of {path.stem}." for n in range(2, LINES))]
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _line(path: Path, number: int, words: str) -> None:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    lines[number - 1] = f"{words}\n"
    path.write_text("".join(lines), "utf-8")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _folder_instead(path: Path, inside: bytes) -> None:
    path.unlink()
    _write(path / "inside.md", inside)
