"""What is recorded and judged: one story for each way in which Atoll writes to a disk.

A story is told once, in a process of its own, and says what it promised as it goes. Then
`judge` opens what a power cut left of it, in this process, with the same real code.
"""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Protocol, cast

from app.accounts import Account, set_up
from app.places import Places, prepare
from app.state import DeviceRow, DeviceState, SpaceRow
from storage.access.roles import Role
from storage.errors import AtollError, BlockNotFound
from storage.facts.change import TOP, EntryId
from storage.identity.keyfile import load
from storage.identity.keyfile import save as save_keys
from storage.index.sealed_db import open_sealed
from storage.vault import Vault
from tests.access import Dice, device
from tests.helpers.vaults import META, Place, core_of, exchange, fetch, things_of

Words = dict[str, object]
Files = dict[str, str]


class Say(Protocol):
    """Promises something: it has to be so after a power cut at any later moment."""

    def __call__(self, **words: object) -> None:
        """Say it."""
        ...


@dataclass(slots=True)
class Told:
    """What was said until the power cut, and in all."""

    before: Sequence[Words]
    all: Sequence[Words]

    def last(self, key: str) -> object | None:
        """Return what was said last under a key."""
        return next((words[key] for words in reversed(self.before) if key in words), None)

    def may_be(self, key: str) -> set[object]:
        """Return what may be: what was said last under a key, and all that was to come."""
        return set(self.since(key))

    def since(self, key: str) -> list[object]:
        """Return the same in the order in which it was said, with what was only about to be."""
        said = [words for words in self.before if key in words]
        start = self.all.index(said[-1]) if said else 0
        return [it[name] for it in self.all[start:] for name in (key, "may") if name in it]


class Story(Protocol):
    """One way of writing."""

    def tell(self, base: Path, say: Say) -> None:
        """Do it, below `base/root`; what lies beside that is on another disk."""
        ...

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Fail if what is below `base/root` is not what was promised."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """How hard to look at an image, for the dearer questions are not asked of each."""

    check: bool = True
    rebuild: bool = False
    go_on: bool = False


def fingerprint(vault: Vault) -> str:
    """Return what stands for all that a person sees in a space."""
    return hashlib.blake2b(repr(sorted(held(vault).items())).encode(), digest_size=16).hexdigest()


def held(vault: Vault) -> dict[str, str]:
    """Return path to digest of what a space shows; of what is not here yet, a word."""
    found: dict[str, str] = {}
    for path, node in vault.tree().walk():
        data = b"a folder" if not node.version else None
        with suppress(BlockNotFound):
            data = data or b"".join(vault.read(node))
        digest = "to come" if data is None else hashlib.blake2b(data, digest_size=8).hexdigest()
        found["/".join(path)] = digest
    return found


def all_lasts(root: Path) -> None:
    """Let everything so far be on the disk."""
    file = os.open(root, os.O_RDONLY)
    try:
        assert ctypes.CDLL(None).syncfs(file) == 0
    finally:
        os.close(file)


def add(vault: Vault, name: str, data: bytes) -> bytes:
    """Add a file, and commit it; return the record's name."""
    change = vault.change()
    change.add_file(TOP, name, core_of(vault).contents.store_bytes(data), META)
    record = vault.commit(change, f"added {name}")
    assert record is not None
    return record.cid


def save(vault: Vault, name: str, data: bytes) -> None:
    """Save a file that is there."""
    change, entry = vault.change(), entry_of(vault, name)
    change.write(entry, data, META)
    vault.commit(change, f"edited {name}")


def remove(vault: Vault, name: str) -> None:
    """Remove a file."""
    change = vault.change()
    change.remove(entry_of(vault, name))
    vault.commit(change, f"removed {name}")


def move(vault: Vault, name: str, new_name: str) -> None:
    """Give a file another name."""
    change = vault.change()
    change.move(entry_of(vault, name), TOP, new_name)
    vault.commit(change, f"moved {name}")


def entry_of(vault: Vault, name: str) -> EntryId:
    """Return what lies under a name."""
    (entry,) = [node.id for path, node in vault.tree().walk() if path == (name,)]
    return entry


def is_a_state(vault: Vault, told: Told) -> None:
    """Look that a vault is as it was promised last, or as it was about to be."""
    assert fingerprint(vault) in told.may_be("state"), "an acknowledged state is lost"


