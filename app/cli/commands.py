"""What each command does, given the app: the owner's side of the command line.

The same functions serve a terminal that reaches a running app and one that works alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from app.cli import caring
from app.cli.asking import Ask, Doing, Params
from app.cli.beside import BESIDE
from app.cli.bygone import BYGONE, empty_bin
from app.cli.control import Answer
from app.cli.held import HELD
from app.cli.keep import KEEPING
from app.cli.moments import at, diff_between, export_at, restore_at, show_at, undo
from app.cli.names import (
    PathAndVersion,
    label_of,
    name_of,
    open_spaces,
    path_and_version,
    space_label,
    space_named,
    spaces_named,
    the_entry,
    the_version,
)
from app.cli.shapes import (
    bin_shape,
    device_shape,
    draft_shape,
    entry_shape,
    hit_shape,
    invite_shape,
    space_shape,
    version_shape,
)
from app.comparing import unified
from app.errors import BadUsage, InNoFolder, NoSuchFolder, NotDeleted
from app.facade import App, RunningApp
from app.progress import Report
from app.values import BinItem, EntryInfo, Role, SpaceInfo
from storage.errors import NotFound
from storage.ports import Clock

FEW_STEPS = 50


class Commands:
    """Does commands by name."""

    def __init__(self, app: RunningApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, command: str, params: Mapping[str, object], report: Report) -> Answer:
        """Do one.

        Raises:
            BadUsage: there is no such command, or what it was given makes no sense.
        """
        doing = DOING.get(command)
        if doing is None:
            raise BadUsage(f"there is no command {command!r}")
        return await doing(Ask(self._app, Params(params), report, self._clock.now()))


# -- folders -----------------------------------------------------------------------------
async def _add(ask: Ask) -> Answer:
    space = await ask.app.add(Path(ask.params.text("folder")), ask.report)
    return Answer(space_shape(space, ask.now))


async def _spaces(ask: Ask) -> Answer:
    return Answer([space_shape(space, ask.now) for space in await ask.app.spaces()])


async def _status(ask: Ask) -> Answer:
    spaces = await spaces_named(ask.app, ask.params.maybe("space"))
    devices = await ask.app.devices()
    return Answer(
        {
            "running": True,
            "device": await ask.app.device_name(),
            "port": ask.app.port,
            "spaces": [space_shape(space, ask.now) for space in spaces],
            "devices": [device_shape(device) for device in devices],
            "backup": next(map(caring.backup_shape, await ask.app.backups()), None),
        }
    )


async def _leave(ask: Ask) -> Answer:
    space = await space_named(ask.app, ask.params.text("space"))
    await ask.app.leave(space.id)
    return Answer({"left": space_label(space)})


async def _attach(ask: Ask) -> Answer:
    space = await space_named(ask.app, ask.params.text("space"))
    folder, merge = Path(ask.params.text("folder")), ask.params.flag("merge")
    attached = await ask.app.attach(space.id, folder, merge=merge, report=ask.report)
    return Answer(space_shape(attached, ask.now))


async def _scan(ask: Ask) -> Answer:
    spaces = await open_spaces(ask.app, ask.params.maybe("space"))
    for space in spaces:
        await ask.app.scan(space.id, ask.report)
    return Answer({"scanned": [space_label(space) for space in spaces]})


# -- sharing -----------------------------------------------------------------------------
async def _share(ask: Ask) -> Answer:
    space = await space_named(ask.app, ask.params.text("space"))
    until = ask.params.given.get("until")
    if until is not None and not isinstance(until, int):
        raise BadUsage("until has to be a moment")
    role = _role(ask.params.text("can"))
    invite = await ask.app.share(space.id, role, until, ask.params.texts("address"))
    body = b""
    if ask.params.flag("file"):
        body = await ask.app.invite_file(invite.code)
    here = {"here": space_label(space), "running": True, "file": bool(body)}
    return Answer({**invite_shape(invite), **here}, body)


def _role(word: str) -> Role:
    try:
        return Role(word)
    except ValueError as error:
        raise BadUsage("--can is view, edit or manage") from error


async def _join(ask: Ask) -> Answer:
    given = _given(ask.params)
    into = Path(ask.params.text("into"))
    merge, keep = ask.params.flag("merge"), ask.params.maybe("keep")
    space = await ask.app.join(given, into, merge=merge, keep=keep, report=ask.report)
    return Answer(space_shape(space, ask.now))


async def _look(ask: Ask) -> Answer:
    """Say what a code offers; `join` asks this first, to tell the person."""
    return Answer(invite_shape(await ask.app.read_invite(_given(ask.params))))


def _given(params: Params) -> str | bytes:
    file = params.maybe("file")
    if file is None:
        return params.text("code")
    try:
        return bytes.fromhex(file)
    except ValueError as error:
        raise BadUsage("a hand-over file that is none") from error


async def _peers(ask: Ask) -> Answer:
    return Answer([device_shape(device) for device in await ask.app.devices()])


async def _dial(ask: Ask) -> Answer:
    return Answer({"name": await ask.app.dial(ask.params.text("address"))})


# -- versions ----------------------------------------------------------------------------
async def _log(ask: Ask) -> Answer:
    limit = ask.params.number("limit", 200)
    path = ask.params.maybe("path")
    if path is None:
        versions = [
            (space_label(space), version)
            for space in await open_spaces(ask.app)
            for version in await ask.app.history(space.id, None, limit)
        ]
    else:
        space, which = await _logged(ask, path)
        label = await label_of(ask.app, space)
        found = await ask.app.history(space, which, limit)
        versions = [(label, version) for version in found]
    return Answer([{"space": label, **version_shape(version)} for label, version in versions])


async def _logged(ask: Ask, path: str) -> tuple[str, str | None]:
    """Return the space and the entry (None: all of it) that a path, or SPACE, names."""
    given = ask.params.maybe("given")
    try:
        entry = await the_entry(ask.app, path, given)
    except NotFound:
        if given is None or "/" in given:
            raise
        with suppress(NoSuchFolder):
            return (await space_named(ask.app, given)).id, None
        raise
    return entry.space, entry.id if entry.path else None


async def _show(ask: Ask) -> Answer:
    if ask.params.maybe("at") is not None:
        return await show_at(ask)
    asked = await _asked(ask)
    entry = await the_entry(ask.app, asked.path, asked.given)
    record = None
    if asked.version is not None:
        record = await the_version(ask.app, entry, asked.version)
    body = await ask.app.read(entry.space, entry.id, record)
    return Answer({**entry_shape(entry), "size": len(body), "version": record}, body)


async def _diff(ask: Ask) -> Answer:
    if ask.params.maybe("from") is not None:
        return await diff_between(ask)
    asked = await _asked(ask)
    entry = await the_entry(ask.app, asked.path, asked.given)
    other = ask.params.maybe("version")
    if asked.version is None:
        before, old = await _version_before(ask.app, entry)
    else:
        before = await the_version(ask.app, entry, asked.version)
        old = await ask.app.read(entry.space, entry.id, before)
    after = None if other is None else await the_version(ask.app, entry, other)
    new = await ask.app.read(entry.space, entry.id, after)
    names = f"{entry.name}@{(before or 'nothing')[:8]}", f"{entry.name}@{(after or 'now')[:8]}"
    text = await asyncio.to_thread(unified, old, new, names)
    return Answer({**entry_shape(entry), "from": before, "to": after, "diff": text})


async def _version_before(app: App, entry: EntryInfo) -> tuple[str | None, bytes]:
    """Return the step before the last at which the entry was there, and what it held."""
    for step in (await app.history(entry.space, entry.id, FEW_STEPS))[1:]:
        try:
            return step.record, await app.read(entry.space, entry.id, step.record)
        except NotFound:
            continue  # it was in the bin then
    return None, b""


async def _restore(ask: Ask) -> Answer:
    if ask.params.maybe("at") is not None:
        return await restore_at(ask)
    asked = await _asked(ask)
    if asked.version is not None:
        entry = await the_entry(ask.app, asked.path, asked.given)
        record = await the_version(ask.app, entry, asked.version)
        return Answer(entry_shape(await ask.app.restore(entry.space, entry.id, record)))
    return Answer({**entry_shape(await _from_bin(ask, asked)), "from_bin": True})


async def _from_bin(ask: Ask, asked: PathAndVersion) -> EntryInfo:
    """Bring back what was deleted at a path: the latest, when there were several."""
    for space in await open_spaces(ask.app):
        for item in await ask.app.bin(space.id):
            inside = "/".join(item.path)
            full = str(space.folder / inside) if space.folder else inside
            if asked.path == full or asked.given in {f"{space_label(space)}/{inside}", item.id}:
                return await ask.app.restore_from_bin(space.id, item.id)
    if await _is_drafted(ask, Path(asked.path)):
        raise NotDeleted(Path(asked.path).name, drafted=asked.path)
    raise NotDeleted(name_of(await the_entry(ask.app, asked.path, asked.given)))


async def _is_drafted(ask: Ask, path: Path) -> bool:
    """Say whether who may not change it deleted or changed here what lies at a path."""
    found = await _around(ask, path)
    if found is None:
        return False
    space, inside = found
    return any(draft.path == inside for draft in await ask.app.drafts(space.id))


async def _around(ask: Ask, path: Path) -> tuple[SpaceInfo, tuple[str, ...]] | None:
    """Return the open folder that a path lies in, and the path in it."""
    for space in await open_spaces(ask.app):
        if space.folder is not None and path.is_relative_to(space.folder):
            return space, path.relative_to(space.folder).parts
    return None


async def _bin(ask: Ask) -> Answer:
    if ask.params.flag("empty"):
        return await empty_bin(ask)
    if ask.params.flag("now") or ask.params.texts("path"):
        raise BadUsage("--path and --now go with --empty")
    items: list[object] = []
    for space in await open_spaces(ask.app, ask.params.maybe("space")):
        deleted = as_deleted(await ask.app.bin(space.id))
        items += [bin_shape(item, space_label(space)) for item in deleted]
    return Answer(items)


def as_deleted(items: Iterable[BinItem]) -> list[BinItem]:
    """Return what was deleted, the last first, and each folder before what was deleted in it."""
    latest: dict[tuple[str, ...], float] = {}
    tops: dict[str, tuple[str, ...]] = {}
    known = tuple(items)
    folders = {item.path for item in known if item.is_folder}
    for item in known:
        above = (item.path[:n] for n in range(1, len(item.path)))
        top = tops[item.id] = next((path for path in above if path in folders), item.path)
        latest[top] = max(latest.get(top, 0.0), item.at)
    return sorted(known, key=lambda it: (-latest[tops[it.id]], tops[it.id], it.path, -it.at))


async def _drafts(ask: Ask) -> Answer:
    dropped = ask.params.maybe("drop")
    if dropped is not None:
        return await _drop(ask, Path(dropped))
    drafts: list[object] = []
    for space in await open_spaces(ask.app, ask.params.maybe("space")):
        drafts += [
            draft_shape(draft, space_label(space)) for draft in await ask.app.drafts(space.id)
        ]
    return Answer(drafts)


async def _drop(ask: Ask, path: Path) -> Answer:
    found = await _around(ask, path)
    if found is None:
        spaces = await ask.app.spaces()
        raise InNoFolder(str(path), [str(it.folder) for it in spaces if it.folder is not None])
    space, inside = found
    await ask.app.drop_draft(space.id, inside)
    return Answer({"dropped": "/".join(inside), "space": space_label(space)})


# -- truth -------------------------------------------------------------------------------
async def _search(ask: Ask) -> Answer:
    name = ask.params.maybe("space")
    where = None if name is None else (await space_named(ask.app, name)).id
    words = " ".join(ask.params.texts("words"))
    if not words.strip():
        raise BadUsage("say what to look for")
    hits = await ask.app.search(words, where, ask.params.number("limit", 50))
    labels = {space.id: space_label(space) for space in await ask.app.spaces()}
    return Answer([hit_shape(hit, labels.get(hit.space, hit.space)) for hit in hits])


async def _export(ask: Ask) -> Answer:
    if ask.params.maybe("at") is not None:
        return await export_at(ask)
    space = await space_named(ask.app, ask.params.text("space"))
    into = Path(ask.params.text("into"))
    count = await ask.app.export(space.id, into, ask.report)
    return Answer({"files": count, "into": str(into), "space": space_label(space)})


async def _asked(ask: Ask) -> PathAndVersion:
    return path_and_version(ask.params.text("path"), ask.params.maybe("given"))


DOING: dict[str, Doing] = {
    **BESIDE,
    **BYGONE,
    "at": at,
    "undo": undo,
    **KEEPING,
    **HELD,
    **caring.DOING,
    "add": _add,
    "attach": _attach,
    "bin": _bin,
    "dial": _dial,
    "diff": _diff,
    "drafts": _drafts,
    "export": _export,
    "join": _join,
    "leave": _leave,
    "log": _log,
    "look": _look,
    "peers": _peers,
    "restore": _restore,
    "scan": _scan,
    "search": _search,
    "share": _share,
    "show": _show,
    "spaces": _spaces,
    "status": _status,
}
