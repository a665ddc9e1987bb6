"""The fuzz targets in small: each part of the fast checks runs them on near misses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.access.invite import HANDOVER_HEAD
from tests.fuzz import fuzz_codec, fuzz_invite, fuzz_token
from tests.golden import samples_access as samples

SEEDS = [
    *samples.steady().values(),
    *samples.wrapped().values(),
    samples.root().data[67:],
    samples.write().data[67:],
    HANDOVER_HEAD,
]


@st.composite
def near_misses(draw: st.DrawFn) -> bytes:
    """Draw something valid with a few bytes changed, cut or moved."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(["change", "cut", "insert", "repeat"])):
            case "change" if data:
                data[at] = draw(st.integers(0, 255))
            case "cut":
                del data[at : at + draw(st.integers(1, 40))]
            case "repeat":
                data[at:at] = data[at : at + draw(st.integers(1, 40))]
            case _:
                data[at:at] = draw(st.binary(max_size=10))
    return bytes(data)


@pytest.mark.parametrize(
    "check",
    [fuzz_codec.check, fuzz_token.check, fuzz_invite.check],
    ids=["codec", "token", "invite"],
)
@given(data=near_misses() | st.binary(max_size=100))
def test_a_target_holds_on_near_misses(check: Callable[[bytes], None], data: bytes) -> None:
    """A target that fails at once is found here, not in the night."""
    check(data)
