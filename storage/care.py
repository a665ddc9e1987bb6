"""A vault's care: whether all is as it should be, and making it so again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from storage.backup.taking import Snapshot
from storage.blocks.disk import RealDisk
from storage.blocks.locator import Locator
from storage.blocks.packed import Damage
from storage.checking import NOTE, Checked, Found, Step, check, untold
from storage.codec.dagcbor import decode_checked, encode
from storage.codec.shape import items_of
from storage.core import INDEX, PACKS, Core, winner_of
from storage.errors import DecodeError, StoreUnusable
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Seen, seen_from_cbor
from storage.facts.values import Fact
from storage.index.schema import TOLD, UNREAD, get_meta, set_meta
from storage.index.sealed_db import IndexDamaged, is_whole
from storage.opened import Opened
from storage.proving import Proved, proved, put_together, sweep
from storage.repairing import OpenFile, Repaired, no_file, put_right
from storage.repeated import said_once


class Care(Opened):
    """The door to checking and repairing."""

    def check(self, step: Step = untold, *, quick: bool = False) -> Checked:
        """Verify every block, record, right, version and list. Nothing is changed."""
        try:
            return check(self._ready(), step, quick=quick)
        except IndexDamaged:
            checked = check(self._ready(), step, quick=quick)
            note = Found("the index, which was made anew", INDEX, NOTE)
            return replace(checked, found=(*checked.found, note))

    def repair(self, step: Step = untold, open_file: OpenFile = no_file) -> Repaired:
        """Make whole what is damaged; `open_file` gives the person's own files.

        Stopped, or failed, anywhere it leaves a store that is whole, and can be done again.

        Raises:
            StoreFull, StoreUnusable: it cannot be done now.
        """
        core = self._ready()
        if not is_whole(core.connection):
            core.connection.damaged = True
            core = self._ready()  # set aside, and made anew from the packs
        before = core.seen, core.root
        sweep(core.folder)
        try:
            done = put_right(core, self._wants, step, open_file, self._gaps(step))
        except Exception:
            self.mend()
            raise
        rebuilt = self._make_anew(step)
        self._whole(lambda: set_meta(core.connection, UNREAD, b""))  # all was tried, and kept aside
        return Repaired(
            done.damaged,
            len(done.good),
            done.from_files,
            done.missing,
            tuple(done.aside),
            rebuilt,
            before,
            (core.seen, core.root),
        )

    def hear(self, did: str, seen: Seen) -> None:
        """Note what another device just said itself that it has seen, if a repair waits for it."""
        core = self._ready()
        if not get_meta(core.connection, UNREAD):
            return
        told = _told(core)
        if told.get(did) != seen:
            told[did] = seen
            raw = encode([[one, told[one].to_cbor()] for one in sorted(told)])
            self._whole(lambda: set_meta(core.connection, TOLD, raw))

    def may_repair_alone(self) -> bool:
        """Say whether a pack is damaged where a record may stand, and a repair may settle that.

        What no repair mends is not waited for after it. So every other device has to have said,
        since then, what it has seen, and that has to be here: no record can come back from one.
        When is told by the order in which we heard of things, and by no clock: what a device
        signed is carried on by others, and its clock may be wrong.
        """
        core = self._ready()
        if not get_meta(core.connection, UNREAD):
            return False
        told = {did for did, seen in _told(core).items() if core.seen.covers(seen)}
        members = core.members.all(core.clock.now())
        return told.issuperset({it.did for it in members} - {core.device.did})

    def said_once(self, entries: Iterable[EntryId]) -> tuple[EntryId, str] | None:
        """Return a text in which lines stand twice, for this device had forgotten them; and once.

        None where there is none among the entries. See storage.repeated.
        """
        return said_once(self._ready(), entries)

    def snapshot(self) -> Snapshot:
        """Say what lies in the packs at this moment, all of it durable."""
        core = self._ready()
        packs = Locator(core.connection).packs()
        rows = core.connection.execute(
            "SELECT digest FROM want UNION SELECT digest FROM let_go"
        ).fetchall()
        return Snapshot(
            core.space,
            name_in(core),
            core.root,
            core.seen,
            tuple((number, known.size) for number, known in sorted(packs.items())),
            frozenset(bytes(row[0]) for row in rows),
        )

    def _gaps(self, step: Step) -> tuple[Damage, ...]:
        """Look once more for what is left of what is wanted: it may have been damaged earlier."""
        is_known = not get_meta(self._core.connection, UNREAD)
        if is_known and not self._wants.any() and not self._wants.missing(1):
            return ()
        try:
            return self._from_packs(step).gaps
        except StoreUnusable:
            return ()

    def _make_anew(self, step: Step) -> bool:
        """Make locator and index anew from the packs, if those tell all that the index knows."""
        core = self._ready()
        try:
            from_packs = self._from_packs(step)
        except StoreUnusable:  # no room for a second index, or no keys but those in memory
            return False
        if not from_packs.seen.covers(core.seen):
            return False
        step("Making the lists anew", 0, 0, 0, 0)
        try:
            core.empty_lists()
            self._take_in()
        except Exception:
            core.broken = True
            self.mend()
            raise
        return True

    def _from_packs(self, step: Step) -> Proved:
        core, read = self._core, 0

        def heard(size: int) -> None:
            nonlocal read
            read += size
            step("Reading the packs", 0, 0, read, 0)

        with put_together(core, RealDisk(core.folder / PACKS), core.folder, heard) as other:
            return proved(other)


def name_in(core: Core) -> str:
    """Return what a space is called."""
    value = winner_of(core.catalog.facts(TOP).get("fact:name", {}))
    return str(value.value) if isinstance(value, Fact) else ""


def _told(core: Core) -> dict[str, Seen]:
    """Return what others said that they have seen, since something damaged was found."""
    raw = get_meta(core.connection, TOLD)
    told: dict[str, Seen] = {}
    for pair in items_of(decode_checked(raw)) if raw else ():
        match items_of(pair):
            case [str() as did, seen]:
                told[did] = seen_from_cbor(seen)
            case _:
                raise DecodeError("not what others have seen")
    return told
