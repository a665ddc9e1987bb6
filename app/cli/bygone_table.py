"""The commands about the past on this device and the disk that it takes."""

from __future__ import annotations

from app.cli.entries import ANY_SPACE, Command, Kind, Option

BYGONE_COMMANDS = (
    Command(
        "forget",
        "keep one version of a file no longer on this device",
        "PATH@VERSION names a version from `atoll log`. What it held goes after a week, with\n"
        "--now at once, unless a device that keeps less than all may count on it just now; until\n"
        "then --take-back takes that back, and later it asks the other devices for it. That\n"
        "there was a version stays in the log, and so do edits that are short. Other devices and\n"
        "backups are not touched, and a disk may hold what was removed for longer.",
        (
            Option("path", "PATH@VERSION", Kind.PATH, needed=True),
            Option("--now", "at once, not after a week", Kind.FLAG),
            Option("--take-back", "keep it after all; ask the others if it is gone", Kind.FLAG),
        ),
        ("atoll forget ~/Recipes/bread.md@3fa92c",),
    ),
    Command(
        "versions",
        "say or set how many older versions are kept on this device",
        "Without a setting: every version for 30 days, then the last of each day for a year, then\n"
        "the last of each month. What is there now, and what was deleted in the last 30 days, is\n"
        "always kept. Of media (pictures, sound, films) of at least --latest-over only the latest\n"
        "version can be kept. What goes waits in quarantine for a week. PATH is a folder; what is\n"
        "set for it holds below it too. Each device has its own setting.",
        (
            Option("path", "a shared folder, or a folder in one", Kind.PATH, needed=True),
            Option("--all-days", "every version for so many days", Kind.TEXT, "N"),
            Option("--daily-days", "then one a day until so many days", Kind.TEXT, "N"),
            Option("--monthly", "then one a month, for ever", Kind.CHOICE, choices=("yes", "no")),
            Option(
                "--latest-over",
                "media of that size: the latest only; or `never`",
                Kind.TEXT,
                "SIZE",
            ),
            Option("--any-kind", "with --latest-over: of all files that are no text", Kind.FLAG),
            Option("--usual", "as the folder above, or as without a setting", Kind.FLAG),
        ),
        (
            "atoll versions ~/Recipes",
            "atoll versions ~/Recipes --latest-over 10MB",
            "atoll versions ~/Recipes --all-days 90 --daily-days 730",
        ),
    ),
    Command(
        "space",
        "say where the disk went",
        "What files as they are take in the store, older versions, the bin, the log; what is in\n"
        "quarantine, and when it goes. Plain folders are not counted: they are yours.",
        (ANY_SPACE,),
        ("atoll space", "atoll space Recipes --json"),
    ),
    Command(
        "collect",
        "give back the disk of versions that are kept no longer",
        "Happens once a day by itself while the app runs. What no rule keeps is put into\n"
        "quarantine, and what has been there for a week is removed. If anything is missing that\n"
        "has to be kept, nothing is removed. Ctrl-C stops it; what was done is done.",
        (ANY_SPACE,),
        ("atoll collect", "atoll collect Recipes"),
    ),
)
