"""What a person sees of a space: paths, names, versions side by side, and their bytes. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from tests.reader.basics import Damaged, decode, digest, public_of, unpack
from tests.reader.second_reader import Space
from tests.reader.texts import Change, merge, read_changes, seed, updates_of
from tests.reader.tree import TOP, Dot, Facts, homes, is_folder

Shown = dict[tuple[str, ...], bytes | None]
"""Paths, and the bytes under them; None for folders."""


@dataclass(slots=True)
class Item:
    """One line of a folder: an entry's own in round 0, a revived folder 1, a version beside 2."""

    id: bytes
    round: int
    rank: Dot
    name: str
    data: bytes | None
    shown: str = ""


def key(name: str) -> str:
    """Return what must not be twice in one folder."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def suffixed(name: str, suffix: str) -> str:
    """Put something before a name's extension."""
    stem, dot, extension = name.rpartition(".")
    if not stem or not extension.isalnum() or len(extension) > 16:
        stem, dot, extension = name, "", ""
    tail = f" ({suffix}){dot}{extension}"
    return stem.encode()[: 1024 - len(tail.encode())].decode(errors="ignore") + tail


def derived(seed: bytes, space: Space) -> bytes:
    """Return an id that no entry bears."""
    made = digest(seed)
    while made[:16] in space.entries or made[:16] == TOP:
        made = digest(made)
    return made[:16]


def shown(space: Space) -> Shown:
    """Return every path with its bytes."""
    inside = _Homes(space).inside
    found: Shown = {}

    def walk(folder: bytes, path: tuple[str, ...]) -> None:
        lines, taken = inside.get(folder, []), set[str]()
        label(lines, 0, taken)
        label(lines, 1, taken)
        for line in [line for line in lines if line.round == 0]:
            lines += beside(space, line)
        label(lines, 2, taken)
        for line in lines:
            found[*path, line.shown] = line.data
            if line.data is None:
                walk(line.id, (*path, line.shown))

    walk(TOP, ())
    return found


def label(lines: list[Item], number: int, taken: set[str]) -> None:
    """Name the lines of one round; those whose name is free come first."""
    mine = sorted((i for i in lines if i.round == number), key=lambda i: (i.rank, i.id))
    for line in mine:
        if key(line.name) not in taken:
            taken.add(key(line.name))
            line.shown = line.name
    for line in mine:
        count = 1
        while not line.shown:
            count += 1
            name = suffixed(line.name, str(count))
            if key(name) not in taken:
                taken.add(key(name))
                line.shown = name


class _Homes:
    """Finds a folder for everything that is shown."""

    def __init__(self, space: Space) -> None:
        self.space = space
        self.inside = dict[bytes, list[Item]]()
        self.folders = dict[tuple[bytes, str], bytes]()
        self.made = dict[bytes, Item]()
        entries = space.entries
        visible = {e for e, facts in entries.items() if e != TOP and is_shown(facts)}
        visible -= {e for e in visible if is_overtaken(entries, e)}
        lost = list[bytes]()
        for home, members in homes(entries).items():
            for entry in sorted(visible.intersection(members)):
                if home == TOP or home in visible:
                    self._put(home, entry)
                elif home is None and self._cut(entry):
                    self._put(TOP, entry)
                else:
                    lost.append(entry)
        self._settle(TOP)
        for entry in sorted(lost):
            self._put(self._kept(entries[entry]), entry)

    def _put(self, folder: bytes, entry: bytes) -> None:
        facts = self.space.entries[entry]
        place, keep = facts.get("place"), facts.get("keep")
        name = place[max(place)][1] if place else keep[max(keep)][-1] if keep else ""
        rank = min(facts.get("kind") or (dot for held in facts.values() for dot in held))
        item = Item(entry, 0, rank, name, None if is_folder(facts) else b"")
        self.inside.setdefault(folder, []).append(item)

    def _cut(self, entry: bytes) -> bool:
        """Say whether a loose entry has a folder, and only a cycle was cut there."""
        place = self.space.entries[entry].get("place")
        return place is not None and is_folder(self.space.entries.get(place[max(place)][0], {}))

    def _settle(self, folder: bytes) -> None:
        """Remember the folders that hang on the top, the oldest of a name."""
        for item in sorted(self.inside.get(folder, []), key=lambda i: (i.rank, i.id)):
            if item.data is None:
                self.folders.setdefault((folder, key(item.name)), item.id)
                self._settle(item.id)

    def _kept(self, facts: Facts) -> bytes:
        """Walk the kept path by names, and bring back the folders that are missing."""
        folder, keep = TOP, facts.get("keep")
        touched = max(dot for held in facts.values() for dot in held)
        for name in keep[max(keep)][:-1] if keep else []:
            if (folder, key(name)) not in self.folders:
                made = derived(b"revived" + folder + name.encode(), self.space)
                self.folders[folder, key(name)] = made
                self.made[made] = Item(made, 1, touched, name, None)
                self.inside.setdefault(folder, []).append(self.made[made])
            folder = self.folders[folder, key(name)]
            if folder in self.made:
                self.made[folder].rank = max(self.made[folder].rank, touched)
        return folder


def is_shown(facts: Facts) -> bool:
    """Say whether a person sees it."""
    return bool(facts.keys() & {"content", "kind"} and facts.keys() & {"place", "keep"})


