"""`keep` and `fetch`: how much of a folder is on this device."""

from __future__ import annotations

import re

from app.cli.asking import Ask, Doing
from app.cli.control import Answer
from app.cli.names import space_named, the_entry
from app.cli.shapes import space_shape
from app.errors import BadUsage

_SIZE = re.compile(r"([0-9]{1,9})(?:\.([0-9]))?\s*(|[KMGT]i?)B?", re.IGNORECASE)
_UNITS = "kmgt"
_MOST = 1 << 60


def size_of(text: str) -> int:
    """Return the bytes that `10GB`, `512 MiB` or `1.5G` mean.

    Raises:
        BadUsage: they mean none.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise BadUsage("a budget is a size as 500MB or 10GB")
    whole, tenth, unit = found[1], found[2] or "0", found[3].lower()
    base = 1024 if unit.endswith("i") else 1000
    times = base ** (_UNITS.index(unit[0]) + 1) if unit else 1
    size = (int(whole) * 10 + int(tenth)) * times // 10
    if size > _MOST:
        raise BadUsage("no disk is so large")
    return size


async def _keep(ask: Ask) -> Answer:
    space = await space_named(ask.app, ask.params.text("space"))
    how, budget = ask.params.maybe("how"), ask.params.maybe("budget")
    if how is None and budget is not None:
        how = "opened"
    kept = await ask.app.keep(space.id, how, None if budget is None else size_of(budget))
    return Answer(space_shape(kept, ask.now))


async def _fetch(ask: Ask) -> Answer:
    paths = ask.params.texts("path")
    if not paths:
        raise BadUsage("say what to fetch")
    typed = ask.params.texts("given") or paths
    wanted: dict[str, list[str]] = {}
    for path, given in zip(paths, typed, strict=True):
        entry = await the_entry(ask.app, path, given)
        wanted.setdefault(entry.space, []).append(entry.id)
    count = 0
    for space, entries in wanted.items():
        count += await ask.app.fetch(space, entries, ask.report)
    return Answer({"files": count, "paths": paths})


KEEPING: dict[str, Doing] = {"keep": _keep, "fetch": _fetch}
