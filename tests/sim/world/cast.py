"""Who takes part: five devices that share a space, made once and copied for each seed."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from storage.access.roles import Role
from storage.vault import Vault
from tests.access import NOW, device
from tests.helpers.vaults import everyone
from tests.sim.people import FakeKnown
from tests.sim.world.machine import Bench, Data, Machine

NAMES = ("ada", "ben", "cy", "dee", "eve")
ENDS = NOW + 60
"""When Dee may no longer write."""
UNTIL = {"dee": ENDS}
ROLES = {"ada": Role.MANAGE, "ben": Role.EDIT, "cy": Role.EDIT, "dee": Role.EDIT, "eve": Role.VIEW}


@dataclass(slots=True)
class Cast:
    """All devices as they are at the beginning of every story."""

    bench: Bench
    top: TemporaryDirectory[str]
    people: list[FakeKnown]
    data: dict[str, Data] = field(default_factory=dict[str, Data])

    def path(self, name: str) -> Path:
        """Return where a device keeps its data."""
        return Path(self.top.name, name)


@cache
def cast() -> Cast:
    """Make everybody, once: before any fault is put in, for all stories go on from here."""
    people = [FakeKnown(device(f"world {name}"), name) for name in NAMES]
    for one in people:
        for other in people:
            if one is not other:
                one.meet(other.card())
                one.last[other.did] = ((other.name, 1),)
    made = Cast(Bench(), TemporaryDirectory(prefix="atoll-world-", dir=_fast()), people)
    try:
        with made.bench.in_use():
            _found(made)
    except BaseException:
        made.top.cleanup()
        raise
    gc.collect()
    gc.freeze()  # so that to sweep after each story takes no longer than it has to
    return made


def _found(made: Cast) -> None:
    vaults: list[Vault] = []
    for known in made.people:
        machine = Machine(Random(known.name))  # noqa: S311 - a simulation, not a secret
        data = made.data[known.name] = Data(machine)
        path = made.path(known.name)
        made.bench.place(path, data)
        if not vaults:
            vaults.append(Vault.create(path, known.keys, "Ours", machine, machine))
            continue
        owner = vaults[0]
        invited = owner.invite(ROLES[known.name], UNTIL.get(known.name))
        things = owner.invite_things(invited.secret.id)
        vaults.append(
            Vault.join(path, known.keys, things, invited.secret, owner.space, machine, machine)
        )
        everyone(vaults)
        owner.welcome()
    for known, vault in zip(made.people, vaults, strict=True):
        vault.introduce(known.name.title())
        everyone(vaults)
    for vault in vaults:
        vault.close()
    for name, data in made.data.items():
        assert data.packs.lasts, f"{name} was made on a disk that forgets"


def _fast() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, not shared
