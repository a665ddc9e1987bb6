"""What a terminal shows of any moment, and of what restoring and undoing do, in words."""

from __future__ import annotations

from collections import Counter

from app.cli.printing import Print, Value, safe, safe_lines, table
from app.words import count_words, moment_words, size_words

MOST = 20
"""So many paths of one kind are listed; --json lists all."""
_SUMS = {
    "back": "{} back from the bin",
    "moved": "{} under the old name or in the old place",
    "content": "{} with the old content",
    "meta": "{} with the old time",
    "aside": "{} renamed to make room",
    "binned": "{} to the bin",
}
_WHY = {
    "changed": "{} changed it since, so that stays",
    "overlap": "{} changed the same lines since, so they stay",
    "deleted": "{} deleted it since, so it stays in the bin",
    "holds": "it holds what others put there since, so it stays",
}


def _at(value: Value, now: float) -> str:
    head = f"{safe(str(value['space']))} as it was {understood(value['moment'])}\n"
    if not value["entries"].each:
        return f"{head}Nothing was there.\n"
    return head + table(
        [
            (
                f"{entry['path']}{'/' if entry['folder'] else ''}",
                "" if entry["folder"] else size_words(entry["size"].number),
                "" if entry["folder"] else moment_words(entry["mtime"].moment or 0.0, now),
                str(entry["by"]),
                "" if entry["here"] else "not on this device",
            )
            for entry in value["entries"].each
        ]
    )


def understood(moment: Value) -> str:
    """Return which moment was understood, to follow 'as it was'."""
    later = moment["later"].number
    left_out = f"; {later:,} later left out" if later else ""
    steps = f"{count_words(moment['steps'].number, 'step')}{left_out}"
    ahead = moment["ahead"].number
    note = f"; {ahead:,} with a clock that was ahead, since others built on them" if ahead else ""
    return f"{safe(str(moment['understood']))} ({steps}{note})."


def between(value: Value) -> str:
    """Return what differs at two moments."""
    first, second = value["moments"].each
    head = f"From {understood(first)}\nTo {understood(second)}\n"
    if not value["differences"].each:
        return f"{head}No difference.\n"
    return head + table(
        [
            (
                str(it["what"]),
                f"{it['was']} → {it['path']}" if it["was"] else str(it["path"]),
            )
            for it in value["differences"].each
        ]
    )


def words_of_lines(value: Value) -> str:
    """Return the lines that differ, with the words that do."""
    lines = [f"{it['what']}{it['line']}: {it['text']}\n" for it in value["words"].each]
    return safe_lines("".join(lines)) or "No difference.\n"


def undone(value: Value, _now: float) -> str:
    """Return what restoring or undoing will do, or did."""
    deeds = value["do"].each
    lines = [_head(value)]
    if deeds:
        counts = Counter(str(deed["what"]) for deed in deeds)
        sums = [words.format(f"{counts[what]:,}") for what, words in _SUMS.items() if counts[what]]
        lines.append(f"{', '.join(sums)}:")
        lines += [line for what in _SUMS for line in _listed(what, deeds)]
    else:
        lines.append("Nothing to put back: it is so already.")
    lines += [f"  stays: {safe(str(it['path']))}: {_why(it)}" for it in value["stays"].each]
    lines += [
        f"  stays: {safe(str(path))}: its old content is not on this device"
        for path in value["absent"].each
    ]
    if value["version"]:
        short = str(value["version"])[:10]
        lines.append(f'Done, as version {short}. To take that back: --at "before {short}"')
    elif deeds:
        lines.append("Nothing was done yet.")
    return "".join(f"{line}\n" for line in lines)


def _head(value: Value) -> str:
    space, moments = safe(str(value["space"])), value["moments"].each
    if not value["devices"].each:
        return f"{space} as it was {understood(moments[0])}"
    who = ", ".join(safe(str(name)) for name in value["devices"].each)
    steps = count_words(value["steps"].number, "step")
    said = " to ".join(safe(str(moment["understood"])) for moment in moments)
    return f"{space}: what {who} did, from {said}: {steps}."


def _listed(what: str, deeds: list[Value]) -> list[str]:
    its = [deed for deed in deeds if str(deed["what"]) == what]
    lines = [f"  {_deed(deed)}" for deed in its[:MOST]]
    more = len(its) - MOST
    return [*lines, f"  … and {more:,} more"] if more > 0 else lines


def _deed(deed: Value) -> str:
    path, was = safe(str(deed["path"])), safe(str(deed["was"]))
    match str(deed["what"]):
        case "binned":
            return f"bin    {path}"
        case "moved" | "aside":
            return f"move   {was} → {path}" if was != path else f"name   {path}"
        case "back":
            return f"back   {path}"
        case "content":
            return f"write  {path}"
        case _:
            return f"time   {path}"


def _why(it: Value) -> str:
    return _WHY.get(str(it["why"]), "{}").format(safe(str(it["by"])) or "somebody")


AT: Print = _at
