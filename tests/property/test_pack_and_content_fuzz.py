"""The fuzz targets in small: the fast checks run them on near misses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import fuzz_content, fuzz_pack


@st.composite
def near_misses(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """Take what is right, and cut, flip, double or lengthen it somewhere."""
    data = bytearray(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["cut", "flip", "double", "insert"])):
            case "cut":
                del data[at : at + draw(st.integers(0, 9))]
            case "flip" if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "double":
                data += data[at:]
            case _:
                data[at:at] = draw(st.binary(max_size=9))
    return bytes(data)


@pytest.mark.parametrize(
    ("check", "seeds"),
    [(fuzz_pack.check, fuzz_pack.SEEDS), (fuzz_content.check, fuzz_content.SEEDS)],
    ids=["pack", "content"],
)
@given(st.data())
def test_near_misses_do_no_harm(
    check: Callable[[bytes], None], seeds: tuple[bytes, ...], data: st.DataObject
) -> None:
    """Damage and malice look like this: almost right."""
    check(data.draw(near_misses(seeds) | st.binary(max_size=200)))
