"""The mirror: a plain folder and a space, kept as one.

`look` tells the space what changed in the folder, `bring` writes to the folder what changed in
the space. Both run on the vault's own thread, to their end or to a report that raises Stopped;
then what was done is whole, and the next call goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from app.errors import FolderInUse, FolderNotEmpty, FolderUnavailable, Unreadable
from app.folder.absent import Absent
from app.folder.agreed import Agreed, Row
from app.folder.ahead import Ahead, NotAhead
from app.folder.checkout import Checkout
from app.folder.drafts import Drafts
from app.folder.gather import Gather, widest
from app.folder.ground import Brought, Ground, Looked, Tally
from app.folder.held import left_alone
from app.folder.ignore import IGNORE_FILE, MAX_PATTERNS, OWN_FOLDER, Ignore
from app.folder.ingest import Ingest
from app.folder.intent import find_out
from app.folder.marker import Marker, Standing, prove, read_marker, standing_of, write_marker
from app.folder.match import Matched, gave_way, match, worth_reading
from app.folder.newborn import Newborn
from app.folder.plan import ShareStep, bring, share
from app.folder.port import Folder, Path, Place, Ways
from app.folder.reading import StillChanging, digest_of
from app.folder.replaced import Replaced
from app.folder.restless import Restless
from app.folder.scan import Listing, Skipped, scan
from app.folder.space import Space
from app.progress import Report
from storage.facts.change import EntryId
from storage.ports import Clock, Entropy

GRACE = 2.0
"""Seconds that something must be missing before it is taken for removed."""
NOT_YET_SAFE_NS = 600 * 1_000_000_000
"""What programs wrote so shortly before a power cut may be zeros under the same size and times."""
_NO_VERSION = b"lost"
WIDER_AT_MOST = 8
"""So often a look follows what was moved; then looking at everything is simpler."""
_STANDING = "standing"
_RUNNING = "running"
_GIVEN_WAY = "given way"
_ENDED, _SINCE = b"0", b"1"


class Mirror:
    """Keeps one folder and one space as one."""

    def __init__(
        self,
        space: Space,
        folder: Folder,
        agreed: Agreed,
        *,
        space_id: bytes,
        device: str,
        clock: Clock,
        entropy: Entropy,
        grace: float = GRACE,
        ahead: Ahead | None = None,
        boot: bytes = b"",
    ) -> None:
        """`boot` names the time since the machine was started; empty where that is not known."""
        self._ground = Ground(
            space,
            folder,
            agreed,
            clock,
            entropy,
            device,
            Marker(space_id),
            Ways(),
            Ignore(),
            ahead or NotAhead(),
        )
        self._grace = grace
        self._boot = boot
        self._missing: dict[EntryId, float] = {}
        self._reshown: set[EntryId] = set()
        """What the space shows otherwise for what befell others, and is not written yet."""
        self._refused: set[EntryId] = set()
        """What the disk did not take when it was brought last."""
        self._patterns = ""
        self._gather = Gather(self._ground)
        self._absent = Absent(self._ground)
        self._drafts = Drafts(self._ground)
        self._restless = Restless()
        self._newborn = Newborn(self._ground)
        self._replaced = Replaced(self._ground, grace)
        self.drafts = self._drafts.list
        self.drop_draft = self._drafts.drop
        self.waiting: Callable[[], frozenset[EntryId]] = frozenset
        """Says what is held: it lies here as it was, whatever befell it in the space."""

    def attach(self) -> None:
        """Make sure that this is our folder; mark it when it is taken on for the first time.

        Raises:
            FolderInUse: it is marked as another space's.
            FolderUnavailable: it is not there, or not the one we know.
            Unreadable: nothing can be written to it.
        """
        ground, agreed = self._ground, self._ground.agreed
        known, found = agreed.word(_STANDING), read_marker(ground.folder)
        if known is None and found is None:
            write_marker(ground.folder, ground.marker)
        elif known is None and found != ground.marker:
            raise FolderInUse("the folder shows another space already")
        root = ground.root()
        try:
            ground.ways = ground.folder.ways([f"probe-{ground.entropy.take(6).hex()}"])
        except OSError as error:
            raise Unreadable("the folder cannot be written to", "") from error
        self._read_ignore()
        find_out(ground.space, agreed)
        with agreed.together():
            self._is_known(root)  # else, and when our index was lost, all is compared anew
            # What a program wrote before it was killed is there; a power cut may have taken it.
            ended = agreed.word(_RUNNING) in {None, _ENDED}
            same_boot = self._boot and agreed.word(_RUNNING) == _SINCE + self._boot
            ground.suspicious = not ended and not same_boot
            if ground.suspicious:
                agreed.doubt_latest(NOT_YET_SAFE_NS)
            agreed.remember(_RUNNING, _SINCE + self._boot)

    def take_on(self, *, merge: bool) -> None:
        """Attach to this folder in place of the one we knew, wherever that was.

        If it is the very same folder, moved, it is taken as it is. Of any other what was agreed
        is void, so nothing that it lacks is taken for removed: it is written anew.

        Raises:
            FolderInUse: it is marked as another space's.
            FolderNotEmpty: it holds something, has no mark, and uniting was not asked for.
            FolderUnavailable: it is not there.
            Unreadable: nothing can be written to it.
        """
        ground, agreed = self._ground, self._ground.agreed
        found = read_marker(ground.folder)
        if found not in {None, ground.marker}:
            raise FolderInUse("the folder shows another space already")
        if found is None and not merge and self._holds_something():
            raise FolderNotEmpty("the folder holds something")
        known = agreed.word(_STANDING)
        if found is None or known is None or not ground.root().is_at(standing_of(known)):
            agreed.forget_all()  # before it is marked: a kill in between makes nothing missing
        if found is None:
            write_marker(ground.folder, ground.marker)
        self.attach()

    def is_in_place(self) -> bool:
        """Say whether a folder of the space lies where it is kept."""
        try:
            self._ground.root()
        except FolderUnavailable:
            return False
        return True

    def close(self) -> None:
        """End cleanly, so that the next start believes what it finds."""
        self._ground.agreed.remember(_RUNNING, _ENDED)

    def look(
        self, report: Report, paths: Iterable[Path] | None = None, *, grace: float | None = None
    ) -> Looked:
        """Tell the space what changed in the folder, everywhere or below some paths.

        Raises:
            FolderUnavailable: the folder is not there, or another one. Nothing was concluded.
            StoreFull, NotAllowed: the space took no more.
        """
        hinted = None if paths is None or self._ground.suspicious else widest(paths)
        may_differ = hinted is None or (IGNORE_FILE,) in hinted
        if may_differ and self._read_ignore():
            hinted = None
        root = self._root()
        tally = Tally()
        soon = self._replaced.settle(tally)
        here, hinted = self._scan(root, hinted)
        if self._ground.root() != root:
            raise FolderUnavailable("the folder changed into another one while it was read")
        tally.skipped += here.skipped
        if here.replaced or hinted is None:
            everywhere = hinted is None and here.complete
            soon = self._replaced.find(here.replaced, tally, everywhere=everywhere)
        grace = self._grace if grace is None else grace
        steps, matched, again_in = self._plan(here, hinted, grace, tally)
        waiting = frozenset(tally.again)
        Ingest(self._ground, tally, matched.folders).run(steps, report)
        self._drafts.forget_settled(here, matched, tally.drafted)
        if hinted is None:
            self._after_all(here)
            tally.entries |= self._refused
        restless = self._restless.after(hinted, tally.again - waiting)
        again_in = min(filter(None, (again_in, restless)), default=None)
        again_in = min(filter(None, (again_in, soon)), default=None)
        return Looked(
            tally.added,
            tally.edited,
            tally.moved,
            tally.removed,
            len(tally.drafted),
            frozenset(tally.entries),
            tuple(tally.skipped),
            frozenset(tally.again),
            again_in,
            frozenset(tally.wanted),
        )

    def bring(self, report: Report, entries: Iterable[EntryId] | None = None) -> Brought:
        """Write to the folder what changed in the space, everywhere or around some entries.

        With them comes what is shown elsewhere or under another name for what befell them.

        Raises:
            FolderUnavailable: the folder is not there, or another one. Nothing was written.
            StoreFull: the folder's disk is full. What was written is whole.
        """
        self._root()
        ground = self._ground
        self._reshown |= ground.space.reshown()
        if entries is None:
            there, rows = self._gather.everything(), ground.agreed.all()
        else:
            there, rows = self._gather.around({*entries, *self._reshown, *self._refused})
        tally, drafts = Tally(), ground.agreed.draft_entries()
        drafts |= left_alone(self.waiting(), ground.agreed, rows, there, ground.ways)
        self._absent.take_out(there, rows, everything=entries is None, drafts=drafts)
        steps = bring(rows, there, drafts)
        if steps:
            Checkout(ground, self._replaced, tally, rows.keys()).run(steps, report)
        self._refused = tally.refused
        if not tally.again:  # else it is brought again, and with it what is in nobody's hands
            self._reshown.clear()
        return Brought(
            tally.written,
            tally.moved,
            tally.removed,
            tally.waiting,
            frozenset(tally.again),
            tuple(tally.skipped),
        )

    # -- proof -----------------------------------------------------------------------------
    def _root(self) -> Standing:
        """Return where the root stands, after proof that it is the folder we knew.

        Raises:
            FolderUnavailable: it is not. Another one of the space is compared anew next time.
        """
        root = self._ground.root()
        if not self._is_known(root):
            raise FolderUnavailable("another folder of the space is in its place")
        self._doubt_given_way()
        return root

    def _doubt_given_way(self) -> None:
        """Where lines gave way, a text's version may be named as the one here, and be another."""
        agreed = self._ground.agreed
        space = self._ground.space
        count = space.gave_way()
        if count != int(agreed.word(_GIVEN_WAY) or 0):
            rows = agreed.get_some(space.given_way().entries).values()
            with agreed.together():
                agreed.put(row._replace(version=_NO_VERSION) for row in rows if row.base)
                agreed.remember(_GIVEN_WAY, str(count).encode())

    def _is_known(self, root: Standing) -> bool:
        """Say whether this is the folder we knew. If not, what was agreed of it is void.

        Then nothing is taken for removed: what is missing is written anew, what is equal is
        agreed, and what differs is kept beside.
        """
        agreed = self._ground.agreed
        raw = agreed.word(_STANDING)
        if raw == root.to_bytes():
            return True
        known = raw is not None and root.is_as(standing_of(raw))
        with agreed.together():
            if not known:
                agreed.forget_all()
            agreed.remember(_STANDING, root.to_bytes())
        return known

    def _holds_something(self) -> bool:
        try:
            with self._ground.folder.enter(()) as root:
                return any(name != OWN_FOLDER for name, _ in root.entries())
        except OSError as error:
            raise Unreadable(error.strerror or "not readable", "") from error

    # -- looking ---------------------------------------------------------------------------
    def _scan(self, root: Standing, hinted: set[Path] | None) -> tuple[Listing, set[Path] | None]:
        """Look, also where what appeared came from, and what took its name there, and so on.

        Return what was found, and where it was looked; None for everywhere.
        """
        ground = self._ground

        def proof(place: Place) -> None:
            prove(place, ground.marker, root)

        if hinted is None:
            return scan(ground.folder, ground.ignore, proof), None
        here: Listing | None = None
        fresh = hinted
        for _ in range(WIDER_AT_MOST):
            here = scan(ground.folder, ground.ignore, proof, fresh, ground.ways, so_far=here)
            wider = widest(hinted | self._gather.moved_from(here))
            if wider == hinted:
                return here, hinted
            if not wider >= hinted:  # one is around what was looked at: look at all anew
                here, hinted = None, set[Path]()
            fresh, hinted = wider - hinted, wider
        return scan(ground.folder, ground.ignore, proof), None

    def _plan(
        self, here: Listing, hinted: set[Path] | None, grace: float, tally: Tally
    ) -> tuple[list[ShareStep], Matched, float | None]:
        ground, gather = self._ground, self._gather
        rows = ground.agreed.all() if hinted is None else gather.rows_at(hinted, here)
        matched = match(here, rows, ground.ways, gather.ignores)
        digests = self._digests(worth_reading(matched))
        if digests:
            matched = match(here, rows, ground.ways, gather.ignores, digests)
        self._absent.stays(rows, matched.found.keys() | matched.quiet)
        there = gather.nodes_of(rows, matched)
        if hinted is not None:
            rows |= gather.rows_of(entry for entry in there if entry not in rows)
        tally.skipped += [Skipped(path, "disk") for path in sorted(matched.other_disk)]
        everywhere, young = hinted is None, grace / 2
        held = self._newborn.hold(here, matched, rows, tally, young, everywhere=everywhere)
        spare, again_in = self._spare(matched, rows, grace, tally)
        again_in = min(filter(None, (again_in, held)), default=None)
        if ground.suspicious:
            lost = _perhaps_lost(matched)
            rows |= lost
            spare -= lost.keys()
        return share(matched, rows, there, ground.ways, spare), matched, again_in

    def _spare(
        self, matched: Matched, rows: dict[EntryId, Row], grace: float, tally: Tally
    ) -> tuple[set[EntryId], float | None]:
        """Return what is missing for too short a time, and when to look at it again."""
        now = self._ground.clock.monotonic()
        elsewhere = {e: since for e, since in self._missing.items() if e not in rows}
        self._missing = elsewhere | {e: self._missing.get(e, now) for e in matched.missing}
        left = {e: self._missing[e] + grace - now for e in matched.missing}
        spare: set[EntryId] = set()
        for entry in (entry for entry, seconds in left.items() if seconds > 0):
            path = self._ground.agreed.path(entry)
            if path is not None and gave_way(path, matched.missing[entry].shape, matched.new):
                continue  # no program saves by turning a file into a folder
            spare.add(entry)
            if path is not None:
                tally.again.add(path)
        return spare, min((left[entry] for entry in spare), default=None)

    def _digests(self, paths: list[Path]) -> dict[Path, bytes]:
        digests: dict[Path, bytes] = {}
        for path in paths:
            with (
                suppress(OSError, StillChanging),
                self._ground.folder.enter(path[:-1]) as place,
            ):
                digests[path] = digest_of(place, path)[1]
        return digests

    def _read_ignore(self) -> bool:
        """Read the person's patterns; say whether they changed."""
        text = ""
        try:
            with self._ground.folder.enter(()) as root, root.open(IGNORE_FILE) as file:
                text = file.read(MAX_PATTERNS).decode(errors="replace")
        except FileNotFoundError:
            pass
        except OSError:
            return False  # unreadable for now: what was known holds
        if text == self._patterns:
            return False
        self._patterns = text
        self._ground.ignore = Ignore(text)
        return True

    def _after_all(self, here: Listing) -> None:
        """The whole folder was looked at: sweep what a kill left half written."""
        self._ground.suspicious = False
        for path in here.temporaries:
            parent = self._ground.agreed.find(path[:-1])
            if parent is None or self._ground.agreed.at(parent, path[-1]) is None:
                with suppress(OSError), self._ground.folder.enter(path[:-1]) as place:
                    place.remove(path[-1])


def _perhaps_lost(matched: Matched) -> dict[EntryId, Row]:
    """Return what a power cut may have taken: missing, and too new to be sure that it lasted.

    Its row shows another version than there is, so it is written anew and not deleted there.
    """
    return {
        entry: row._replace(version=_NO_VERSION)
        for entry, row in matched.missing.items()
        if row.ctime_ns == -1
    }
