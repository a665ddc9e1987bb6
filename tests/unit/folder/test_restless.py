"""A file that changes each time it is read is read again later and later."""

from __future__ import annotations

import itertools

from app.folder.restless import LONGEST, SOON, Restless

LOG, OTHER = ("log",), ("other",)


def test_what_never_holds_still_is_tried_once_a_minute() -> None:
    """Each time all of it is read, for nothing."""
    restless = Restless()
    pauses = [restless.after({LOG}, {LOG}) or 0.0 for _ in range(12)]
    assert pauses[0] == SOON
    assert pauses[-1] == LONGEST
    assert all(after in {2 * before, LONGEST} for before, after in itertools.pairwise(pauses))


def test_what_held_still_is_forgotten_and_others_are_not() -> None:
    """The next file that somebody writes is not made to wait."""
    restless = Restless()
    for _ in range(4):
        restless.after({LOG}, {LOG})
    assert restless.after({OTHER}, {OTHER}) == SOON
    assert restless.after({OTHER}, set()) is None
    assert restless.after({LOG}, {LOG}) == 16 * SOON
    restless.after(None, set())
    assert restless.after({LOG}, {LOG}) == SOON
