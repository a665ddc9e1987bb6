"""NOTES: the Markdown notes that every figure is about, the same ones on every machine."""

from __future__ import annotations

from pathlib import Path
from random import Random

FOLDERS = 200
COUNT = 10_000
SIZE = 2600
_SYLLABLES = (
    "ba",
    "ke",
    "lo",
    "mi",
    "nu",
    "ra",
    "se",
    "ti",
    "vo",
    "zu",
    "dan",
    "fer",
    "gol",
    "hin",
)


def write_notes(into: Path, count: int = COUNT) -> int:
    """Write the notes in 200 folders, and return their bytes."""
    random = Random(7)  # noqa: S311  (the same words everywhere, no secret)
    words = ["".join(random.choices(_SYLLABLES, k=random.randint(1, 4))) for _ in range(6000)]
    total = 0
    for number in range(count):
        folder = into / f"topic {number % FOLDERS:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        text = _note(random, words, number)
        (folder / f"note {number:05d}.md").write_text(text, encoding="utf-8")
        total += len(text.encode())
    return total


def _note(random: Random, words: list[str], number: int) -> str:
    lines = [f"# Note {number}", ""]
    size, wanted = 0, SIZE * random.uniform(0.4, 1.6)
    while size < wanted:
        line = " ".join(random.choices(words, k=random.randint(4, 14)))
        lines.append(random.choice(["", "- ", "- [ ] ", "## "]) + line)
        size += len(line) + 1
    return "\n".join(lines) + "\n"
