"""What the terminal says of the past on this device, and of its disk."""

from __future__ import annotations

from app.cli.printing import NO_FOLDER, Print, Value, safe, table
from app.words import count_words, moment_words, size_words

_PARTS = (
    ("files", "files as they are"),
    ("older_versions", "older versions"),
    ("bin", "the bin"),
    ("quarantine", "in quarantine, on its way out"),
    ("not_kept", "kept by no rule, not collected yet"),
    ("log", "the log: who did what"),
    ("unused", "removed, not yet given back"),
    ("index", "lists and search"),
)


def _space(value: Value, now: float) -> str:
    if not value.each:
        return NO_FOLDER
    return "\n".join(_one_space(space, now) for space in value.each)


def _one_space(space: Value, now: float) -> str:
    rows = [("  " + words, size_words(space[key].number)) for key, words in _PARTS if space[key]]
    head = f"{safe(str(space['space']))}: {size_words(space['total'].number)} in the store\n"
    lines = [
        f"  {size_words(it['bytes'].number)} go from {moment_words(it['at'].moment or 0.0, now)} on"
        for it in space["leaving"].each
    ]
    if space["not_kept"]:
        lines.append(
            f"  {size_words(space['not_kept'].number)} go a week after the next atoll collect"
        )
    return head + table(rows) + "".join(f"{line}\n" for line in lines)


def _collect(value: Value, _now: float) -> str:
    if not value.each:
        return NO_FOLDER
    return "".join(_one_collected(space) for space in value.each)


def _one_collected(space: Value) -> str:
    told: list[str] = []
    if space["removed_bytes"]:
        told.append(f"{size_words(space['removed_bytes'].number)} removed")
    if space["given_back"]:
        told.append(f"{size_words(space['given_back'].number)} given back to the disk")
    if space["quarantined_bytes"]:
        told.append(f"{size_words(space['quarantined_bytes'].number)} go in a week")
    return f"{safe(str(space['space']))}: {', '.join(told) or 'nothing to collect'}.\n"


def _versions(value: Value, _now: float) -> str:
    return "".join(_one_rule(rule) for rule in value.each)


def _one_rule(rule: Value) -> str:
    where = "/".join(filter(None, (str(rule["space"]), str(rule["path"]))))
    parts: list[str] = []
    if rule["all_days"]:
        parts.append(f"every version for {count_words(rule['all_days'].number, 'day')}")
    if rule["daily_days"].number > rule["all_days"].number:
        parts.append(f"one a day until {count_words(rule['daily_days'].number, 'day')}")
    if rule["monthly"]:
        parts.append("one a month for ever")
    told = ", then ".join(parts) or "the latest only"
    if rule["latest_over"].given:
        what = "files that are no text" if rule["any_kind"] else "media"
        told += f"; of {what} from {size_words(rule['latest_over'].number)} on the latest only"
    by = "" if rule["set_here"] else " (not set here)"
    return f"{safe(where)}: {told}{by}.\n"


def _forget(value: Value, _now: float) -> str:
    path = safe(str(value["path"]))
    if value["taken_back"]:
        return f"{path}: that version is kept. If it is gone here, the others are asked for it.\n"
    if value["still_shown"]:
        return f"{path}: that version is part of what the file holds now. Nothing is forgotten.\n"
    many = value["versions"].number
    also = f" {count_words(many, 'version')} of it held the same, and go together." * (many > 1)
    return f"{path}: {_when(value)}.{also}\n{_honest(value)}"


def _emptied(value: Value) -> str:
    if not value["versions"] and not value["bytes"]:
        return "Nothing was there to be cleared out.\n"
    files = count_words(value["versions"].number, "deleted file")
    return f"{files}: {_when(value)}.\n{_honest(value)}"


def _when(value: Value) -> str:
    if value["at_once"]:
        return f"{size_words(value['removed_bytes'].number)} removed from this device"
    return f"up to {size_words(value['bytes'].number)} go from this device in a week"


def _honest(value: Value) -> str:
    """Say what forgetting here does not do."""
    lines = ["  That it was there stays in the log: names, times, devices."]
    if value["counted_on"]:
        lines.insert(0, "  Not at once: a device that keeps less than all may count on it here.")
    if value["edits_stay"]:
        lines.append(
            "  Texts: short edits stand in the log, and a note knows what was deleted in it."
        )
    if value["other_devices"]:
        others = count_words(value["other_devices"].number, "other device")
        lines.append(f"  {others} may keep it; nobody can take it from there.")
    lines.append("  Backups and copies are not touched, and a disk may hold removed bytes longer.")
    return "".join(f"{line}\n" for line in lines)


def bin_words(shown: Print) -> Print:
    """Return what is said of the bin: what is in it, or that it was emptied."""

    def words(value: Value, now: float) -> str:
        return _emptied(value) if value["emptied"] else shown(value, now)

    return words


BYGONE_WORDS: dict[str, Print] = {
    "collect": _collect,
    "forget": _forget,
    "space": _space,
    "versions": _versions,
}
