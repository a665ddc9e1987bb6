"""Opening a vault: what packs hold and the index does not know is judged and taken in.

The same path serves a kill between pack and index, and an index that was lost: then all of
the packs is such a tail. A record of ours that reached its pack counts, acknowledged or not.
All of it is one transaction: a kill on the way changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from storage.batches import batches
from storage.blocks.store import Kind, Thing
from storage.core import Core
from storage.errors import AccessError, DecodeError
from storage.facts.dots import Seen
from storage.forks import Forks
from storage.index.schema import ANSWERED, TOLD, UNREAD, set_meta
from storage.intake import Intake
from storage.records.record import parse_record
from storage.wants import Wants

_AUTH = (Kind.TOKEN, Kind.EPOCH, Kind.INVITE, Kind.KEYRING)
_AT_ONCE = 256


def recover(core: Core, intake: Intake, wants: Wants, forks: Forks) -> int:
    """Take in what opening adopted, and return how many records joined."""
    joined = 0
    with core.transaction():
        if core.seen == Seen():
            _begin(core)
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
        records_found = core.blocks.adopted(Kind.RECORD)
        if core.blocks.was_rewritten:
            records_found = causes_first(records_found)
        for records in batches(records_found, _AT_ONCE):
            joined += intake.take(records, judged=True).records
        if core.seen.of(core.writer) > own:
            core.begin_anew()  # they may have come from others: then there may be more of them
        core.name_writers()
        wants.look_again()
        if core.members.has_keys:
            core.refresh_root()
    return joined


def _begin(core: Core) -> None:
    """Note what may have been in an index that is here no more."""
    if not all(it.is_torn for it in core.blocks.damage):
        # what a good index does not know was promised to nobody; without one it may have been
        set_meta(core.connection, UNREAD, b"1")
        set_meta(core.connection, TOLD, b"")
    if core.blocks.has_adopted:  # what was signed last, and when, is not known any more
        set_meta(core.connection, ANSWERED, str(int(core.clock.now())).encode())


def causes_first(records: Iterable[Thing]) -> Iterator[Thing]:
    """Yield records, each behind those it builds on that are among them, else in their order.

    Packs that were rewritten hold records behind what builds on them. Each would wait its turn,
    but thousands that wait are looked at again and again.
    """
    waiting: dict[bytes, tuple[Thing, tuple[bytes, ...]]] = {}
    for thing in records:
        with suppress(DecodeError, AccessError):  # no record: whoever takes it in says so
            record = parse_record(thing.data)
            waiting[record.cid] = thing, record.parents
            continue
        yield thing
    for first in list(waiting):
        todo = [first]
        while todo:
            if todo[-1] not in waiting:
                todo.pop()
            elif before := [cid for cid in waiting[todo[-1]][1] if cid in waiting]:
                todo += before
            else:
                yield waiting.pop(todo.pop())[0]
