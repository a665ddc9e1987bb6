"""The fuzz targets of sync, on bytes that hypothesis makes: each build runs them a little."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import fuzz_frames, fuzz_session


@pytest.mark.parametrize("seed", fuzz_frames.SEEDS)
def test_every_seed_of_the_frames_is_a_message(seed: bytes) -> None:
    """A fuzzer starts from what is right."""
    fuzz_frames.check(seed)


@given(st.one_of(st.binary(max_size=200), st.sampled_from(fuzz_frames.SEEDS)))
def test_frames_hold(data: bytes) -> None:
    """Whatever comes."""
    fuzz_frames.check(data)


@settings(max_examples=20)
@given(st.lists(st.one_of(st.binary(max_size=60), st.sampled_from(fuzz_session.SEEDS)), max_size=4))
def test_sessions_hold(parts: list[bytes]) -> None:
    """Whoever says it."""
    fuzz_session.check(b"".join(parts))
