"""The judge of the simulated world bites: known faults, put in on purpose, are found soon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from app import guard_undo
from app.folder.agreed import Agreed, Row
from app.folder.checkout import Checkout
from app.folder.ground import Ground
from app.folder.marker import Standing
from app.folder.port import Path, Place, Stat
from app.folder.replaced import Replaced
from storage import changes, contents, siding
from storage.access.grants import best_grant
from storage.changes import ChangeSet
from storage.collecting import Collection
from storage.facts import view
from storage.facts.dots import Dot
from storage.facts.state import EntryFacts
from storage.index import line
from storage.members import Members
from storage.moment import Moment, Present
from storage.restoring import Plan, carry_out
from storage.vault import Vault
from tests.sim.world import deeds, play
from tests.sim.world.cast import cast
from tests.sim.world.collector import brings_in, collects
from tests.sim.world.machine import PackDisk
from tests.sim.world.play import tell
from tests.sim.world.story import Failed

AT_MOST = 200
"""Seeds."""
Fault = Callable[[pytest.MonkeyPatch], None]


def no_fsync(patch: pytest.MonkeyPatch) -> None:
    """Say saved before the disk has it."""
    patch.setattr(PackDisk, "sync", lambda _self, _name: None)


def no_fsync_of_the_folder(patch: pytest.MonkeyPatch) -> None:
    """Make the bytes of a new pack last, but not its name."""
    patch.setattr(PackDisk, "sync_folder", lambda _self: None)


def last_writer_wins(patch: pytest.MonkeyPatch) -> None:
    """Show the one with the latest clock, of two that were saved side by side."""

    def only_one(facts: EntryFacts) -> tuple[Dot | None, tuple[Dot, ...]]:
        return max(facts.get("content", {}), default=None, key=lambda dot: dot.rank), ()

    for module in (view, line, contents, changes, siding):
        patch.setattr(module, "sides", only_one)


def any_folder_will_do(patch: pytest.MonkeyPatch) -> None:
    """Believe an empty directory where a drive was."""
    patch.setattr(Ground, "root", lambda _self: Standing(1, 1, 1, 1))


def no_second_look(patch: pytest.MonkeyPatch) -> None:
    """Write over a file without looking whether it is still as it was, before or after."""

    def unlooked(_self: Checkout, place: Place, row: Row, _path: Path) -> Stat:
        return place.stat(row.disk)

    patch.setattr(Checkout, "_as_agreed", unlooked)
    patch.setattr(Replaced, "_is_as_it_was", lambda *_: True)


def nobody_asks_for_a_right(patch: pytest.MonkeyPatch) -> None:
    """Let anybody write who was ever given anything."""

    def proofs(self: Members, _role: object, now: float) -> tuple[bytes, ...]:
        grant = best_grant(
            self._did,
            self._device.did,
            self._delegations,
            now,
            signatures=self._signatures,
        )
        return () if grant is None else grant.proofs

    patch.setattr(Members, "may_write", lambda _self, *_record, **_how: None)
    patch.setattr(Members, "proofs_to", proofs)
    patch.setattr(Vault, "may_edit", lambda _self: True)


def after_a_power_cut_all_is_believed(patch: pytest.MonkeyPatch) -> None:
    """Take what the disk lost for what a person deleted."""
    patch.setattr(Agreed, "doubt_latest", lambda _self, _span: None)


def nothing_is_in_flight(patch: pytest.MonkeyPatch) -> None:
    """Collect what was stored and is not committed yet, just then."""
    patch.setattr(Collection, "mark_in_flight", lambda _self: None)
    patch.setattr(play, "brings_in", partial(brings_in, meanwhile=collects))


def an_undo_leaves_one_out(patch: pytest.MonkeyPatch) -> None:
    """Take back what is held, but for one thing that had to be done for it."""
    patch.setattr(guard_undo, "carry_out", _all_but_one)


def a_restore_leaves_one_out(patch: pytest.MonkeyPatch) -> None:
    """Let everything be as it was, but for one thing."""
    patch.setattr(deeds, "carry_out", _all_but_one)


def _all_but_one(plan: Plan, change: ChangeSet, now: Present, then: Moment) -> None:
    carry_out(replace(plan, acts=plan.acts[1:]), change, now, then)


FAULTS: tuple[tuple[Fault, str], ...] = (
    (no_fsync, "power"),
    (no_fsync_of_the_folder, "power"),
    (last_writer_wins, "parts"),
    (any_folder_will_do, "away"),
    (no_second_look, "meddles"),
    (nobody_asks_for_a_right, "skew"),
    (after_a_power_cut_all_is_believed, "power"),
    (nothing_is_in_flight, "slow"),
    (an_undo_leaves_one_out, "mass"),
    (a_restore_leaves_one_out, "mass"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "weather"), FAULTS, ids=lambda it: getattr(it, "__name__", ""))
def test_a_known_fault_is_found(
    monkeypatch: pytest.MonkeyPatch, fault: Fault, weather: str
) -> None:
    """A judge that finds nothing wrong says nothing: each promise was seen broken once."""
    cast()  # is made without the fault, for the stories that others tell after this one
    fault(monkeypatch)
    for seed in range(AT_MOST):
        try:
            tell(seed, (weather,))
        except Failed:
            return
    raise AssertionError(f"{fault.__name__} was not found in {AT_MOST} seeds")


@pytest.mark.parametrize("fault", [no_fsync, no_fsync_of_the_folder])
def test_who_takes_part_is_never_made_under_a_fault(
    monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """They are made once a process: a fault would stay in them, and break stories told later."""
    fault(monkeypatch)
    with pytest.raises(AssertionError, match="made on a disk that forgets"):
        cast.__wrapped__()
