"""The commands about versions and any moment of a folder."""

from __future__ import annotations

from app.cli.entries import NEEDED_SPACE, Command, Kind, Option

MOMENT_WORDS = (
    "a moment: now, 14:00, yesterday 14:00, Friday 18:04, 2 h ago, 2026-11-20, 2026-11-20 14:00, "
    "a VERSION (right after it) or before VERSION"
)
MOMENT = Option("--at", MOMENT_WORDS, shown="MOMENT")
_ASKED = (
    Option("--dry-run", "only say what would be done", Kind.FLAG),
    Option("--yes", "do it without asking", Kind.FLAG),
)

MOMENT_COMMANDS = (
    Command(
        "log",
        "show the history of a file or a folder",
        "One line a version, the latest known first; of a folder also those of what lies in it,\n"
        "or lay in it: when, by which device, what kind of change, and its words. The first\n"
        "column names the version for show, diff and restore. Times are what the writer's clock\n"
        "said, never an order.",
        (
            Option("path", "SPACE, or a file or folder on disk, there now or once", Kind.PATH),
            Option("--limit", "how many at most", Kind.NUMBER, "N", default=200),
        ),
        ("atoll log Recipes", "atoll log ~/Recipes/bread.md", "atoll log ~/Recipes --json"),
    ),
    Command(
        "at",
        "list a folder as it was at a moment",
        "Says which moment was understood, and lists what was there then, to look at only. A time\n"
        "stands for all steps whose device's clock said that time or an earlier one, with all\n"
        "that they build on; a day or a minute is meant to its end.",
        (
            NEEDED_SPACE,
            Option("moment", MOMENT_WORDS, needed=True),
            Option("inside", "a folder inside, by its path of then"),
            Option("--deep", "list what lies in folders too", Kind.FLAG),
        ),
        ('atoll at Recipes "2 h ago"', 'atoll at Recipes "before 3fa92c" --deep --json'),
    ),
    Command(
        "show",
        "print a file as it was",
        "PATH@VERSION names a version from `atoll log`; without @VERSION the present one. With\n"
        "--at the file that lay there at a moment.",
        (Option("path", "PATH or PATH@VERSION", Kind.PATH, needed=True), MOMENT),
        (
            "atoll show ~/Recipes/bread.md@3fa92c > old.md",
            'atoll show ~/Recipes/bread.md --at "before 81bb04"',
        ),
    ),
    Command(
        "diff",
        "show what changed between two versions or moments",
        "With one PATH@VERSION: from there to now. With only PATH: the last step. With a second\n"
        "VERSION: from the first to the second. With --from (and --to, else now): between two\n"
        "moments; of SPACE or a folder which paths were added, removed, renamed and changed.",
        (
            Option("path", "PATH, PATH@VERSION or, with --from, SPACE", Kind.PATH, needed=True),
            Option("version", "compare with this version instead of the present"),
            Option("--from", MOMENT_WORDS, shown="MOMENT"),
            Option("--to", "the later moment; else now", shown="MOMENT"),
            Option("--words", "with --from: show which words differ in each line", Kind.FLAG),
        ),
        (
            "atoll diff ~/Recipes/bread.md",
            "atoll diff ~/Recipes/bread.md@3fa92c 81bb04",
            'atoll diff Recipes --from "2 h ago"',
        ),
    ),
    Command(
        "restore",
        "bring back an older version, something deleted, or a whole folder at a moment",
        "PATH@VERSION brings that version back as a new step; PATH alone brings back what was\n"
        "deleted there. With --at all that lay at PATH gets the content, name and place that it\n"
        "had; what came since stays, except when PATH is SPACE: then it goes to the bin. Says\n"
        "first what it will do, and asks. Nothing is erased by it, and it can be taken back.",
        (
            Option("path", "PATH, PATH@VERSION or, with --at, SPACE", Kind.PATH, needed=True),
            MOMENT,
            Option("--only", "with --at: only this inside PATH", shown="INSIDE", many=True),
            *_ASKED,
        ),
        (
            "atoll restore ~/Recipes/bread.md@3fa92c",
            "atoll restore ~/Recipes/lost.md",
            'atoll restore Recipes --at "2 h ago" --dry-run',
            "atoll restore Recipes --at 3fa92c --only bread.md --yes",
        ),
    ),
    Command(
        "undo",
        "take back what a device or a person did between two moments",
        "Puts back what they changed, renamed and deleted, and moves to the bin what they added,\n"
        "in one new step. What somebody changed since stays, and is listed; a text gets its\n"
        "lines back where nobody changed them since. WHO is the name of a device, `me` for this\n"
        "one; name several for a person with several. A version is included at both ends. Says\n"
        "first what it will do, and asks.",
        (
            NEEDED_SPACE,
            Option("--by", "the device that did it", shown="WHO", needed=True, many=True),
            Option("--from", MOMENT_WORDS, shown="MOMENT", needed=True),
            Option("--to", "the last moment; else now", shown="MOMENT"),
            *_ASKED,
        ),
        (
            "atoll undo Recipes --by me --from 3fa92c --to 3fa92c --dry-run",
            'atoll undo Recipes --by me --from "1 h ago" --to now --yes',
        ),
    ),
)
