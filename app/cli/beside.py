"""`together`: what stands side by side, and settling it."""

from __future__ import annotations

from pathlib import Path

from app.cli.asking import Ask, Doing
from app.cli.control import Answer
from app.cli.names import name_of, open_spaces, space_label, the_entry
from app.cli.shapes import Shape
from app.errors import BadUsage, NoSuchFolder
from app.together_values import OneSide, StandsBeside
from app.values import SpaceInfo
from storage.errors import NotFound

Found = tuple[SpaceInfo, StandsBeside]
SHORTEST_ID = 4


async def _together(ask: Ask) -> Answer:
    params = ask.params
    ways = [params.maybe("take") is not None, params.flag("both"), params.flag("merge")]
    if sum(ways) > 1:
        raise BadUsage("--take, --both and --merge are three ways: choose one")
    if params.flag("preview") and not params.flag("merge"):
        raise BadUsage("--preview shows what --merge would make")
    if not any(ways):
        return Answer([_shape(space, it) for space, it in await _listed(ask)])
    space, about = await _named(ask)
    return Answer({**_shape(space, about), **await _settled(ask, about)})


async def _settled(ask: Ask, about: StandsBeside) -> Shape:
    door = ask.app.together
    who = ask.params.maybe("take")
    if who is not None:
        number = _which(about, who)
        await door.take(about, number)
        return {"settled": "take", "taken": number + 1}
    if ask.params.flag("both"):
        await door.keep_both(about)
        return {"settled": "both"}
    text = await door.merged(about)
    if not ask.params.flag("preview"):
        await door.merge(about)
    return {"settled": None if ask.params.flag("preview") else "merge", "text": text}


def _which(about: StandsBeside, who: str) -> int:
    """Return which side is meant: by its number, its device, or the beginning of its version."""
    if who.isdecimal() and 1 <= int(who) <= len(about.sides):
        return int(who) - 1
    found = {n for n, side in enumerate(about.sides) if side.device.casefold() == who.casefold()}
    if not found and len(who) >= SHORTEST_ID:
        found = {n for n, it in enumerate(about.sides) if it.record.startswith(who.lower())}
    if len(found) != 1:
        told = ", ".join(f"{n + 1} {side.device}" for n, side in enumerate(about.sides))
        raise BadUsage(f"say which one is meant, {who!r} names not one of these: {told}")
    return found.pop()


async def _listed(ask: Ask) -> list[Found]:
    """Return what stands side by side in a space, at a path, or anywhere."""
    path = ask.params.maybe("path")
    if path is None:
        return [found for space in await open_spaces(ask.app) for found in await _in(ask, space)]
    try:
        spaces = await open_spaces(ask.app, ask.params.maybe("given") or path)
    except NoSuchFolder:
        return await _at(ask, path)
    return [found for space in spaces for found in await _in(ask, space)]


async def _named(ask: Ask) -> Found:
    found = await _at(ask, ask.params.text("path"))
    if len(found) == 1:
        return found[0]
    name = Path(ask.params.text("path")).name
    if not found:
        raise BadUsage(f"nothing stands side by side at {name}. See: atoll together")
    raise BadUsage(f"several things stand side by side at {name}: settle them one by one")


async def _at(ask: Ask, path: str) -> list[Found]:
    """Return what stands side by side at a path; the first place of a thing is asked first."""
    spaces = {space.id: space for space in await open_spaces(ask.app)}
    try:
        entry = await the_entry(ask.app, path, ask.params.maybe("given"))
    except NotFound:
        raise BadUsage(f"there is no {Path(path).name} in a folder here") from None
    if entry.space not in spaces:
        raise BadUsage(f"the folder of {name_of(entry)} cannot be opened")
    space = spaces[entry.space]
    return [
        found
        for found in await _in(ask, space)
        if entry.path == found[1].path or entry.path in {side.path for side in found[1].sides}
    ]


async def _in(ask: Ask, space: SpaceInfo) -> list[Found]:
    return [(space, about) for about in await ask.app.together.all(space.id)]


def _shape(space: SpaceInfo, about: StandsBeside) -> Shape:
    return {
        "space": space_label(space),
        "what": about.what,
        "entry": about.entry,
        "path": "/".join(about.path),
        "differs": about.differs,
        "sides": [_side_shape(number, side) for number, side in enumerate(about.sides)],
    }


def _side_shape(number: int, side: OneSide) -> Shape:
    return {
        "number": number + 1,
        "path": "/".join(side.path),
        "device": side.device,
        "at": side.at,
        "version": side.record,
        "size": side.size,
    }


BESIDE: dict[str, Doing] = {"together": _together}
