"""The fuzz targets of trees and texts in small: near misses of what is valid."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storage.facts.text_wire import changes_from_bytes, changes_to_bytes, updates_in
from tests.fuzz import fuzz_text, fuzz_tree

TREES = list(fuzz_tree.SEEDS)
TEXTS = list(fuzz_text.SEEDS)
CHANGES = [changes_from_bytes(update) for data in TEXTS for update in updates_in(data)]


@st.composite
def near_misses(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Draw something valid with a few bytes changed, cut or doubled."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 4))
        match draw(st.sampled_from(["change", "cut", "double"])):
            case "change":
                data[at : at + size] = draw(st.binary(min_size=size, max_size=size))
            case "cut":
                del data[at : at + size]
            case _:
                data[at:at] = data[at : at + size]
    return bytes(data)


@given(near_misses(TREES))
def test_near_misses_of_rows_nodes_and_operations_are_refused(data: bytes) -> None:
    """Or they mean just what they say."""
    fuzz_tree.check(data)


@given(near_misses(TEXTS))
def test_near_misses_of_changes_are_refused(data: bytes) -> None:
    """Or they change the text, and nothing breaks."""
    fuzz_text.check(data)


@given(st.data())
def test_changes_in_any_order_twice_or_without_what_they_build_on_do_no_harm(
    data: st.DataObject,
) -> None:
    """Well-formed changes reach Loro itself, whatever they say."""
    changes = list(data.draw(st.sampled_from(CHANGES)))
    chosen = data.draw(st.lists(st.sampled_from(changes), min_size=1, max_size=8))
    fuzz_text.check(changes_to_bytes(chosen))
