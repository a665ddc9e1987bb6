"""When a device that keeps names only looks again at what it is to let go of."""

from __future__ import annotations

from app.keeping import look_in
from storage.keeping import MOMENT


def test_what_nobody_answers_for_is_not_looked_at_all_the_time() -> None:
    """A phone that is away from all others would do nothing else, until its battery is empty."""
    assert look_in(-MOMENT) >= MOMENT
    assert look_in(0.0) >= MOMENT
    assert 30 < look_in(30.0) < 40