def is_between(vault: Vault, told: Told) -> None:
    """Look that each file by itself is as it was promised last, or as it was about to be."""
    states = [dict(cast("Files", it)) for it in told.since("files")]
    now = held(vault)
    for path in {*now, *(path for state in states for path in state)}:
        assert now.get(path) in {state.get(path) for state in states}, f"{path} is lost"


def judge_vault(
    place: Place, told: Told, look: Look, holds: Callable[[Vault, Told], None] = is_a_state
) -> None:
    """Look that a vault holds all that was promised, and that opening changes nothing."""
    if told.last("state") is None:
        with suppress(AtollError):  # what was never promised need not be there
            place.open("owner", "once").close()
        return
    with closing(place.open("owner", "once")) as vault:
        first = fingerprint(vault), vault.root
        holds(vault, told)
        if look.go_on:
            add(vault, "after", b"after the power cut")
            first = fingerprint(vault), vault.root
    if look.check:
        with closing(place.open("owner", "twice")) as vault:
            assert (fingerprint(vault), vault.root) == first, "opening twice is not as once"
            assert not core_of(vault).blocks.has_adopted, "the first opening left something"
            found = [it for it in vault.check().found if it.severity == "damaged"]
            assert not found, found
    if look.rebuild:
        for path in (place.folder / "owner").glob("index.db*"):
            path.unlink()
        with closing(place.open("owner", "anew")) as vault:
            assert (fingerprint(vault), vault.root) == first, "the index and the packs disagree"


class Committing:
    """A space is made, and what a person saves is committed; closed and opened in between."""

    def tell(self, base: Path, say: Say) -> None:
        """Commit texts, something longer, an edit, a removal."""
        place, noise = Place(base / "root"), Random(1)  # noqa: S311
        say(begin=True)
        vault = place.create()
        say(state=fingerprint(vault))
        for number in range(3):
            add(vault, f"note-{number}.md", b"a line\n" * (number + 1))
            say(state=fingerprint(vault))
        add(vault, "long.bin", noise.randbytes(30_000))
        say(state=fingerprint(vault))
        save(vault, "note-1.md", b"a line\nand one more\n")
        say(state=fingerprint(vault))
        vault.close()
        vault = place.open()
        remove(vault, "note-0.md")
        say(state=fingerprint(vault))
        add(vault, "last.md", b"the last\n")
        say(state=fingerprint(vault))

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Look at the vault, which need not be there before it was made."""
        judge_vault(Place(base / "root"), told, look)


class CommittingLong:
    """Files of many sectors are committed, so that a write is often torn."""

    def tell(self, base: Path, say: Say) -> None:
        """Commit some, one by one."""
        vault, noise = Place(base / "root").create(), Random(9)  # noqa: S311
        all_lasts(base / "root")
        say(begin=True, state=fingerprint(vault))
        for number in range(6):
            add(vault, f"long-{number}.bin", b"\0" + noise.randbytes(3_000))
            say(state=fingerprint(vault))

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Look at the vault."""
        judge_vault(Place(base / "root"), told, look)


class Taking:
    """Records, rights and contents that another device made are taken in."""

    def tell(self, base: Path, say: Say) -> None:
        """Take them in portions, then their contents in portions."""
        place, away, noise = Place(base / "root"), Place(base / "away"), Random(2)  # noqa: S311
        vault = place.create()
        add(vault, "ours.md", b"ours\n")
        other, third = away.join(vault, "editor"), away.join(vault, "third")
        exchange(vault, other)
        exchange(vault, third)
        for number in range(3):
            add(other, f"text-{number}.md", b"theirs\n" * (number + 1))
            add(other, f"long-{number}.bin", noise.randbytes(20_000))
        save(other, "ours.md", b"ours\nand theirs\n")
        all_lasts(base / "root")
        say(begin=True, state="begun", files=held(vault))
        news = other.things_after(vault.seen, vault.auth, 1 << 20).things
        for start in range(0, len(news), 5):
            for thing in news[start : start + 5]:  # some of them, if the power goes meanwhile
                third.accept([thing])
                say(may=held(third))
            vault.accept(news[start : start + 5])
            say(files=held(vault))
        while wanted := vault.missing(2):
            vault.put_blocks(block for block in other.get_blocks(wanted) if block is not None)
            say(files=held(vault))
        say(complete=vault.is_complete())

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Look at the vault: of a portion that was not acknowledged, some may be there."""
        judge_vault(Place(base / "root"), told, look, is_between)


class Joining:
    """A device enters a space with what its giver handed over."""

    def tell(self, base: Path, say: Say) -> None:
        """Join, and fetch all."""
        giver = Place(base / "away").create("giver")
        for number in range(3):
            add(giver, f"note-{number}.md", b"a line\n" * (number + 1))
        add(giver, "long.bin", Random(3).randbytes(20_000))  # noqa: S311
        invited = giver.invite(Role.EDIT, None)
        things = giver.invite_things(invited.secret.id)
        say(begin=True)
        place = Place(base / "root")
        vault = Vault.join(
            base / "root" / "owner",
            place.device("owner"),
            things,
            invited.secret,
            giver.space,
            place.clock,
            Dice("joining"),
        )
        say(state=fingerprint(vault))
        for thing in things_of(giver):
            vault.accept([thing])
            say(state=fingerprint(vault))
        fetch(giver, vault)
        say(state=fingerprint(vault))
        vault.introduce("the other")
        say(state=fingerprint(vault))

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Look at the vault, which may be between two portions that were fetched."""
        judge_vault(Place(base / "root"), told, look)


