"""The door to what older versions take on this disk, to giving it back, and to wanting it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from storage.collecting import Collected, Collection, Orders, Slice
from storage.core import Core
from storage.errors import BlockNotFound, CorruptBlock, DecodeError, NotKept
from storage.facts.change import EntryId, Operation
from storage.facts.dots import Dot
from storage.facts.state import EntryFacts
from storage.facts.values import Content
from storage.letgo import tops_of
from storage.marking import Marks, held_in_operations, is_unaccounted, is_wanted
from storage.opened import Opened
from storage.retention import Life, held_in, life_of, tops_of_held
from storage.tree.content import all_of


def check_kept(core: Core, operations: Iterable[Operation]) -> None:
    """Refuse to put into the space what is not kept here any more: others may not have it either.

    Raises:
        NotKept.
    """
    if not core.let_go.any():
        return
    for held in held_in_operations(operations):
        is_gone = any(core.let_go.holds(it, older_only=True) for it in tops_of_held(held))
        if is_gone and not Marks(core).is_whole(held):
            raise NotKept(tops_of_held(held)[0])


class Run:
    """A collection under way: each slice is durable before the next."""

    def __init__(
        self,
        slices: Iterator[Slice],
        whole: Callable[[Callable[[], Slice | None]], Slice | None],
        collected: Collected,
    ) -> None:
        self._slices = slices
        self._whole = whole
        self.collected = collected

    def step(self) -> Slice | None:
        """Do one slice; None when all is done. Raises as `Collection.slices`."""
        return self._whole(lambda: next(self._slices, None))


class Collecting(Opened):
    """The door to what older versions take, and to giving it back."""

    def life(self, entry: EntryId) -> Life:
        """Return all versions of an entry, causes first."""
        return life_of(self._ready().history.said_of({entry})[entry], lambda _dot: 0)

    def not_kept(self, entry: EntryId) -> frozenset[Dot]:
        """Return which records made versions of an entry that are not kept here any more."""
        let_go = self._ready().let_go
        if not let_go.any():
            return frozenset()
        return frozenset(
            version.dot
            for version in self.life(entry).versions
            if version.dot is not None
            and any(
                let_go.holds(it, older_only=True) for h in version.holds for it in tops_of_held(h)
            )
        )

    def is_kept(self, facts: EntryFacts) -> bool:
        """Say whether nothing of these facts was let go of as an older version."""
        let_go = self._ready().let_go
        return not any(let_go.holds(it, older_only=True) for it in tops_of(facts))

    def miss_no_more(self, tops: Iterable[bytes]) -> None:
        """Want no older versions that these open, where they are not here.

        Of what is not missed already nothing is written: it may be said of all at each start.
        """
        core = self._ready()
        absent = [digest for digest in tops if not core.blocks.has(digest)]
        shown = self._wants.shown_of(absent)
        missed = [it for it in absent if it not in shown and self._is_missed(it)]

        def work() -> None:
            core.let_go.add(missed, older=True)
            self._wants.drop(missed)

        if missed:
            self._whole(work)

    def _is_missed(self, digest: bytes) -> bool:
        return not self._core.let_go.holds(digest) or is_wanted(self._core, digest)

    def want_version(self, facts: EntryFacts) -> None:
        """Want an older version again, from whoever has it."""
        contents = [it for it in held_in(facts) if isinstance(it, Content)]

        def work() -> None:
            self._core.let_go.take_back(tops_of(facts))
            for content in contents:
                self._wants.want_version(content)
                self._spare(content)

        self._whole(work)

    def _spare(self, content: Content) -> None:
        """Let a run that is under way, and was told otherwise, leave a content alone."""
        core = self._core
        with suppress(BlockNotFound, CorruptBlock, DecodeError):
            blocks = tuple(digest for digest, _ in all_of(content, core.blocks))
            core.contents.in_flight[content.digest] = blocks

    def is_any_lost(self, digests: Iterable[bytes]) -> bool:
        """Say whether any of the blocks, needed as they are, is neither here nor to come."""
        core = self._ready()
        return any(not core.blocks.has(it) and is_unaccounted(core, it) for it in digests)

    def collection(self, orders: Orders) -> Run:
        """Give back disk, a slice each time that the next is asked for; see `Collection`.

        Between slices the vault can be used, and the run can be given up.

        Raises:
            NotRepaired: nothing may go, so nothing is looked at either.
        """
        collection = Collection(self._ready(), self._wants, orders)
        collection.check_repaired()
        return Run(collection.slices(), self._whole, collection.collected)
