"""What a terminal shows after each command, in words."""

from __future__ import annotations

from collections.abc import Sequence

from app.cli import caring_words
from app.cli.beside_words import BESIDE_WORDS
from app.cli.bygone_words import BYGONE_WORDS, bin_words
from app.cli.held_words import HELD_WORDS
from app.cli.keep_words import KEEP_WORDS, here_words, keeping_words
from app.cli.moments_words import AT, between, understood, undone, words_of_lines
from app.cli.printing import NO_FOLDER, Print, Value, safe, safe_lines, table
from app.complaints import words_of
from app.errors import FolderUnavailable
from app.words import ago, count_words, moment_words, size_words, until_words

SHORT_ID = 10
NOT_WATCHED = "app.not-watched"


def words_for(command: str, value: object, now: float) -> str:
    """Return what a person reads after a command."""
    shown = WORDS[command]
    return shown(Value(value), now)


# -- one function a command --------------------------------------------------------------
def _init(value: Value, _now: float) -> str:
    return f"This device is called {safe(str(value['name']))}. Its keys are in place.\n"


def _add(value: Value, _now: float) -> str:
    return (
        f"{safe(str(value['name']))}: {count_words(value['entries'].number, 'file')}, "
        f"{size_words(value['size'].number)}. {_where(value)}\n{_waits(value)}{_skipped(value)}"
    )


def _waits(value: Value) -> str:
    """Say of a folder that was joined what nobody near could give."""
    if not value["missing_files"]:
        return ""
    return f"{_to_come(value)} still to come, from a device that keeps all of it.\n"


def _attach(value: Value, now: float) -> str:
    return f"In step at {safe(str(value['folder']))}.\n{_add(value, now)}"


def _where(value: Value) -> str:
    return f"{safe(str(value['where']['sentence']))}."


def _skipped(value: Value) -> str:
    names = [safe(str(name)) for name in value["skipped"].each]
    return "".join(f"  not shared: {name}\n" for name in names)


def _named(space: Value) -> str:
    """Return what a folder is called here, and to others where that differs."""
    here, shared = str(space["name"]), str(space["shared_as"])
    return here if shared in {"", here} else f"{here} (shared as {shared})"


def _spaces(value: Value, now: float) -> str:
    if not value.each:
        return NO_FOLDER
    return table(
        [
            (_named(space), "cannot be opened", "", "", str(space["folder"]))
            if _is_shut_out(space)
            else (
                _named(space),
                _can(space, now),
                count_words(space["entries"].number, "file"),
                here_words(space),
                f"{space['folder']}{'  (not there)' if _is_gone(space) else ''}",
            )
            for space in value.each
        ]
    )


def _is_shut_out(space: Value) -> bool:
    return str(space["mirroring"]) == "none"


def _is_gone(space: Value) -> bool:
    unavailable = str(space["mirroring"]) == "unavailable"
    return unavailable and str(space["why"]) in {"", FolderUnavailable.code}


def _can(space: Value, now: float) -> str:
    until = space["until"].moment
    if until is None:
        return f"you {space['can'].role}"
    ends = until_words(int(until), now)
    return f"your access {ends}" if until <= now else f"you {space['can'].role} {ends}"


def _status(value: Value, now: float) -> str:
    head = "" if value["running"] else "Atoll is not running here.\n"
    if not value["spaces"].each:
        return head + NO_FOLDER
    backed_up = caring_words.last_backup(value["backup"], now) if value["backup"].given else ""
    return head + "".join(_space_status(space, now) for space in value["spaces"].each) + backed_up


