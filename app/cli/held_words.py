"""What the terminal says of mass changes that are held."""

from __future__ import annotations

from app.cli.printing import Print, Value, safe
from app.guard_rule import FLOOR
from app.guard_values import HeldCount
from app.guard_words import held_sentence
from app.words import count_words, moment_words

FEW = 20
"""So many files are listed, unless all were asked for."""


def _held(value: Value, now: float) -> str:
    if value["let_through"].given:
        return f"Let through: {count_words(value['let_through'].number, 'file')}.\n"
    if value["put_back"].given:
        return _undone(value)
    if not value["held"].each:
        return "Nothing is held.\n"
    return "".join(
        _batch(batch, now, everything=bool(value["all"])) for batch in value["held"].each
    )


def _undone(value: Value) -> str:
    lines = [f"Put back: {count_words(value['put_back'].number, 'file')}, as they were before."]
    if value["removed"]:
        lines.append(f"  {count_words(value['removed'].number, 'added file')} in the bin")
    if value["stays"]:
        lines.append(f"  {count_words(value['stays'].number, 'item')} changed by others since")
    if value["lacking"]:
        lines.append(f"  {count_words(value['lacking'].number, 'file')} not on this computer")
    return "".join(f"{line}\n" for line in lines)


def _batch(batch: Value, now: float, *, everything: bool) -> str:
    count = HeldCount(
        "",
        bool(batch["this"]),
        batch["deleted"].number,
        batch["replaced"].number,
        batch["renamed"].number,
        safe(str(batch["device"])),
    )
    name = safe(str(batch["space"]))
    since = moment_words(batch["since"].moment or 0.0, now)
    lines = [f"{name}: {held_sentence(count)}. Since {since}."]
    changes = batch["changes"].each
    shown = changes if everything else changes[:FEW]
    lines += [f"  {it['harm']!s:9}{safe(str(it['path']))}" for it in shown]
    if len(changes) > len(shown):
        more = len(changes) - len(shown)
        lines.append(f"  and {more:,} more: atoll held {name} --all")
    lines.append(f"  Right? atoll held {name} --let-through    Wrong? atoll held {name} --undo")
    return "".join(f"{line}\n" for line in lines)


def _guard(value: Value, _now: float) -> str:
    name = safe(str(value["space"]))
    if not value["on"]:
        return f"{name}: nothing is held, however much is changed at once.\n"
    files, percent = value["files"].number, value["percent"].number
    return (
        f"{name}: held when more than {count_words(files, 'file')} or {percent} % of them, but "
        f"at least {FLOOR + 1}, are deleted, replaced or renamed within 5 minutes.\n"
    )


HELD_WORDS: dict[str, Print] = {"held": _held, "guard": _guard}
