"""Vaults in folders of their own, with a clock and dice that a test holds in its hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from storage.access.roles import Role
from storage.blocks.store import Thing
from storage.core import Core
from storage.exchange import Accepted
from storage.facts.change import EntryId
from storage.facts.dots import Writer
from storage.facts.state import State
from storage.facts.values import Meta
from storage.identity.device import DeviceKeys
from storage.opened import Opened
from storage.tree.encode import encode_tree
from storage.vault import Vault
from storage.wants import Wants
from tests.access import NOW, Dice, device

META = Meta(0, executable=False)
BUDGET = 1 << 20


@dataclass(slots=True)
class Clock:
    """A clock that stands still until it is moved."""

    at: float = NOW

    def now(self) -> float:
        """Return the wall clock."""
        return self.at

    def monotonic(self) -> float:
        """Return the same, from another beginning."""
        return self.at - NOW


@dataclass(slots=True)
class Place:
    """Where devices keep their vaults of one space."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    seed: str = "vaults"

    def device(self, name: str) -> DeviceKeys:
        """Return the device of that name."""
        return device(f"{self.seed} {name}")

    def create(self, name: str = "owner", title: str = "Ours") -> Vault:
        """Make a space."""
        return Vault.create(
            self.folder / name, self.device(name), title, self.clock, Dice(f"{self.seed}/{name}")
        )

    def open(self, name: str = "owner", again: str = "again") -> Vault:
        """Open a vault that was closed."""
        dice = Dice(f"{self.seed}/{name}/{again}")
        return Vault.open(self.folder / name, self.device(name), self.clock, dice)

    def join(
        self, giver: Vault, name: str, role: Role = Role.EDIT, until: int | None = None
    ) -> Vault:
        """Let a device in by an invite, and exchange all."""
        invited = giver.invite(role, until)
        things = giver.invite_things(invited.secret.id)
        vault = Vault.join(
            self.folder / name,
            self.device(name),
            things,
            invited.secret,
            giver.space,
            self.clock,
            Dice(f"{self.seed}/{name}"),
        )
        exchange(giver, vault)
        return vault


def remove(vault: Vault, *entries: EntryId) -> None:
    """Delete, in one commit."""
    change = vault.change()
    for entry in entries:
        change.remove(entry)
    vault.commit(change, "removed")


def let_go(vault: Vault, digests: Iterable[bytes]) -> None:
    """Hold content no longer, on purpose: of an entry all, what opens it and what that opens."""
    core, wanted = core_of(vault), list(digests)
    with core.transaction():
        core.let_go.add(wanted)
        core.blocks.remove(wanted)
        Wants(core).drop(wanted)


def want_again(vault: Vault, digests: Iterable[bytes], entries: Iterable[EntryId]) -> None:
    """Let go of these blocks no longer; what the entries lack of theirs is wanted."""
    core = core_of(vault)
    with core.transaction():
        core.let_go.take_back(digests)
        Wants(core).note_again(entries)


def tell(giver: Vault, taker: Vault, budget: int = BUDGET) -> list[Accepted]:
    """Give one vault what it lacks of another, as sync does."""
    answers: list[Accepted] = []
    seen, auth = taker.seen, taker.auth
    while True:
        parcel = giver.things_after(seen, auth, budget)
        answers.append(taker.accept(parcel.things))
        seen, auth = parcel.seen_after, giver.auth
        if not parcel.more:
            break
    fetch(giver, taker)
    return answers


def fetch(giver: Vault, taker: Vault) -> None:
    """Bring over content, until nothing more comes."""
    wanted = taker.missing(64)
    while wanted:
        taker.put_blocks(block for block in giver.get_blocks(wanted) if block is not None)
        left = taker.missing(64)
        if left == wanted:
            break
        wanted = left


def exchange(one: Vault, other: Vault) -> None:
    """Let two vaults tell each other everything."""
    tell(one, other)
    tell(other, one)


def everyone(vaults: Iterable[Vault]) -> None:
    """Let all vaults tell each other everything."""
    vaults = list(vaults)
    for _ in range(2):
        for one in vaults:
            for other in vaults:
                if one is not other:
                    tell(one, other)


def things_of(vault: Vault) -> list[Thing]:
    """Return all that a vault would send to somebody who has nothing."""
    return list(vault.things_after(type(vault.seen)(), b"", 1 << 40).things)


def core_of(vault: Opened) -> Core:
    """Return what is inside a vault."""
    return vault._core  # noqa: SLF001 - the laws compare what is inside


def state_of(vault: Opened) -> State:
    """Return the state by replaying all records, without the index's facts."""
    core = core_of(vault)
    return core.history.state_at(core.seen)


def names_of(vault: Opened) -> Callable[[Writer], str]:
    """Return how a vault calls the devices behind writers."""
    return core_of(vault).device_name


def pure_root(vault: Opened) -> bytes:
    """Return the root that the pure encoding gives."""
    epoch, secret = core_of(vault).members.current_epoch()
    return encode_tree(state_of(vault), secret, epoch).root.to_bytes()


def write(vault: Vault, name: str, data: bytes, parent: EntryId) -> EntryId:
    """Make a file, and commit it."""
    change = vault.change()
    entry = change.add_file(parent, name, core_of(vault).contents.store_bytes(data), META)
    vault.commit(change, f"added {name}")
    return entry


def save(vault: Vault, entry: EntryId, data: bytes, base: bytes = b"") -> None:
    """Save a file, and commit it."""
    change = vault.change()
    change.write(entry, data, META, base)
    vault.commit(change, "edited")


def text(vault: Vault, entry: EntryId) -> str:
    """Return a file's text as it is read."""
    node = vault.tree().get(entry)
    assert node is not None
    return b"".join(vault.read(node)).decode()


def shown(vault: Vault) -> dict[tuple[str, ...], bytes | None]:
    """Return paths and the bytes under them, None for folders."""
    return {
        path: None if node.version == b"" else b"".join(vault.read(node))
        for path, node in vault.tree().walk()
    }


def dice(seed: int) -> Random:
    """Return dice that can be thrown again."""
    return Random(seed)  # noqa: S311
