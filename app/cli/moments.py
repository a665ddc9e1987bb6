"""What commands about any moment do: at, show --at, export --at, diff, restore --at, undo."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from app.cli.asking import Ask, Params
from app.cli.control import Answer
from app.cli.names import space_label, space_named
from app.cli.shapes import Shape
from app.comparing import changed_lines, marked, unified
from app.errors import BadUsage, InNoFolder
from app.facade import App
from app.loose import mapping_in
from app.moments_values import (
    Consent,
    EntryThen,
    FileThen,
    MomentInfo,
    Undone,
)
from app.values import SpaceInfo
from storage.errors import NotFound

Names = tuple[str, ...]


async def at(ask: Ask) -> Answer:
    """List what was in a folder."""
    space = await space_named(ask.app, ask.params.text("space"))
    inside = _inside(ask.params.maybe("inside"))
    found = await ask.app.moments.listing(
        space.id, ask.params.text("moment"), inside, deep=ask.params.flag("deep")
    )
    entries = [_entry_shape(entry) for entry in found.entries]
    label = space_label(space)
    return Answer({"space": label, "moment": _moment_shape(found.moment), "entries": entries})


async def show_at(ask: Ask) -> Answer:
    """Return a file as it was."""
    space, names = await place_named(ask, ask.params.text("path"), ask.params.maybe("given"))
    found = await ask.app.moments.read(space.id, ask.params.text("at"), names)
    shape = {**_entry_shape(found.entry), "size": len(found.data)}
    return Answer({**shape, "moment": _moment_shape(found.moment)}, found.data)


async def export_at(ask: Ask) -> Answer:
    """Write all files as they were."""
    space, into = await space_named(ask.app, ask.params.text("space")), ask.params.text("into")
    moment, count = await ask.app.moments.export(
        space.id, ask.params.text("at"), Path(into), ask.report
    )
    label = space_label(space)
    shape = {"files": count, "into": into, "space": label, "moment": _moment_shape(moment)}
    return Answer(shape)


async def diff_between(ask: Ask) -> Answer:
    """Compare two moments: of a file its lines, of a folder its paths."""
    params = ask.params
    first, second = params.text("from"), params.maybe("to") or "now"
    space, names = await place_named(ask, params.text("path"), params.maybe("given"))
    if names:
        old = await _maybe_read(ask.app, space, first, names)
        new = await _maybe_read(ask.app, space, second, names)
        if old is not None or new is not None:
            answer = await _texts(names, old, new, (first, second))
            return Answer({**mapping_in(answer.value), "by_words": params.flag("words")})
    compared = await ask.app.moments.compare(space.id, first, second, names)
    differences = [
        {
            "what": it.kind,
            "path": "/".join(it.path),
            "was": "/".join(it.was) or None,
            "folder": it.is_folder,
        }
        for it in compared.differences
    ]
    moments = [_moment_shape(compared.first), _moment_shape(compared.second)]
    return Answer({"space": space_label(space), "moments": moments, "differences": differences})


async def restore_at(ask: Ask) -> Answer:
    """Let all of a folder, or a part, be as it was."""
    space, names = await place_named(ask, ask.params.text("path"), ask.params.maybe("given"))
    only = [(*names, *_inside(inside)) for inside in ask.params.texts("only")]
    paths = only or ([names] if names else [])
    undone = await ask.app.moments.restore(
        space.id, ask.params.text("at"), paths, consent=_consent(ask.params), report=ask.report
    )
    return Answer(_undone_shape(space, undone))


async def undo(ask: Ask) -> Answer:
    """Take back what devices did."""
    space = await space_named(ask.app, ask.params.text("space"))
    who = ask.params.texts("by")
    if not who:
        raise BadUsage("say whose: --by NAME")
    undone = await ask.app.moments.undo(
        space.id,
        who,
        ask.params.text("from"),
        ask.params.maybe("to") or "now",
        consent=_consent(ask.params),
        report=ask.report,
    )
    return Answer(_undone_shape(space, undone))


async def place_named(ask: Ask, path: str, given: str | None) -> tuple[SpaceInfo, Names]:
    """Return the folder that a path lies in, and what is inside; also of SPACE and SPACE/inside.

    Raises:
        InNoFolder: it is neither.
    """
    app, spaces = ask.app, {space.id: space for space in await ask.app.spaces()}
    named = None if given is None else await _space_and_inside(app, given)
    if named is not None and not await _lies_there(app, path):
        return named
    try:
        space, names = await app.moments.place(Path(path))
    except InNoFolder:
        if named is not None:
            return named
        raise
    return spaces[space], names


async def _lies_there(app: App, path: str) -> bool:
    try:
        await app.find(Path(path))
    except NotFound:
        return False
    return True


async def _space_and_inside(app: App, given: str) -> tuple[SpaceInfo, Names] | None:
    first, _, rest = given.partition("/")
    if first in {"", ".", ".."}:
        return None
    try:
        return await space_named(app, first), _inside(rest)
    except NotFound:
        return None


def _inside(path: str | None) -> Names:
    names = tuple(name for name in (path or "").split("/") if name not in {"", "."})
    if ".." in names:
        raise BadUsage("a path inside the folder cannot hold '..'")
    return names


async def _maybe_read(app: App, space: SpaceInfo, moment: str, names: Names) -> FileThen | None:
    try:
        return await app.moments.read(space.id, moment, names)
    except NotFound:
        return None


async def _texts(
    names: Names, old: FileThen | None, new: FileThen | None, moments: tuple[str, str]
) -> Answer:
    before, after = (b"" if file is None else file.data for file in (old, new))
    titles = (f"{names[-1]} ({moments[0]})", f"{names[-1]} ({moments[1]})")
    shape: Shape = {
        "path": "/".join(names),
        "from": None if old is None else _moment_shape(old.moment),
        "to": None if new is None else _moment_shape(new.moment),
    }
    return Answer({**shape, **await asyncio.to_thread(_compared, before, after, titles)})


def _compared(before: bytes, after: bytes, titles: tuple[str, str]) -> Shape:
    shape: Shape = {"diff": unified(before, after, titles)}
    with suppress(UnicodeDecodeError):  # what is no text has no words
        shape["words"] = [
            {"what": line.sign, "line": line.line, "text": marked(line.pieces)}
            for line in changed_lines(before.decode(), after.decode())
        ]
    return shape


def _consent(params: Params) -> Consent:
    return Consent(params.flag("dry_run"), params.maybe("token") or "")


def _moment_shape(moment: MomentInfo) -> Shape:
    return {
        "understood": moment.words,
        "steps": moment.steps,
        "later": moment.later,
        "ahead": moment.ahead,
        "at": moment.at,
        "version": moment.record or None,
    }


def _entry_shape(entry: EntryThen) -> Shape:
    return {
        "path": "/".join(entry.path),
        "folder": entry.is_folder,
        "size": entry.size,
        "mtime": entry.mtime,
        "by": entry.by,
        "here": entry.here,
    }


def _undone_shape(space: SpaceInfo, undone: Undone) -> Shape:
    return {
        "space": space_label(space),
        "moments": [_moment_shape(moment) for moment in undone.moments],
        "devices": list(undone.devices),
        "steps": undone.steps,
        "do": [
            {
                "what": deed.kind,
                "path": "/".join(deed.path),
                "was": "/".join(deed.was) or None,
                "folder": deed.is_folder,
            }
            for deed in undone.deeds
        ],
        "absent": ["/".join(path) for path in undone.absent],
        "stays": [
            {"path": "/".join(it.path), "why": it.why, "by": it.by or None} for it in undone.stays
        ],
        "token": undone.token,
        "version": undone.record or None,
    }
