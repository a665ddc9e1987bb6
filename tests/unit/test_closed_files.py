"""What is kept for one person is closed to all others, file by file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.index.sealed_db import open_guarded

KEY = bytes(32)


@pytest.fixture
def generous() -> Iterator[None]:
    """Give everything to everybody, as a careless shell does."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("generous")
@pytest.mark.parametrize("left_open", [False, True])
def test_a_database_and_its_log_are_closed_to_others(tmp_path: Path, left_open: bool) -> None:  # noqa: FBT001
    """Sealed or not: sizes and times tell, and one folder with wrong rights would be enough."""
    path = tmp_path / "search.db"
    if left_open:  # by an older version
        path.touch(mode=0o644)
        Path(f"{path}-wal").touch(mode=0o644)
    connection = open_guarded(path, KEY, durable=False)
    connection.execute("CREATE TABLE word (it TEXT)")
    connection.execute("INSERT INTO word VALUES ('rye')")
    modes = {found.name: found.stat().st_mode & 0o777 for found in tmp_path.iterdir()}
    connection.close()
    assert modes == {"search.db": 0o600, "search.db-wal": 0o600}
