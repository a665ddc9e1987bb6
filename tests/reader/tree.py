"""The facts of a space as a tree: which row lies where, and what the root is. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.reader.basics import Damaged, decode, digest, encode

Dot = tuple[int, bytes]
"""n before writer, so that dots sort by rank."""
Facts = dict[str, dict[Dot, Any]]
Entries = dict[bytes, Facts]
TOP = bytes(16)
NODE_ATTRIBUTES = ("kind", "place", "content", "edits", "meta", "keep")


def root_of(entries: Entries, seen: dict[bytes, int], epoch: int, secret: bytes) -> bytes:
    """Encode the whole tree, and return the link of its root."""
    inside = homes(entries)

    def seal(kind: bytes, plaintext: bytes) -> bytes:
        key = blake3(bytes([len(kind)]) + kind + plaintext, key=secret).digest()
        return digest(AESGCM(key).encrypt(bytes(12), plaintext, kind)) + key

    def row(entry: bytes) -> bytes:
        facts = entries[entry]
        others = sorted((n for n in facts if n.startswith("fact:")), key=lambda n: n.encode())
        start = [entry, *(dots(facts.get(name, {})) for name in NODE_ATTRIBUTES)]
        start.append([[name, dots(facts[name])] for name in others])
        child = None if entry == TOP else folder(entry)
        whole = encode([*start, child])
        fragment = whole[: -1 if child is None else -66]
        if len(fragment) > 3072:
            cuts = range(0, len(fragment), 512 << 10)
            pieces = [seal(b"row", fragment[at : at + (512 << 10)]) for at in cuts]
            return encode([entry, pieces, child])
        return whole

    def folder(of: bytes | None) -> bytes | None:
        nodes = [(entry, decode(row(entry))) for entry in sorted(inside.get(of, []))]
        kind, level = "rows", 0
        while nodes and (level == 0 or len(nodes) > 1):
            made, part = list[tuple[bytes, Any]](), list[tuple[bytes, Any]]()
            for index, (first, value) in enumerate(nodes):
                part.append((first, value if level == 0 else [first, value]))
                ends = digest(first)[level] < 4 or len(part) == 256
                if ends or index == len(nodes) - 1:
                    body = encode([kind, [value for _, value in part]])
                    made.append((part[0][0], seal(kind.encode(), body)))
                    part = []
            nodes, kind, level = made, "index", level + 1
        return nodes[0][1] if nodes else None

    everything = [[writer, n] for writer, n in sorted(seen.items())]
    return seal(b"root", encode(["root", 1, epoch, everything, folder(TOP), folder(None)]))


def dots(held: dict[Dot, Any]) -> list[Any]:
    """Return the facts of one attribute as rows hold them."""
    return [[w, n, value] for w, n, value in sorted((d[1], d[0], v) for d, v in held.items())]


def homes(entries: dict[bytes, Facts]) -> dict[bytes | None, list[bytes]]:
    """Return what lies in which folder; None is loose."""
    parent = dict[bytes, bytes | None]()
    for entry, facts in entries.items():
        place = facts.get("place")
        into = place[max(place)][0] if place and entry != TOP else None
        parent[entry] = into if into == TOP or is_folder(entries.get(into or b"", {})) else None
    for entry in cut(entries, parent):
        parent[entry] = None
    inside = dict[bytes | None, list[bytes]]()
    for entry, into in parent.items():
        inside.setdefault(into, []).append(entry)
    return inside


def is_folder(facts: Facts) -> bool:
    """Say whether an entry is a folder: the smallest rank counts."""
    kind = facts.get("kind")
    return kind is not None and kind[min(kind)] == 1


def cut(entries: dict[bytes, Facts], parent: dict[bytes, bytes | None]) -> set[bytes]:
    """Return where cycles of moves are cut: at the place with the largest rank."""
    found = set[bytes]()
    for entry in parent:
        path, at = list[bytes](), entry
        while at in parent and at not in path:
            path.append(at)
            at = parent[at] or TOP
        if at != TOP and at in path:
            found.add(max(path[path.index(at) :], key=lambda e: max(entries[e]["place"])))
    return found


def rows_under(root: bytes, open_block: Callable[[bytes, bytes], bytes]) -> Entries:
    """Walk the stored nodes below a root, and return the facts that are in them."""
    word, version, _epoch, _seen, top, loose = decode(open_block(root, b"root"))
    if (word, version) != ("root", 1):
        raise Damaged("not a root")
    found: Entries = {}
    todo = [link for link in (top, loose) if link is not None]
    while todo:
        body = open_node(todo.pop(), open_block)
        for row in body[1]:
            if body[0] == "index":
                todo.append(row[1])
                continue
            child = row[-1]
            if len(row) == 3:
                whole = b"".join(open_block(piece, b"row") for piece in row[1])
                row = decode(whole + b"\xf6")  # noqa: PLW2901 - a fragment lacks the child
            names = [*zip(NODE_ATTRIBUTES, row[1:7], strict=True), *row[7]]
            found[row[0]] = {name: {(n, w): v for w, n, v in held} for name, held in names if held}
            todo += [child] if child is not None else []
    return found


def open_node(link: bytes, open_block: Callable[[bytes, bytes], bytes]) -> list[Any]:
    """Open a leaf or an index: the kind it was sealed as is not said in the link."""
    for kind in (b"rows", b"index"):
        try:
            body: list[Any] = decode(open_block(link, kind))
        except InvalidTag:
            continue
        if body[0] == kind.decode():
            return body
    raise Damaged("not a node")
