"""`held` and `guard`: very many files changed at once, and from how many on that is held."""

from __future__ import annotations

from app.cli.asking import Ask, Doing
from app.cli.control import Answer
from app.cli.names import open_spaces, space_label, space_named
from app.cli.shapes import Shape
from app.errors import BadUsage
from app.guard_values import GuardSettings, Harm, HeldBatch
from app.values import SpaceInfo


async def _held(ask: Ask) -> Answer:
    through, undo = ask.params.flag("let_through"), ask.params.flag("undo")
    if through and undo:
        raise BadUsage("let it through or undo it, not both")
    if through or undo:
        space = await space_named(ask.app, ask.params.text("space"))
        return Answer(await (_through(ask, space) if through else _undone(ask, space)))
    batches: list[Shape] = []
    for space in await open_spaces(ask.app, ask.params.maybe("space")):
        batches += [batch_shape(it, space) for it in await ask.app.held(space.id)]
    return Answer({"held": batches, "all": ask.params.flag("all")})


async def _through(ask: Ask, space: SpaceInfo) -> Shape:
    return {"space": space_label(space), "let_through": await ask.app.let_through(space.id)}


async def _undone(ask: Ask, space: SpaceInfo) -> Shape:
    told = await ask.app.undo_held(space.id)
    return {
        "space": space_label(space),
        "put_back": told.files,
        "removed": told.removed,
        "lacking": told.lacking,
        "stays": told.stays,
    }


async def _guard(ask: Ask) -> Answer:
    space = await space_named(ask.app, ask.params.text("space"))
    on, off = ask.params.flag("on"), ask.params.flag("off")
    if on and off:
        raise BadUsage("the guard is on or off, not both")
    before = await ask.app.guard(space.id)
    now = GuardSettings(
        on or (before.on and not off),
        ask.params.number("files", before.files),
        ask.params.number("percent", before.percent),
    )
    if now != before:
        await ask.app.set_guard(space.id, now)
    return Answer(
        {"space": space_label(space), "on": now.on, "files": now.files, "percent": now.percent}
    )


def batch_shape(batch: HeldBatch, space: SpaceInfo) -> Shape:
    """Return what is held of one device."""
    counts = {harm.value: batch.count(harm) for harm in Harm}
    changes = [{"path": "/".join(it.path), "harm": it.harm.value} for it in batch.changes]
    return {
        "space": space_label(space),
        "device": batch.device,
        "this": batch.is_this,
        "since": batch.since,
        **counts,
        "changes": changes,
    }


HELD: dict[str, Doing] = {"held": _held, "guard": _guard}
