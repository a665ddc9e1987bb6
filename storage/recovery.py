"""Opening a vault: what packs hold and the index does not know is judged and taken in.

The same path serves a kill between pack and index, and an index that was lost: then all of
the packs is such a tail. A record of ours that reached its pack counts, acknowledged or not.
"""

from __future__ import annotations

from storage.blocks.store import Kind, Thing
from storage.core import Core
from storage.exchange import Exchange

_AUTH = frozenset({Kind.TOKEN, Kind.EPOCH, Kind.INVITE, Kind.KEYRING})
_AT_ONCE = 256


def recover(core: Core, exchange: Exchange) -> int:
    """Take in what opening adopted, and return how many records joined."""
    records: list[Thing] = []
    found = False
    with core.transaction():
        for thing in core.blocks.adopted():
            found = True
            if thing.kind in _AUTH:
                core.members.recover(thing)
            elif thing.kind == Kind.RECORD:
                records.append(thing)
    joined = 0
    for start in range(0, len(records), _AT_ONCE):
        joined += exchange.accept(records[start : start + _AT_ONCE]).records
    if found:
        core.name_writers()
    return joined
