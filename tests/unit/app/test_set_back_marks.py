"""A device that comes back from a backup takes no old word of others for letting anything go."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.accounts import STATE
from app.keep_setting import keeping_in
from app.places import Places
from app.progress import silent
from app.restoring import Restoring
from app.state import DeviceState
from app.statecopy import plain_of, tables_from
from storage.backup.table import Table
from storage.keeping import Keep, Keeping
from tests.access import Dice, device
from tests.helpers.vaults import Clock

MARK = b"heard of"


def test_what_others_signed_for_before_the_backup_lets_nothing_go(tmp_path: Path) -> None:
    """It may have kept all in between, and others let go for its word: then theirs is void."""
    raw = f'{{"keep": "opened", "budget": 5, "mark": "{MARK.hex()}"}}'
    memory = {"setting": [("keep/aa", raw), ("keep/bb", "none"), ("other", "1")]}
    keys, places = device("set back"), Places(tmp_path)
    table = Table(1, "Ana", keys, plain_of(memory), ())
    restoring = Restoring(places, Clock(), Dice("new"), silent)
    asyncio.run(restoring._remember(table, tables_from(table.memory), {}))  # noqa: SLF001
    state = DeviceState.open(places.state, keys.derive(STATE))
    keeping = keeping_in(state, "aa")
    assert keeping == Keeping(Keep.OPENED, 5, keeping.mark)
    assert keeping.mark != MARK
    assert keeping_in(state, "bb").is_whole
    assert (state.settings["other"], state.settings["name"]) == ("1", "Ana")
    asyncio.run(state.close())