def _space_status(space: Value, now: float) -> str:
    lines = [f"{safe(str(space['name']))}: {safe(str(space['where']['sentence']))}"]
    busy = str(space["mirroring"]) == "working"
    for holding in space["where"]["holdings"].each:
        device = holding["device"]
        if not device["this"]:
            known = _seen(device, now) if busy else _holds(holding, now)
            lines.append(f"  {safe(str(device['name']))}: {known}")
    ended = (space["until"].moment or now + 1) <= now
    if ended:
        lines.append(f"  {_can(space, now).capitalize()}. Ask for a new code.")
    if space["mirroring"] and str(space["mirroring"]) == "unavailable":
        lines += _unavailable(space)
    if space["watched"].given and not space["watched"]:
        lines.append(f"  {words_of(NOT_WATCHED).sentence}")
    if str(space["keeps"]) not in {"", "whole"}:
        lines.append(f"  {keeping_words(space)}")
    if space["where"]["held"].each:
        lines.append(f"  See: atoll held {safe(str(space['name']))}")
    if coming := _coming(space):
        lines.append(f"  {coming} still to come")
    if space["drafts"]:
        kept = count_words(space["drafts"].number, "change")
        why = "" if ended else ": you can view but not change"
        lines.append(f"  {kept} kept here only{why}. See: atoll drafts")
    lines += [f"  not shared: {safe(str(name))}" for name in space["skipped"].each]
    refused = space["unwritten"].each
    lines += [f"  the disk refuses to take: {safe(str(name))}" for name in refused]
    return "".join(f"{line}\n" for line in lines)


def _coming(space: Value) -> str:
    if not space["missing_blocks"]:
        return "older versions" if space["missing_older"] else ""
    return _to_come(space)


def _to_come(space: Value) -> str:
    files, size = space["missing_files"].number, space["missing_bytes"].number
    return ", ".join([count_words(files, "file"), *([size_words(size)] if size else [])])


def _holds(holding: Value, now: float) -> str:
    has = "has stored all of it" if holding["complete"] else "does not have all of it yet"
    if str(holding["keeps"]) not in {"", "whole"}:
        kept = "what was opened" if str(holding["keeps"]) == "opened" else "names only"
        return f"keeps {kept}, {_seen(holding['device'], now)}"
    device = holding["device"]
    if not device["near"] and device["last_seen"].moment is None and holding["behind"].given:
        return f"{has}, says its signed word; it came through another device"
    return f"{has}, {_seen(device, now)}"


def _unavailable(space: Value) -> list[str]:
    folder, why = safe(str(space["folder"])), str(space["why"])
    if why and why != FolderUnavailable.code:
        return [f"  {folder}: {words_of(why).sentence}"]
    return [
        f"  The folder {folder} is not there. Nothing is deleted.",
        "  Moved or lost? See: atoll attach --help",
    ]


def _seen(device: Value, now: float) -> str:
    if device["near"]:
        return "near now"
    seen = device["last_seen"].moment
    return "not met directly yet" if seen is None else f"last seen {ago(now - seen)}"


def _share(value: Value, now: float) -> str:
    until = value["until"].moment
    ends = until_words(None if until is None else int(until), now)
    here, shared = str(value["here"]), str(value["space"])
    name = shared if here in {"", shared} else f"{here} (shared as {shared})"
    return (
        f"{value['code']}\n\nWhoever has this code {value['can'].role} {safe(name)} "
        f"{ends}.\nThere: atoll join CODE --into FOLDER\n"
    )


def _shared(value: Value, _now: float) -> str:
    """Remark on a code: what it lacks to be taken up, and that it could end."""
    said: list[str] = []
    if not value["running"] and not value["file"]:
        said.append(
            "Atoll is not running here: start `atoll serve` so that others can join, or use --file."
        )
    if not value["until"].given:
        said.append(
            "Neither the code nor the access ends, and it cannot be taken away yet. "
            "To let it end: --until 7d"
        )
    return "".join(f"atoll: {line}\n" for line in said)


def _look(value: Value, now: float) -> str:
    until = value["until"].moment
    ends = until_words(None if until is None else int(until), now)
    return (
        f"{safe(str(value['by']))} gives you {safe(str(value['space']))}: you {value['can'].role}, "
        f"{ends}.\n"
    )


def _peers(value: Value, now: float) -> str:
    rows = [
        (
            str(device["name"]) or str(device["id"])[-SHORT_ID:],
            "this device" if device["this"] else _seen(device, now),
            str(device["address"]),
        )
        for device in value.each
    ]
    if len(rows) <= 1:
        return "Just this device so far. Share a folder with: atoll share FOLDER\n"
    return table(rows)


