"""What is not the same at two moments of a folder. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from app.moments_values import Difference
from storage.errors import BlockNotFound
from storage.facts.node import Node
from storage.facts.values import EntryKind
from storage.moment import Moment

_Shown = dict[tuple[str, ...], Node]


def differing(before: Moment, after: Moment) -> list[Difference]:
    """Return what differs, by path. Of a folder that was renamed only itself is named."""
    old, new = dict(before.tree.walk()), dict(after.tree.walk())
    found = [*_kept(before, after, old, new), *_gone(old, after), *_came(new, before)]
    return sorted(_together(found, before, after, old, new), key=lambda it: (it.path, it.kind))


def _kept(before: Moment, after: Moment, old: _Shown, new: _Shown) -> Iterator[Difference]:
    paths = {node.id: path for path, node in old.items()}
    for path, node in new.items():
        was = before.tree.get(node.id)
        if was is None:
            continue
        kinds = [
            *(["renamed"] if (was.parent, was.name) != (node.parent, node.name) else []),
            *(["changed"] if not _same(before, was, after, node) else []),
        ]
        if kinds:
            other = paths[node.id] if paths[node.id] != path else ()
            yield Difference(" and ".join(kinds), path, other, node.kind is EntryKind.FOLDER)


def _gone(old: _Shown, after: Moment) -> Iterator[Difference]:
    for path, node in old.items():
        if after.tree.get(node.id) is None:
            yield Difference("removed", path, is_folder=node.kind is EntryKind.FOLDER)


def _came(new: _Shown, before: Moment) -> Iterator[Difference]:
    for path, node in new.items():
        if before.tree.get(node.id) is None:
            yield Difference("added", path, is_folder=node.kind is EntryKind.FOLDER)


def _together(
    found: list[Difference], before: Moment, after: Moment, old: _Shown, new: _Shown
) -> Iterator[Difference]:
    """Let one file that took another's place be a change: to a person it is the same file."""
    removed = {it.path for it in found if it.kind == "removed"}
    replaced = {it.path for it in found if it.kind == "added"} & removed
    for it in found:
        if it.path not in replaced or it.kind not in {"added", "removed"}:
            yield it
        elif it.kind == "added" and not _same(before, old[it.path], after, new[it.path]):
            yield Difference("changed", it.path, is_folder=it.is_folder)


def _same(before: Moment, was: Node, after: Moment, node: Node) -> bool:
    """Say whether two nodes hold the same bytes."""
    if was.kind is not node.kind:
        return False
    if was.kind is EntryKind.FOLDER or was.version == node.version:
        return True
    try:
        return before.digest(was) == after.digest(node)
    except BlockNotFound:
        return False
