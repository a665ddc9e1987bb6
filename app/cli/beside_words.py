"""What a terminal shows of things that stand side by side, in words."""

from __future__ import annotations

from app.cli.printing import Print, Value, safe, safe_lines, table
from app.words import moment_words, size_words

ALL_CLEAR = "All clear: nothing stands side by side.\n"
_WHAT = {
    "versions": "changed on several devices at once",
    "names": "two things of one name",
    "places": "moved to several places at once",
    "deleted": "deleted there, changed here",
}
_SETTLED = {"take": "Settled, on every device.", "both": "Both stay, under the names above."}


def _together(value: Value, now: float) -> str:
    if value["sides"].given:
        return _done(value, now)
    if not value.each:
        return ALL_CLEAR
    shown = "\n".join(_one(about, now) for about in value.each)
    return f"{shown}\nSettle one: atoll together PATH --take NUMBER, --both, or --merge\n"


def _one(about: Value, now: float) -> str:
    what = _WHAT.get(str(about["what"]), "side by side")
    head = f"{about['space']}/{about['path']}: {what}; {about['differs']}"
    deleted = str(about["what"]) == "deleted"
    rows = [
        (
            f"  {side['number']}",
            _name(side, deleted=deleted),
            str(side["device"]),
            "" if side["at"].moment is None else moment_words(side["at"].moment or 0.0, now),
            size_words(side["size"].number) if side["size"] else "",
        )
        for side in about["sides"].each
    ]
    return f"{safe(head)}\n{table(rows)}"


def _name(side: Value, *, deleted: bool) -> str:
    if not deleted:
        return str(side["path"])
    return "changed: it stays" if side["number"].number == 1 else "deleted: to the bin"


def _done(value: Value, now: float) -> str:
    if value["text"].given:
        head = "" if str(value["settled"]) else "This is what --merge would make:\n"
        tail = "Brought together, on every device.\n" if str(value["settled"]) else ""
        return f"{head}{safe_lines(str(value['text']))}{tail}"
    return f"{_one(value, now)}{_SETTLED.get(str(value['settled']), '')}\n"


BESIDE_WORDS: dict[str, Print] = {"together": _together}