def _dial(value: Value, _now: float) -> str:
    return f"Met {safe(str(value['name']))}.\n"


def _log(value: Value, now: float) -> str:
    if not value.each:
        return "No versions yet.\n"
    return table(
        [
            (
                str(step["version"])[:SHORT_ID],
                moment_words(step["at"].moment or 0.0, now),
                str(step["device"]),
                kinds_words(step["kinds"]),
                str(step["words"]),
                _paths([str(path) for path in step["paths"].each]) + _gone(step),
            )
            for step in value.each
        ]
    )


def _gone(step: Value) -> str:
    return "" if step["kept"] or not step["kept"].given else "  (no longer kept here)"


def kinds_words(kinds: Value) -> str:
    """Return what kind of change a step was: 'edited 3, moved 1'."""
    return ", ".join(f"{kind['what']} {kind['count'].number:,}" for kind in kinds.each)


def _paths(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0]}{more}" if paths else ""


def _restore(value: Value, now: float) -> str:
    if value["do"].given:
        return undone(value, now)
    kept = "" if value["from_bin"] else " The version until now is kept too."
    return f"Brought back {safe(str(value['path']))}.{kept}\n"


def _bin(value: Value, now: float) -> str:
    if not value.each:
        return "Empty. Deleted things wait here.\n"
    return table(
        [
            (
                moment_words(item["at"].moment or 0.0, now),
                str(item["device"]),
                "folder" if item["folder"] else size_words(item["size"].number),
                f"{item['space']}/{item['path']}",
            )
            for item in value.each
        ]
    )


def _search(value: Value, _now: float) -> str:
    if not value.each:
        return "Nothing found.\n"
    lines: list[str] = []
    for hit in value.each:
        snippet = " ".join(str(hit["snippet"]).split())
        lines.append(f"{safe(str(hit['space']))}/{safe(str(hit['path']))}")
        lines += [f"    {safe(snippet)}"] if snippet else []
    return "".join(f"{line}\n" for line in lines)


def _export(value: Value, _now: float) -> str:
    then = f" as it was {understood(value['moment'])}" if value["moment"].given else "."
    files = count_words(value["files"].number, "file")
    return f"Wrote {files} to {safe(str(value['into']))}{then}\n"


def _leave(value: Value, _now: float) -> str:
    name = safe(str(value["left"]))
    return f"{name} is not kept in step any more. Its files stay where they are.\n"


def _scan(value: Value, _now: float) -> str:
    names = [safe(str(name)) for name in value["scanned"].each]
    return f"Looked through {', '.join(names) or 'nothing'}.\n"


def _drafts(value: Value, now: float) -> str:
    if value["dropped"]:
        return f"{safe(str(value['dropped']))} is the shared version again.\n"
    if not value.each:
        return "No drafts.\n"
    return table(
        [
            (moment_words(draft["at"].moment or 0.0, now), f"{draft['space']}/{draft['path']}")
            for draft in value.each
        ]
    )


def _diff(value: Value, _now: float) -> str:
    if value["differences"].given:
        return between(value)
    if value["by_words"]:
        return words_of_lines(value)
    return safe_lines(str(value["diff"])) or "No difference.\n"


WORDS: dict[str, Print] = {
    **BESIDE_WORDS,
    **BYGONE_WORDS,
    "at": AT,
    "undo": undone,
    **KEEP_WORDS,
    **HELD_WORDS,
    **caring_words.WORDS,
    "init": _init,
    "add": _add,
    "attach": _attach,
    "bin": bin_words(_bin),
    "dial": _dial,
    "diff": _diff,
    "drafts": _drafts,
    "export": _export,
    "join": _add,
    "leave": _leave,
    "log": _log,
    "look": _look,
    "peers": _peers,
    "restore": _restore,
    "scan": _scan,
    "search": _search,
    "share": _share,
    "shared": _shared,
    "spaces": _spaces,
    "status": _status,
}
