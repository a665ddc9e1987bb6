"""What a terminal shows after `check`, `repair` and `backup`, in words."""

from __future__ import annotations

from app.cli.printing import Print, Value, safe
from app.words import ago, count_words, moment_words, size_words


def _check(value: Value, _now: float) -> str:
    lines = [_finding(finding) for finding in value["findings"].each]
    sums = (
        f"{count_words(value['records'].number, 'record')}, "
        f"{count_words(value['blocks'].number, 'block')}, "
        f"{count_words(value['entries'].number, 'entry', 'entries')}, "
        f"{size_words(value['bytes'].number)} read"
    )
    damaged = value["damaged"].number
    found = f"{count_words(damaged, 'thing')} damaged" if damaged else "all good"
    mend = "To mend it: atoll repair\n" if damaged else ""
    return "".join(f"{safe(line)}\n" for line in [*lines, f"{sums}: {found}."]) + mend


def _finding(finding: Value) -> str:
    return f"{finding['severity']}: {finding['what']} ({finding['where']})"


def _repair(value: Value, _now: float) -> str:
    lines = ["The list of your folders was damaged. It is made anew."] * bool(
        value["state_made_anew"]
    )
    lines += _folders(value["remembered"])
    lines += [_finding(finding) for finding in value["findings"].each]
    for space in value["spaces"].each:
        lines += _space(space)
    return "".join(f"{safe(line)}\n" for line in lines) or "No folder here yet.\n"


def _folders(remembered: Value) -> list[str]:
    """Say what the device remembers again, when that was made anew before anything else."""
    if not remembered.given:
        return []
    names = ", ".join(str(name) for name in remembered["spaces"].each) or "none"
    if remembered["from_copy"]:
        return [f"The list of your folders could not be opened. It is back: {names}."]
    return [
        f"The list of your folders could not be opened. These are found again: {names}.",
        "Where some of them lay, whom you met and which codes you gave is not known any more.",
        "To say where a folder lies now: atoll attach SPACE FOLDER",
    ]


def _space(space: Value) -> list[str]:
    damaged, mended = space["damaged"].number, space["mended"].number
    files = space["from_files"].number
    said = f"{space['name']}: nothing was damaged."
    if damaged or mended:
        whole = f"{mended} whole again" + (f", {files} from your own files" if files else "")
        said = f"{space['name']}: {count_words(damaged, 'thing')} damaged or gone, {whole}."
    lines = [said, f"  {_lists(space)}"]
    lines += [
        f"  not whole here: {_version(each)}. {_source(each)}" for each in space["unhealed"].each
    ]
    lines += [f"  kept aside: {name}" for name in space["aside"].each]
    return lines


def _lists(space: Value) -> str:
    if not space["rebuilt"]:
        return "The lists stay as they are: they know more than could be read from what is left."
    return (
        "The lists were made anew from nothing, and say the same."
        if space["same"]
        else "The lists were made anew from nothing; they were wrong before."
    )


def _version(unhealed: Value) -> str:
    version = f"@{unhealed['version']}" if str(unhealed["what"]) == "a file" else ""
    return f"{unhealed['what']}, {unhealed['where']}{version}"


def _source(unhealed: Value) -> str:
    names = [str(name) for name in unhealed["held_by"].each]
    if names:
        return f"{', '.join(names)} signed to have it: it comes when both run."
    return "No other device is known to have it; if one does, it comes by itself."


def _backup(value: Value, now: float) -> str:
    if value["backups"].given:
        lines = [_backup_line(each, now) for each in value["backups"].each]
        return "".join(f"{safe(line)}\n" for line in lines) or (
            "No backup was made yet. To make one: atoll backup DIR\n"
        )
    return safe(
        f"The backup is good: it was opened from {value['into']} alone, and holds all of "
        f"{', '.join(str(name) for name in value['spaces'].each) or 'no folder'}, "
        f"{size_words(value['bytes'].number)} "
        f"({size_words(value['written'].number)} of it written now)."
    ) + ("\nWithout the passphrase nobody can open it, not by any means: keep it somewhere else.\n")


def _backup_line(backup: Value, now: float) -> str:
    at = backup["at"].moment or 0.0
    return f"{moment_words(at, now)}  {backup['into']}  {size_words(backup['bytes'].number)}  good"


def last_backup(backup: Value, now: float) -> str:
    """Say when the last backup was proved."""
    ago_words = ago(now - (backup["at"].moment or 0.0))
    return safe(f"Last backup that was tried and is good: {ago_words}, in {backup['into']}.") + "\n"


def _restored(value: Value, now: float) -> str:
    taken = moment_words(value["at"].moment or 0.0, now)
    lines = [f"This is {value['device']} again, as it was backed up {taken}."]
    lines += [
        f"  {each['name']}: {count_words(each['entries'].number, 'file')} in {each['folder']}"
        for each in value["spaces"].each
    ]
    lines += ["The old machine must not be used as this device any more.", "To go on: atoll serve"]
    return "".join(f"{safe(line)}\n" for line in lines)


WORDS: dict[str, Print] = {
    "backup": _backup,
    "check": _check,
    "repair": _repair,
    "restore-backup": _restored,
}
