"""Content that a device let go of on purpose: not missed, not asked for, not given."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from storage.errors import BlockNotFound
from storage.facts.change import TOP
from storage.letgo import tops_of
from storage.vault import Vault
from tests.helpers.vaults import (
    META,
    Place,
    core_of,
    exchange,
    fetch,
    let_go,
    shown,
    tell,
    want_again,
    write,
)

DATA = b"the picture of the lake " * 40
LONG = bytes(range(256)) * 9000


@pytest.fixture
def pair(place: Place) -> Iterator[tuple[Vault, Vault]]:
    """Return two devices that hold the same."""
    owner = place.create()
    other = place.join(owner, "other")
    exchange(owner, other)
    yield owner, other
    owner.close()
    other.close()


def test_what_was_let_go_is_not_missed(pair: tuple[Vault, Vault]) -> None:
    """A folder of which only the names are kept is whole: nothing is on its way to it."""
    owner, other = pair
    entry = write(owner, "lake.jpg", DATA, TOP)
    exchange(owner, other)
    tops = tops_of(other.facts(entry))
    let_go(other, tops)
    assert other.missing(9) == ()
    assert other.is_complete()
    assert other.to_come() == (0, 0)
    assert core_of(other).let_go.holds(tops[0])
    assert not other.check().found
    assert other.get_blocks(tops) == [None]
    node = other.tree().get(entry)
    assert node is not None
    assert not other.is_here(node)
    assert other.lacking([entry]) == {entry}
    with pytest.raises(BlockNotFound):
        list(other.read(node))


def test_what_was_let_go_before_it_came_is_never_asked_for(pair: tuple[Vault, Vault]) -> None:
    """What is not kept here is not fetched first."""
    owner, other = pair
    entry = write(owner, "lake.mov", LONG, TOP)
    other.accept(owner.things_after(other.seen, other.auth, 1).things)
    assert other.missing(9)
    let_go(other, tops_of(owner.facts(entry)))
    assert other.missing(9) == ()
    fetch(owner, other)
    tell(owner, other)
    assert other.missing(9) == ()
    change = owner.change()
    change.move(entry, TOP, "sea.mov")
    owner.commit(change, "renamed")
    tell(owner, other)
    assert other.missing(9) == ()


def test_what_is_wanted_again_comes_again(pair: tuple[Vault, Vault], place: Place) -> None:
    """Also after the program was ended in between: what is not missed is remembered."""
    owner, other = pair
    entry = write(owner, "lake.mov", LONG, TOP)
    exchange(owner, other)
    tops = tops_of(other.facts(entry))
    let_go(other, tops)
    other.close()
    other = place.open("other")
    assert core_of(other).let_go.holds(tops[0])
    assert other.missing(9) == ()
    want_again(other, tops, [entry])
    assert other.missing(9)
    fetch(owner, other)
    assert other.is_complete()
    assert shown(other) == shown(owner)
    assert not other.check().found
    other.close()


def test_an_older_version_that_is_shown_again_is_wanted(pair: tuple[Vault, Vault]) -> None:
    """Whoever brings an old version back means it for every device."""
    owner, other = pair
    entry = write(owner, "lake.jpg", DATA, TOP)
    exchange(owner, other)
    was = owner.facts(entry)
    change = owner.change()
    change.write(entry, b"\0new", META, b"")
    owner.commit(change, "edited")
    exchange(owner, other)
    core, tops = core_of(other), tops_of(was)
    with core.transaction():
        core.let_go.add(tops, older=True)
        core.blocks.remove(tops)
    change = owner.change()
    change.write(entry, DATA, META, b"")
    owner.commit(change, "brought back")
    tell(owner, other)
    assert other.missing(9) == ()
    assert shown(other) == shown(owner)
    assert not core_of(other).let_go.holds(tops[0])
