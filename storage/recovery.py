"""Opening a vault: what packs hold and the index does not know is judged and taken in.

The same path serves a kill between pack and index, and an index that was lost: then all of
the packs is such a tail. A record of ours that reached its pack counts, acknowledged or not.
All of it is one transaction: a kill on the way changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

from storage.blocks.store import Kind, Thing
from storage.core import Core
from storage.errors import AccessError, DecodeError
from storage.forks import Forks
from storage.intake import Intake
from storage.wants import Wants

_AUTH = (Kind.TOKEN, Kind.EPOCH, Kind.INVITE, Kind.KEYRING)
_AT_ONCE = 256


def recover(core: Core, intake: Intake, wants: Wants, forks: Forks) -> int:
    """Take in what opening adopted, and return how many records joined."""
    joined = 0
    with core.transaction():
        if not core.blocks.has_adopted:
            return 0
        for kind in _AUTH:
            for thing in core.blocks.adopted(kind):
                with suppress(DecodeError, AccessError):  # what is left may still be enough
                    core.members.recover(thing)
        for thing in core.blocks.adopted(Kind.ASIDE):
            with suppress(DecodeError):
                forks.note(thing)
        own = core.seen.of(core.writer)
        for records in _batches(core.blocks.adopted(Kind.RECORD)):
            joined += intake.take(records, judged=True).records
        if core.seen.of(core.writer) > own:
            core.begin_anew()  # they may have come from others: then there may be more of them
        core.name_writers()
        wants.look_again()
        if core.members.has_keys:
            core.refresh_root()
    return joined


def _batches(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    rest = iter(things)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch
