"""What must be true once all faults ended: see the promises in the design of reliability."""

from __future__ import annotations

import unicodedata

from app.folder.ignore import TEMPORARY
from app.folder.port import Path
from storage.access.roles import Role
from storage.blocks.store import Kind
from storage.checking import NOTE
from storage.records.record import Record, parse_record
from storage.vault import Vault
from tests.helpers.vaults import core_of
from tests.sim.world.cast import ROLES, UNTIL
from tests.sim.world.device import IGNORE, Device
from tests.sim.world.promise import short, tokens_in
from tests.sim.world.story import ROUND, ROUNDS, Story

MOST_TOLD = 3
"""Of what cannot be read."""


async def settle(story: Story) -> int:
    """Let everybody meet until nothing is left to do; return how many rounds it took.

    Raises:
        AssertionError: they do not end equal.
    """
    why = ""
    for number in range(1, ROUNDS + 1):
        for device in story.devices:
            device.look_at_what_is_held()
            device.service.network_changed()
            device.in_step.missed()
            device.in_step.came_anywhere()
        await story.wait(ROUND)
        why = unsettled(story)
        if not why:
            return number
    raise AssertionError(f"not equal after {ROUNDS} rounds: {why}")


def unsettled(story: Story) -> str:
    """Say what is not as it should be yet; empty when all are equal."""
    first = story.devices[0].vault
    for device in story.devices:
        vault = device.vault
        if vault.seen != first.seen:
            return f"{device.name} has seen {vault.seen}, {story.devices[0].name} {first.seen}"
        if vault.root != first.root:
            return f"{device.name} has another root"
        if vault.auth != first.auth:
            return f"{device.name} holds other rights"
        if not vault.is_complete():
            return f"{device.name} lacks {len(vault.missing(99))} blocks"
        if why := unfaithful(device):
            return f"the folder of {device.name}: {why}"
    return ""


def unfaithful(device: Device) -> str:
    """Say where a folder is not what the tree says."""
    tree, drafts = device.vault.tree(), with_drafts(device)
    shown = {
        as_one(path): None if not node.version else b"".join(device.vault.read(node))
        for path, node in tree.walk()
    }
    disk = {as_one(path): data for path, data in device.folder.contents().items()}
    for path in sorted(shown.keys() | disk.keys()):
        if any(path[:n] in drafts for n in range(1, len(path) + 1)):
            continue
        if path not in shown and IGNORE.ignores_below(path, is_folder=disk[path] is None):
            continue
        if path in shown and path in disk and shown[path] == disk[path]:
            continue
        if disk.get(path, b"") is None and any(draft[: len(path)] == path for draft in drafts):
            continue  # it stays for a draft in it
        there, lies = (short(these.get(path, "nothing")) for these in (shown, disk))
        return f"{'/'.join(path)}: {there} in the tree, {lies} on the disk"
    return ""


def with_drafts(device: Device) -> set[Path]:
    """Return where drafts lie, and what cannot be as the tree says because of them."""
    held, tree = device.opened.mirrored.mirror.drafts(), device.vault.tree()
    drafts = {as_one(draft.path) for draft in held}
    for draft in held:
        if draft.entry is not None and tree.get(draft.entry) is not None:
            drafts.add(as_one(tree.path(draft.entry)))  # it stays where it was, whatever moved it
    return drafts | kept_out(device, drafts)


def kept_out(device: Device, drafts: set[Path]) -> set[Path]:
    """Return where lies what was moved to a place that a draft has: it stays until that is free."""
    agreed, tree = device.opened.mirrored.agreed, device.vault.tree()
    return {
        as_one(path)
        for entry in agreed.all()
        if tree.get(entry) is not None
        and as_one(tree.path(entry)) in drafts
        and (path := agreed.path(entry)) is not None
    }


def as_one(path: Path) -> Path:
    """Return a path in one spelling: two that look the same are one name."""
    return tuple(unicodedata.normalize("NFC", name) for name in path)


