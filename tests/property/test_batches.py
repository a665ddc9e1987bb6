"""What is asked some at a time is answered as if it had been asked at once."""

from __future__ import annotations

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from storage.batches import AT_ONCE, batches, rows_among


@given(st.lists(st.integers()), st.integers(1, 9))
def test_batches_hold_every_value_once_in_order(values: list[int], size: int) -> None:
    """And none is larger than whoever asks can take, or empty."""
    found = list(batches(values, size))
    assert [value for batch in found for value in batch] == values
    assert all(0 < len(batch) <= size for batch in found)
    assert all(len(batch) == size for batch in found[:-1])


@given(st.sets(st.integers(0, 3 * AT_ONCE)), st.integers(0, 3 * AT_ONCE))
def test_many_values_find_the_rows_that_each_would_find(values: set[int], least: int) -> None:
    """However many there are, and with other values behind them in the statement."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE n (n INTEGER PRIMARY KEY)")
    database.executemany("INSERT INTO n VALUES (?)", [(n,) for n in range(0, 3 * AT_ONCE, 2)])
    ask = "SELECT n FROM n WHERE n IN (…) AND n >= ?"
    found = {row[0] for row in rows_among(database, ask, values, least)}
    database.close()
    assert found == {n for n in values if n % 2 == 0 and least <= n < 3 * AT_ONCE}
