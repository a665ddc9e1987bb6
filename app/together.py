"""What stands side by side: listed, and settled by an ordinary commit."""

from __future__ import annotations

from collections.abc import Callable
from difflib import SequenceMatcher
from typing import TypeVar

from app.errors import BadUsage, NotText
from app.files import entry_id
from app.history import name_of
from app.spaces import Spaces
from app.together_values import OneSide, StandsBeside
from app.views import device_of
from app.words import size_words
from storage.contents import text_in
from storage.errors import BlockNotFound, DecodeError, Overtaken
from storage.facts.change import EntryId
from storage.facts.node import Node
from storage.facts.values import EntryKind
from storage.together import Overlap, Side, What, keep_both, merge, merged, overlaps, take
from storage.vault import Vault

Made = TypeVar("Made")
MOST_LINES = 5000
"""Of more lines it is only said that they differ."""


class TogetherService:
    """Answers what stands side by side, and settles it."""

    def __init__(self, spaces: Spaces) -> None:
        self._spaces = spaces

    async def all(self, space: str) -> tuple[StandsBeside, ...]:
        """Return all that stands side by side in a space, by path."""
        return await self._spaces.get(space).opened.run(_all)

    async def take(self, about: StandsBeside, number: int) -> None:
        """Let one side count."""

        def settle(vault: Vault, overlap: Overlap) -> None:
            if not 0 <= number < len(overlap.sides):
                raise BadUsage(f"say which: a number from 1 to {len(overlap.sides)}")
            if overlap.what is What.NAMES and any(_is_folder(side) for side in overlap.sides):
                raise BadUsage("folders are not chosen between: move what is in one, or keep both")
            take(vault, overlap, number)

        await self._settle(about, settle)

    async def keep_both(self, about: StandsBeside) -> None:
        """Keep all sides as files for good."""
        if about.what not in {What.VERSIONS.value, What.NAMES.value}:
            raise BadUsage("there are no two files to keep: choose one with --take")
        await self._settle(about, keep_both)

    async def merged(self, about: StandsBeside) -> str:
        """Return the text that all sides make together."""

        def work(vault: Vault) -> str:
            return _as_text(merged, vault, _same(vault, about))

        return await self._spaces.get(about.space).opened.run(work)

    async def merge(self, about: StandsBeside) -> None:
        """Make one text of all sides."""

        def settle(vault: Vault, overlap: Overlap) -> None:
            _as_text(merge, vault, overlap)

        await self._settle(about, settle)

    async def _settle(self, about: StandsBeside, settle: Callable[[Vault, Overlap], None]) -> None:
        kept = self._spaces.get(about.space)

        def work(vault: Vault) -> frozenset[EntryId]:
            overlap = _same(vault, about)
            settle(vault, overlap)
            nodes = (side.node.id for side in overlap.sides if side.node is not None)
            return frozenset({overlap.entry, *nodes})

        await kept.in_step.committed_here(await kept.opened.run(work))


def _as_text(do: Callable[[Vault, Overlap], Made], vault: Vault, overlap: Overlap) -> Made:
    try:
        return do(vault, overlap)
    except DecodeError as error:
        raise NotText("they make no text together") from error


def _same(vault: Vault, about: StandsBeside) -> Overlap:
    """Return what a person was told of, if it is so still."""
    wanted = entry_id(about.entry)
    for overlap in overlaps(vault):
        paths = tuple(side.path for side in overlap.sides)
        told = tuple(side.path for side in about.sides)
        if (overlap.entry, overlap.what.value, paths) == (wanted, about.what, told):
            return overlap
    raise Overtaken("it does not stand side by side any more")


def _all(vault: Vault) -> tuple[StandsBeside, ...]:
    return tuple(_told(vault, overlap) for overlap in overlaps(vault))


def _told(vault: Vault, overlap: Overlap) -> StandsBeside:
    sides = tuple(_side(vault, side) for side in overlap.sides)
    return StandsBeside(
        vault.space.hex(),
        overlap.what.value,
        overlap.entry.hex(),
        overlap.path,
        sides,
        _difference(vault, overlap),
    )


def _side(vault: Vault, side: Side) -> OneSide:
    step = side.step
    return OneSide(
        side.path,
        "" if step is None else device_of(vault, step),
        None if step is None else float(step.at),
        "" if step is None else name_of(step),
        0 if side.node is None else side.node.size,
    )


def _is_folder(side: Side) -> bool:
    return side.node is not None and side.node.kind is EntryKind.FOLDER


def _difference(vault: Vault, overlap: Overlap) -> str:
    """Say in a few words how they differ."""
    match overlap.what:
        case What.PLACES:
            return "it was moved to two places at once"
        case What.DELETED:
            return "it was deleted on one device while it was changed on another"
        case What.VERSIONS | What.NAMES:
            nodes = [side.node for side in overlap.sides if side.node is not None]
            if any(node.kind is EntryKind.FOLDER for node in nodes):
                return "two folders of one name"
            return _of_files(vault, nodes)


def _of_files(vault: Vault, nodes: list[Node]) -> str:
    try:
        texts = [text_in(b"".join(vault.read(node))) if node.is_text else None for node in nodes]
    except (BlockNotFound, DecodeError):
        return "not all of it is on this device"
    lines = [text.splitlines() for text in texts if text is not None]
    if len(lines) < len(nodes):
        return f"no text; {' and '.join(size_words(node.size) for node in nodes)}"
    if max(map(len, lines)) > MOST_LINES:
        return "two long texts"
    own = [_own_lines(lines[0], other) for other in lines[1:]]
    ours, theirs = max(one for one, _ in own), sum(other for _, other in own)
    return f"texts; {ours} lines only in the first, {theirs} only beside"


def _own_lines(one: list[str], other: list[str]) -> tuple[int, int]:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return len(one) - same, len(other) - same