async def judge(story: Story) -> None:
    """Check all promises, once everybody is equal."""
    await stays_so(story)
    first = story.devices[0].vault
    visible = seen_in(first)
    lost = story.promises.wanted - tokens_in("".join(visible.values()))
    assert not lost, f"lost from what is shown: {sorted(lost)}"
    for device in story.devices:
        nothing_lost(story, device)
        rights(device)
        bounded(device, set_back=story.promises.set_back)
    no_phantoms(story, first)
    damaged = [found for found in first.check().found if found.severity != NOTE]
    assert not damaged, damaged


async def stays_so(story: Story) -> None:
    """Once equal, nobody does anything any more."""
    devices = [d for d in story.devices if not d.opened.mirrored.mirror.drafts()]
    before = story.devices[0].vault.seen, [d.folder.contents() for d in devices]
    for device in story.devices:
        device.in_step.missed()
        device.in_step.came_anywhere()
    await story.wait(ROUND)
    after = story.devices[0].vault.seen, [d.folder.contents() for d in devices]
    assert before == after, "it goes on, though nothing is left to do"
    assert not (why := unsettled(story)), why


def seen_in(vault: Vault) -> dict[Path, str]:
    """Return what a person sees, as text."""
    return {
        path: b"".join(vault.read(node)).decode(errors="ignore")
        for path, node in vault.tree().walk()
        if node.version
    }


def nothing_lost(story: Story, device: Device) -> None:
    """All that was said to be saved can be read, and all that stood in a folder is somewhere."""
    there = device.readable()
    promises = story.promises
    drafts = {data for each in story.devices for data in each.folder.contents().values()}
    tokens = {token for data in there for token in tokens_in(data)}

    def is_there(data: bytes) -> bool:
        # what texts are united to is made anew each time; their words are what must be there
        return data in there or (b"\0" not in data and tokens_in(data) <= tokens)

    why = "; ".join(["", *device.unread[:MOST_TOLD]])
    for data, who in promises.versions.items():
        held = is_there(data) if promises.set_back else data in there
        assert held, f"{device.name} lost what {who} saved: {short(data)}{why}"
    for data, who in promises.stood.items():
        held = is_there(data) or data in drafts or data in promises.torn
        assert held, f"{device.name} lacks what {who} had: {short(data)}{why}"


def no_phantoms(story: Story, vault: Vault) -> None:
    """What is shown was written by somebody, or is united of what was."""
    written = story.promises.written
    issued = {chr(0x4E00 + n) for n in range(1, story.promises.count + 1)}
    for path, node in vault.tree().walk():
        if not node.version:
            continue
        data = b"".join(vault.read(node))
        assert tokens_in(data) <= issued
        if not node.is_text:
            assert data in written, f"nobody wrote {'/'.join(path)}: {short(data)}"


def rights(device: Device) -> None:
    """Nobody's record is in who might not write when it says that it was made."""
    names = {known.did: known.name for known in device.told.people}
    for record in records(device.vault):
        name = names[record.issuer]
        assert ROLES[name] >= Role.EDIT, f"{name} may not write, and was heard"
        until = UNTIL.get(name)
        assert until is None or record.at <= until + 60, f"{name} wrote after its right ended"


def records(vault: Vault) -> list[Record]:
    """Return all records that are in."""
    core = core_of(vault)
    return [
        parse_record(thing.data)
        for thing in core.blocks.scan(Kind.RECORD)
        if core.ledger.holds(parse_record(thing.data).cid)
    ]


def bounded(device: Device, *, set_back: bool) -> None:
    """Nothing half done is left; but a record may wait for one that gave way after a set-back."""
    drafts = with_drafts(device)
    for path, _ in device.folder.walk():
        waits = as_one(path) in drafts  # for a place that a draft has
        assert waits or not TEMPORARY.match(path[-1]), f"{device.name} left {path[-1]}"
    core = core_of(device.vault)
    count = core.ledger.count_waiting()
    assert set_back or not count, f"{device.name} still waits for {count} records"
    assert not core.connection.in_transaction
