"""Laws of cutting a long change: nothing is lost or moved, and no entry is cut in two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.facts.change import ENTRY_SIZE, Drop, EntryId, Operation, Put
from storage.facts.values import Keep, Place, Value
from storage.parts import split

ENTRIES = st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=60)


def operations_of(entries: list[tuple[int, bool]]) -> list[Operation]:
    """Return some operations on each entry, one after the other."""
    found: list[Operation] = []
    for number, (count, gone) in enumerate(entries):
        entry = EntryId(number.to_bytes(ENTRY_SIZE))
        if gone:
            found.append(Drop(entry))
            continue
        place = Place(bytes(ENTRY_SIZE), "name")
        values: list[tuple[str, Value]] = [("place", place), ("keep", Keep(("name",)))]
        found += [Put(entry, attribute, value) for attribute, value in values * count]
    return found


@given(ENTRIES, st.integers(1, 30))
def test_the_parts_are_the_whole(entries: list[tuple[int, bool]], most: int) -> None:
    """In the same order, and no part is empty."""
    operations = operations_of(entries)
    parts = list(split(operations, most))
    assert [operation for part in parts for operation in part] == operations
    assert all(parts)


@given(ENTRIES, st.integers(10, 30))
def test_no_entry_is_cut_in_two(entries: list[tuple[int, bool]], most: int) -> None:
    """A kill between two records must not leave a file that has a name and no content."""
    parts = list(split(operations_of(entries), most))
    seen: set[EntryId] = set()
    for part in parts:
        assert len(part) <= most
        its = {operation.entry for operation in part}
        assert not its & seen
        seen |= its
