"""Very many files changed at once by a bad program, and what people do about it.

They take back what is held, or what some device did between two moments, or let everything be as
it was at one. Who does such a thing sees what goes and what comes: what goes is let go of, and
what a bad program had taken there, and nobody else, is to be there in the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from app.folder.memory import Thing
from app.folder.port import Path, Shape
from app.guard_batch import Batch
from app.guard_undo import undo
from storage.errors import AtollError
from storage.facts.change import EntryId
from storage.moment import Moment
from storage.restoring import Plan, carry_out, whole
from storage.vault import Vault
from tests.helpers.crashing_disk import PowerCut
from tests.sim.world.device import Down
from tests.sim.world.judge import seen_in
from tests.sim.world.person import Person
from tests.sim.world.promise import tokens_in

MANY = 14
"""Files: more than may always be changed, in the small folders of a story."""
LOCKED = ".locked"
_Work = Callable[[Person, Vault], frozenset[EntryId]]


async def is_attacked(person: Person) -> None:
    """A folder fills, and some time later a bad program goes through all that lies in it."""
    if person.device.folder.there:
        person.fill(MANY)
        await asyncio.sleep(person.random.choice((0.5, 4.0, 30.0)))
    if person.device.folder.there:
        attack: Callable[[Person], None] = person.random.choice(BAD_PROGRAMS)
        person.promises.attacked = person.device.name
        attack(person)
        person.promises.attacked = ""


def seals(person: Person) -> None:
    """Write other bytes into every file."""
    for at, path, thing in person.files():
        person.put(at, path, person.sealed() if thing.data else b"")


def seals_and_renames(person: Person) -> None:
    """Write other bytes into every file, and name it as another kind of file."""
    seals(person)
    renames(person)


def seals_beside(person: Person) -> None:
    """Write other bytes beside every file, and delete it."""
    for at, path, _ in person.files():
        person.put(at, _locked(path), person.sealed())
        _delete(person, at, path)


def renames(person: Person) -> None:
    """Name every file as another kind of file."""
    for at, path, _ in person.files():
        person.rename(at, path, at, _locked(path))


def deletes(person: Person) -> None:
    """Delete every file."""
    for at, path, _ in person.files():
        _delete(person, at, path)


BAD_PROGRAMS = (seals, seals_and_renames, seals_beside, renames, deletes)


def _locked(path: Path) -> Path:
    return (*path[:-1], f"{path[-1]}{LOCKED}")


def _delete(person: Person, at: Thing, path: Path) -> None:
    there = at.names.get(path[-1])
    if there is not None and there.shape is Shape.FILE:
        person.take_out(at, path)


# -- what people do about it ---------------------------------------------------------------
async def takes_back(person: Person) -> None:
    """Take back what is held; when nothing is, what some device did between two moments."""
    await _does(person, _taken_back)


async def puts_back(person: Person) -> None:
    """Let everything be as it was at some moment."""
    with suppress(AtollError, PowerCut, Down):
        await person.device.in_step.look_to_the_end()
    await _does(person, _restored)


async def decides(person: Person) -> None:
    """Look at what is held: some of it is taken back, and the rest let through later."""
    if person.device.opened.guard.batches and person.random.randrange(2):
        await takes_back(person)


async def _does(person: Person, work: _Work) -> None:
    device, promises = person.device, person.promises

    def doing(vault: Vault) -> frozenset[EntryId]:
        before = tokens_in("".join(seen_in(vault).values()))
        try:
            touched = work(person, vault)
            after = tokens_in("".join(seen_in(vault).values()))
        except BaseException:
            promises.goes(before)  # it may be done all the same
            raise
        promises.goes(before - after)
        promises.comes(device.name, after - before)
        device.told.trace(
            f"{device.name}: {work.__name__}, {len(after - before)} come, {len(before - after)} go"
        )
        return touched

    try:
        if device.runs and device.vault.may_edit():
            touched = await device.opened.run(doing)
            await device.in_step.committed_here(touched)
    except (PowerCut, Down):
        pass
    except AtollError as error:
        device.told.trace(f"{device.name}: {work.__name__}: {error.code}")


def _taken_back(person: Person, vault: Vault) -> frozenset[EntryId]:
    guard, random = person.device.opened.guard, person.random
    guard.judge()
    if guard.batches:
        return _undone(person, vault, random.choice(guard.batches))
    steps = vault.history(limit=-1)
    first, last = sorted(random.choices(steps, k=2), key=lambda step: step.pos)
    until = last.seen.with_dot(last.dot)
    undoing = vault.undoing({random.choice(steps).issuer}, first.seen, until)
    return _carried_out(person, vault, undoing.plan, undoing.then)


def _undone(person: Person, vault: Vault, batch: Batch) -> frozenset[EntryId]:
    """Undo a batch: all that it harmed is there again, but for what others let go of."""
    before = b"".join(vault.bytes_of(batch.files[entry].facts) for entry in batch.harms)
    with person.device.opened.guard.meant():
        told, touched = undo(vault, batch, "somebody")
    person.device.told.trace(f"{person.device.name}: undid {len(batch.harms)} harms: {told}")
    promises = person.promises
    lost = tokens_in(before) & promises.saved - (promises.let_go - promises.taken.keys())
    lost -= tokens_in("".join(seen_in(vault).values()))
    assert told.stays or told.lacking or not lost, f"undone, and not there: {sorted(lost)}"
    return touched


def _restored(person: Person, vault: Vault) -> frozenset[EntryId]:
    """Restore a moment: all is as it was then, byte for byte."""
    step = person.random.choice(vault.history(limit=-1))
    then = vault.moment(step.seen.with_dot(step.dot))
    planned = whole(vault.present(), then)
    touched = _carried_out(person, vault, planned, then)
    if not planned.absent:
        was = {path: b"".join(then.read(node)) for path, node in then.tree.walk() if node.version}
        now = {path: b"".join(vault.read(n)) for path, n in vault.tree().walk() if n.version}
        assert was == now, f"not as it was: {sorted(was.items() ^ now.items())}"
    return touched


def _carried_out(person: Person, vault: Vault, plan: Plan, then: Moment) -> frozenset[EntryId]:
    with person.device.opened.guard.meant():
        change = vault.change()
        carry_out(plan, change, vault.present(), then)
        vault.commit(change, "put back")
    return frozenset(operation.entry for operation in change.operations)