class Rebuilding:
    """The index of another version of the program is made anew from the packs."""

    def tell(self, base: Path, say: Say) -> None:
        """Open it, and go on."""
        place = Place(base / "root")
        vault = place.create()
        for number in range(4):
            add(vault, f"note-{number}.md", b"a line\n" * (number + 1))
        add(vault, "long.bin", Random(4).randbytes(20_000))  # noqa: S311
        core, state = core_of(vault), fingerprint(vault)
        key = core.device.derive(f"index/{core.space.hex()}")
        vault.close()
        connection = open_sealed(core.index_path, key)
        connection.execute("PRAGMA user_version = 1")
        connection.close()
        all_lasts(base / "root")
        say(begin=True, state=state)
        vault = place.open()
        say(state=fingerprint(vault))
        add(vault, "after.md", b"after\n")
        say(state=fingerprint(vault))

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Look at the vault."""
        judge_vault(Place(base / "root"), told, look)


class Keeping:
    """A device's keys are written, and written anew."""

    def tell(self, base: Path, say: Say) -> None:
        """Save three pairs of keys, one in place of the other."""
        say(begin=True)
        path = base / "root" / "keys" / "device.key"
        path.parent.mkdir(mode=0o700)
        all_lasts(base / "root")
        for name in ("one", "two", "three"):
            save_keys(path, device(name))
            say(did=device(name).did)

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Read them: the whole file, old or new."""
        del look
        try:
            did = load(base / "root" / "keys" / "device.key").did
        except AtollError:
            assert told.last("did") is None, "the keys are lost"
            return
        assert did in told.may_be("did")


class Remembering:
    """A device is set up and remembers folders, devices and codes."""

    def tell(self, base: Path, say: Say) -> None:
        """Set it up, then remember this and that."""
        say(begin=True)
        places = Places(base / "root" / "data")
        prepare(places)
        asyncio.run(set_up(places, "Desk", Dice("set up")))
        asyncio.run(self._remember(places, say))

    async def _remember(self, places: Places, say: Say) -> None:
        account = Account.open(places)
        state = account.state
        say(memory=_memory(state))
        await state.set("language", "en")
        say(memory=_memory(state))
        for number in range(3):
            await state.put_space(SpaceRow(f"{number:064}", Path(f"/notes/{number}"), "Notes"))
            say(memory=_memory(state))
            await state.put_device(DeviceRow(f"did:{number}", "Lap", bytes(32), (("host", 1),)))
            say(memory=_memory(state))
        await state.put_pending("space", "code")
        say(memory=_memory(state))
        await state.close()
        state = Account.open(places).state
        await state.drop_pending("space")
        say(memory=_memory(state))

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Open it; one whose set-up was cut short can be set up."""
        del look
        places = Places(base / "root" / "data")
        if told.last("memory") is None:
            prepare(places)
            if not places.is_set_up():
                asyncio.run(set_up(places, "Desk", Dice("set up")))
        for _ in range(2):
            memory = asyncio.run(_remembered(places))
            assert memory in told.may_be("memory")


async def _remembered(places: Places) -> str:
    state = Account.open(places).state
    memory = _memory(state)
    await state.close()
    return memory


def _memory(state: DeviceState) -> str:
    found = (state.settings, state.spaces, state.devices, state.pending, state.invites)
    return json.dumps([sorted(map(repr, table.items())) for table in found])