def is_overtaken(entries: dict[bytes, Facts], slot: bytes) -> bool:
    """Say whether it is a version beside a file whose writer has a later one there now."""
    facts = entries[slot]
    marks, contents = facts.get("fact:beside", {}), facts.get("content", {})
    moved = any(facts.get(name, {}).keys() - marks.keys() for name in ("place", "edits"))
    held = [m for m in marks.values() if isinstance(m, bytes) and len(m) == 32]
    held = [m for m in held if digest(b"beside" + m[:24])[:16] == slot]
    if not held or not contents or contents.keys() - marks.keys() or moved or is_folder(facts):
        return False
    mark = max(held, key=lambda m: (m[24:], m[16:24], m[:16]))
    original = entries.get(mark[:16], {})
    later = (int.from_bytes(mark[24:], "big"), mark[16:24])
    return len(groups_of(original)) > 1 and any(
        dot[1] == later[1] and dot > later for dot in contents_of(original)
    )


def contents_of(facts: Facts) -> dict[Dot, Any]:
    """Return the contents that count: of several versions that one writer left, the last."""
    contents = facts.get("content", {})
    marks = {
        dot: int.from_bytes(mark[24:], "big")
        for dot, mark in facts.get("fact:beside", {}).items()
        if isinstance(mark, bytes) and len(mark) == 32
    }
    last = max((marks[dot] for dot in contents if dot in marks), default=0)
    return {dot: it for dot, it in contents.items() if marks.get(dot, last) == last}


def beside(space: Space, line: Item) -> list[Item]:
    """Give a file its bytes, and each of its other versions a line of its own."""
    found = list[Item]()
    if line.data is None:
        return found
    for index, (dot, data) in enumerate(versions_of(space, space.entries[line.id])):
        if index == 0:
            line.data = data
            continue
        device = device_name(space, dot[1])
        clean = "".join("-" if c in "/\\\0" or not c.isprintable() else c for c in device)
        name = suffixed(line.shown, clean.strip()[:64] or "another device")
        found.append(Item(line.id, 2, dot, name, data))  # a dot names it as well as an id
    return found


def device_name(space: Space, writer: bytes) -> str:
    """Return how the device behind a writer is called."""
    public = public_of(space.devices[writer]).public_bytes_raw()
    names = space.entries.get(digest(b"atoll/card/1" + public)[:16], {}).get("fact:name")
    return names[max(names)] if names else f"device {writer.hex()[:4]}"


def homes_of(facts: Facts) -> list[tuple[Dot, list[Any]]]:
    """Return the edits, each with the content that it stands on."""
    contents = contents_of(facts)
    return [
        (dot if dot in contents else (edit[1], edit[0]), edit)
        for dot, edit in facts.get("edits", {}).items()
    ]


def groups_of(facts: Facts) -> list[list[Dot]]:
    """Return the contents that are shown, those that are one version together; the main first."""
    contents = contents_of(facts)
    groups = dict[tuple[bool, bytes], list[Dot]]()
    for dot in sorted(contents, reverse=True):
        _, _, own, is_text, document, lineage = contents[dot]
        groups.setdefault((is_text, lineage if document else own), []).append(dot)
    homes = {home for home, _ in homes_of(facts)}
    found, have = list[list[Dot]](), set[bytes]()
    for dots in groups.values():
        own = contents[dots[0]][2]
        if own not in have or not homes.isdisjoint(dots):
            found.append(dots)
        have.add(own)
    return found


def versions_of(space: Space, facts: Facts) -> list[tuple[Dot, bytes]]:
    """Return the versions of a file, the main one first."""
    contents, edits = contents_of(facts), homes_of(facts)
    found = list[tuple[Dot, bytes]]()
    for dots in groups_of(facts):
        first = contents[dots[0]]
        # An edit whose content is gone may belong to any text; only where it fits it takes part.
        mine = [edit for home, edit in edits if home in dots or home not in contents]
        if first[3] and (mine or len(dots) > 1 or first[4]):
            updates = [_manifest(space, edit[3]) if edit[2] else edit[3] for edit in mine]
            found.append((dots[0], _text(space, [contents[dot] for dot in dots], updates)))
        else:
            found.append((dots[0], read(space, first)))
    return found


def _text(space: Space, contents: list[list[Any]], updates: list[bytes]) -> bytes:
    changes = list[Change]()
    for content in contents:
        if content[4]:
            document = _manifest(space, content[4])
            for part in updates_of(decode(document)) or [document]:
                changes += read_changes(decode(part))
        else:
            peer = int.from_bytes(content[2][:8], "big") >> 1 or 1
            changes.append(seed(read(space, content).decode(), peer))
    for update in updates:
        changes += read_changes(decode(update))
    return merge(changes).encode()


def read(space: Space, content: list[Any]) -> bytes:
    """Return the bytes of a content, checked."""
    link, size, own = content[:3]
    if link is None:
        data = b""
    elif size <= 1 << 20:
        data = unpack(space.open(link, b"chunk"), size)
    else:
        data = _manifest(space, link)
    if len(data) != size or digest(data) != own:
        raise Damaged("bytes that are not the content's")
    return data


def _manifest(space: Space, link: bytes) -> bytes:
    word, level, parts = decode(space.open(link, b"manifest"))
    if word != "manifest" or not 0 <= level <= 3 or not 1 <= len(parts) <= 4096:
        raise Damaged("not a manifest")
    pieces = list[bytes]()
    for size, part in parts:
        if level:
            pieces.append(_manifest(space, part))
        else:
            pieces.append(bytes(size) if part is None else unpack(space.open(part, b"chunk"), size))
        if len(pieces[-1]) != size:
            raise Damaged("another size than it says")
    return b"".join(pieces)
