"""`space`, `collect`, `versions`, `forget`, `bin --empty`: the past on this device, its disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.cli.asking import Ask, Doing
from app.cli.control import Answer
from app.cli.keep import size_of
from app.cli.names import (
    label_of,
    open_spaces,
    path_and_version,
    space_label,
    the_entry,
    the_version,
)
from app.cli.shapes import Shape
from app.errors import BadUsage, NotDeleted
from app.past_values import Forgotten, Given, PastRule, Use
from app.values import BinItem, SpaceInfo
from storage.errors import DecodeError
from storage.retention import MAX_DAYS, Rule

NEVER = "never"


async def _space(ask: Ask) -> Answer:
    uses: list[object] = []
    for space in await open_spaces(ask.app, ask.params.maybe("space")):
        uses += [_use_shape(it, space) for it in await ask.app.past.use(space.id, ask.report)]
    return Answer(uses)


async def _collect(ask: Ask) -> Answer:
    done: list[object] = []
    for space in await open_spaces(ask.app, ask.params.maybe("space")):
        given = await ask.app.past.collect(space.id, ask.report)
        done += [_given_shape(it, space) for it in given]
    return Answer(done)


# -- rules -------------------------------------------------------------------------------
async def _versions(ask: Ask) -> Answer:
    path = ask.params.text("path")
    folder = await the_entry(ask.app, path, ask.params.maybe("given"))
    entry = folder.id if folder.path else None
    before = (await ask.app.past.rules(folder.space, entry))[0]
    if ask.params.flag("usual"):
        await ask.app.past.set_rule(folder.space, entry, None)
    elif (rule := _changed(ask, before)) is not None:
        if not folder.is_folder:
            raise BadUsage("older versions are kept by folder; name a folder")
        await ask.app.past.set_rule(folder.space, entry, rule)
    rules = await ask.app.past.rules(folder.space, entry)
    label = await label_of(ask.app, folder.space)
    return Answer([{"space": label, **_rule_shape(it)} for it in rules])


def _changed(ask: Ask, before: PastRule) -> Rule | None:
    """Return the rule as it is to be from now on, None when nothing was said of it."""
    given = ask.params
    said = {key: given.maybe(key) for key in ("all_days", "daily_days", "monthly", "latest_over")}
    any_kind = given.flag("any_kind")
    if not any_kind and all(it is None for it in said.values()):
        return None
    over, monthly = said["latest_over"], said["monthly"]
    try:
        return Rule(
            _days(said["all_days"], before.all_days),
            _days(said["daily_days"], before.daily_days),
            before.monthly if monthly is None else monthly == "yes",
            before.latest_over if over is None else None if over == NEVER else size_of(over),
            any_kind or (before.any_kind and over is None),
        )
    except DecodeError as error:
        raise BadUsage(str(error)) from error


def _days(text: str | None, before: int) -> int:
    if text is None:
        return before
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MAX_DAYS)):
        raise BadUsage(f"days are a number from 0 to {MAX_DAYS}")
    return int(text)


# -- forgetting --------------------------------------------------------------------------
async def _forget(ask: Ask) -> Answer:
    asked = path_and_version(ask.params.text("path"), ask.params.maybe("given"))
    if asked.version is None:
        raise BadUsage("say which version: PATH@VERSION, from `atoll log PATH`")
    entry = await the_entry(ask.app, asked.path, asked.given)
    record = await the_version(ask.app, entry, asked.version)
    if ask.params.flag("take_back"):
        await ask.app.past.take_back(entry.space, entry.id, record)
        return Answer({"taken_back": True, "path": "/".join(entry.path)})
    told = await ask.app.past.forget(
        entry.space, entry.id, record, at_once=ask.params.flag("now"), report=ask.report
    )
    return Answer({"path": "/".join(entry.path), **_forgotten_shape(told)})


async def empty_bin(ask: Ask) -> Answer:
    """Keep what was deleted no longer, or what lay at some paths."""
    paths, name = ask.params.texts("path"), ask.params.maybe("space")
    if not paths:
        given = await _empty(ask, name)
    else:
        given = [await _empty_at(ask, Path(path), name) for path in paths]
    total = given[0] if given else Forgotten(0, 0, at_once=False, removed_bytes=0)
    for more in given[1:]:
        total = _together(total, more)
    return Answer({"emptied": True, **_forgotten_shape(total)})


async def _empty(ask: Ask, name: str | None) -> list[Forgotten]:
    now = ask.params.flag("now")
    found: list[Forgotten] = []
    for space in await open_spaces(ask.app, name):
        found += await ask.app.past.empty_bin(space.id, None, at_once=now, report=ask.report)
    return found


async def _empty_at(ask: Ask, path: Path, name: str | None) -> Forgotten:
    """Forget what was deleted at a path, and below it."""
    for space in await open_spaces(ask.app, name):
        wanted = [it.id for it in await ask.app.bin(space.id) if _lay_at(it, path, space)]
        if wanted:
            now = ask.params.flag("now")
            told = await ask.app.past.empty_bin(space.id, wanted, at_once=now, report=ask.report)
            return told[0]
    raise NotDeleted(path.name)


def _lay_at(item: BinItem, path: Path, space: SpaceInfo) -> bool:
    return space.folder is not None and space.folder.joinpath(*item.path).is_relative_to(path)


def _together(one: Forgotten, other: Forgotten) -> Forgotten:
    return replace(
        one,
        count=one.count + other.count,
        size=one.size + other.size,
        removed_bytes=one.removed_bytes + other.removed_bytes,
        others=max(one.others, other.others),
        has_edits=one.has_edits or other.has_edits,
        at_once=one.at_once and other.at_once,
        is_counted_on=one.is_counted_on or other.is_counted_on,
    )


# -- shapes ------------------------------------------------------------------------------
def _use_shape(use: Use, space: SpaceInfo) -> Shape:
    return {
        "space": space_label(space),
        "total": use.total,
        "files": use.files,
        "older_versions": use.older,
        "bin": use.bin,
        "quarantine": use.quarantine,
        "leaving": [{"at": float(at), "bytes": size} for at, size in use.leaving],
        "not_kept": use.freed_later,
        "log": use.log,
        "unused": use.unused,
        "index": use.index,
    }


def _given_shape(given: Given, space: SpaceInfo) -> Shape:
    return {
        "space": space_label(space),
        "removed_bytes": given.removed_bytes,
        "quarantined_bytes": given.quarantined_bytes,
        "given_back": given.given_back,
    }


def _rule_shape(rule: PastRule) -> Shape:
    return {
        "path": "/".join(rule.path),
        "all_days": rule.all_days,
        "daily_days": rule.daily_days,
        "monthly": rule.monthly,
        "latest_over": rule.latest_over,
        "any_kind": rule.any_kind,
        "set_here": rule.is_own,
    }


def _forgotten_shape(told: Forgotten) -> Shape:
    return {
        "versions": told.count,
        "bytes": told.size,
        "at_once": told.at_once,
        "removed_bytes": told.removed_bytes,
        "still_shown": told.still_shown > 0,
        "other_devices": told.others,
        "edits_stay": told.has_edits,
        "counted_on": told.is_counted_on,
    }


BYGONE: dict[str, Doing] = {
    "collect": _collect,
    "forget": _forget,
    "space": _space,
    "versions": _versions,
}
