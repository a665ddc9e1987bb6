"""The command about what stands side by side."""

from __future__ import annotations

from app.cli.entries import Command, Kind, Option

TOGETHER = Command(
    "together",
    "list what stands side by side, and settle it",
    "Files that two devices replaced at once, notes that could not be brought together, things\n"
    "that were moved to two places, and what was deleted on one device while it was changed on\n"
    "another: who, when, under which names, and how they differ. Settled once, it is settled on\n"
    "every device; what was not taken is in the history or the bin. --merge puts the lines of\n"
    "texts together; with --preview it only shows them. A file `name (2)` has the name of another\n"
    "one: it is listed here until one of them is renamed or settled.",
    (
        Option("path", "SPACE, or the path of what is to be settled", Kind.PATH),
        Option("--take", "let this one count: its number, device or version", shown="WHO"),
        Option("--both", "keep both as files for good", Kind.FLAG),
        Option("--merge", "make one text of them", Kind.FLAG),
        Option("--preview", "only show what --merge would make", Kind.FLAG),
    ),
    (
        "atoll together",
        "atoll together ~/Recipes/oven.pdf --take 2",
        "atoll together ~/Recipes/plan.md --merge --preview",
    ),
)
