"""What others do between two slices of a collection: none of it is lost by it."""

from __future__ import annotations

import pytest

from storage.blocks.store import Kind
from storage.collecting import Orders
from storage.facts.change import TOP
from storage.letgo import tops_of
from storage.retention import Rule
from storage.vault import Vault
from tests.helpers.vaults import (
    META,
    Place,
    core_of,
    dice,
    exchange,
    fetch,
    save,
    shown,
    tell,
    write,
)

LATEST = Orders({TOP: Rule(latest_over=1000, any_kind=True)}, quarantine=0)
LONG = b"\0" + dice(1).randbytes(3 << 20)
SLICES = 14
"""More than a run has."""


def collect(vault: Vault) -> None:
    """Collect from beginning to end."""
    run = vault.collection(LATEST)
    while run.step():
        pass


@pytest.mark.parametrize("at", range(SLICES))
def test_what_is_saved_again_while_it_is_on_its_way_out_stays(vault: Vault, at: int) -> None:
    """A block is there, so nobody writes it again: then it must not go."""
    entry = write(vault, "lake.mov", LONG, TOP)
    save(vault, entry, b"\0short")
    collect(vault)
    run = vault.collection(LATEST)
    for _ in range(at):
        run.step()
    change = vault.change()
    change.add_file(TOP, "again.mov", core_of(vault).contents.store_bytes(LONG), META)
    vault.commit(change, "added")
    while run.step():
        pass
    collect(vault)
    assert shown(vault) == {("lake.mov",): b"\0short", ("again.mov",): LONG}
    assert not vault.check().found


@pytest.mark.parametrize("at", range(SLICES))
def test_what_is_still_coming_keeps_what_it_shares_with_what_goes(
    vault: Vault, place: Place, at: int
) -> None:
    """Nobody knows what a file is made of before its list of parts has come."""
    other = place.join(vault, "other")
    entry = write(vault, "lake.mov", LONG, TOP)
    save(vault, entry, b"\0short")
    write(vault, "its end.mov", dice(2).randbytes(1 << 20) + LONG[1 << 20 :] + b"and more", TOP)
    exchange(vault, other)
    collect(other)
    made = write(vault, "longer.mov", LONG + b"and more", TOP)
    records = vault.things_after(other.seen, other.auth, 1 << 20).things
    other.accept([thing for thing in records if thing.digest not in tops_of(vault.facts(made))])
    run = other.collection(LATEST)
    for _ in range(at):
        run.step()
    wanted = other.missing(64)
    other.put_blocks(block for block in vault.get_blocks(wanted) if block is not None)
    assert at > 2 or other.is_complete()  # all else is here: only that list was missing
    while run.step():
        pass
    fetch(vault, other)
    assert other.is_complete()
    assert shown(other) == shown(vault)
    assert not other.check().found
    other.close()


def test_a_record_that_waits_keeps_what_it_says(vault: Vault, place: Place) -> None:
    """It came too early, and nobody sends it a second time."""
    other = place.join(vault, "other")
    exchange(vault, other)
    seen = other.seen
    for number in range(2):
        write(vault, f"{number}.md", b"a line\n", TOP)
    things = vault.things_after(seen, other.auth, 1 << 20).things
    (first, second) = [thing for thing in things if thing.kind is Kind.RECORD]
    other.accept([thing for thing in things if thing is not first])
    assert other.seen == seen
    for _ in range(2):
        collect(other)
    other.accept([first])
    other.accept(things[:1])
    assert other.seen == vault.seen, second
    tell(vault, other)
    assert shown(other) == shown(vault)
    other.close()


def test_a_version_that_is_to_be_kept_after_all_is_left_alone_by_a_run_under_way(
    vault: Vault,
) -> None:
    """The run was told what to keep when it began, and this was in quarantine by then."""
    entry = write(vault, "lake.mov", LONG, TOP)
    save(vault, entry, b"\0short")
    collect(vault)
    first = vault.history(entry)[1]
    run = vault.collection(LATEST)
    assert run.step()
    vault.want_version(vault.facts_at(entry, first))
    while run.step():
        pass
    assert b"".join(vault.read_at(entry, first.cid)) == LONG
