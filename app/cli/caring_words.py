"""What a terminal shows after `check` and `repair`, in words."""

from __future__ import annotations

from app.cli.printing import Print, Value, safe
from app.words import count_words, size_words


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


WORDS: dict[str, Print] = {"check": _check, "repair": _repair}
