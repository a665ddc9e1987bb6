"""A change under way: what a person did, collected into operations for one commit."""

from __future__ import annotations

from collections.abc import Container, Iterator

from blake3 import blake3

from storage.contents import text_in
from storage.crypto.link import Link
from storage.errors import BadName, DecodeError, NameTaken, NotFound
from storage.facts.change import ENTRY_SIZE, TOP, Drop, EntryId, Operation, Put
from storage.facts.dots import Dot
from storage.facts.names import check_name
from storage.facts.node import below
from storage.facts.pens import pen_at
from storage.facts.slots import UNITED
from storage.facts.state import EntryFacts
from storage.facts.text import TextDocument
from storage.facts.values import (
    Content,
    Edit,
    EntryKind,
    Fact,
    Keep,
    Kind,
    Meta,
    Place,
    Scalar,
    Value,
)
from storage.facts.view import kept_path, last, latest_meta, lineage_of, main_content, sides, winner
from storage.joining import united
from storage.siding import Siding

_RANDOM_SIZE = 10


class ChangeSet(Siding):
    """Collects operations. Nothing happens until the vault commits it."""

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Return what was collected, in order."""
        return tuple(self._operations.values())

    def links(self) -> Iterator[bytes]:
        """Walk the addresses of the topmost blocks that it names."""
        for operation in self._operations.values():
            match operation:
                case Put(_, _, Content(link=link, document=document)):
                    yield from (found.digest for found in (link, document) if found is not None)
                case Put(_, _, Edit(update=Link() as link)):
                    yield link.digest
                case _:
                    pass

    def __len__(self) -> int:
        return len(self._operations)

    def add_folder(self, parent: EntryId, name: str, *, mtime_ns: int = 0) -> EntryId:
        """Make a folder and return its id.

        Raises:
            BadName: a name that no folder may hold.
        """
        return self._add(parent, name, EntryKind.FOLDER, None, Meta(mtime_ns, executable=False))

    def add_file(self, parent: EntryId, name: str, content: Content, meta: Meta) -> EntryId:
        """Make a file of content that is stored already, and return its id."""
        return self._add(parent, name, EntryKind.FILE, content, meta)

    def add_link(self, parent: EntryId, name: str, target: str, meta: Meta) -> EntryId:
        """Make a symbolic link, kept as text and never followed."""
        content = self._contents.store_bytes(target.encode())
        return self._add(parent, name, EntryKind.LINK, content, meta)

    def write(
        self, entry: EntryId, data: bytes, meta: Meta, base: bytes = b"", *, alike: bool = False
    ) -> bytes:
        """Let an entry hold data (at most 2 MiB), which was made from the version `base`.

        Text becomes an edit, so that what came since stays; other bytes become a new content.
        Returns the token of the version that is exactly data, to make the next change from;
        empty when there is none, or it does not outlast this change. `alike`: whoever else makes
        this text of this version means the very same change, so its words stand there once.

        Raises:
            NotFound: no such entry.
        """
        entry = self._own(entry)
        facts = self._facts(entry)
        main = sides(facts)[0]
        before = facts["content"][main] if main is not None else None
        text = text_in(data)
        if text is None or main is None or not isinstance(before, Content) or not before.is_text:
            self.replace(entry, self._contents.store_bytes(data), meta)
            return b""
        document = self._contents.document(facts)
        base = self._contents.version_named(document, base) or document.version()
        alike_peer = _peer_of(base, data) if alike else None
        held = self._write(entry, document, base, text, alike_peer)
        lasts = True
        if held is not None:
            self._free_sides(entry)
            lasts = self._put_version(entry, facts, main, document)
        self.set_meta(entry, meta)
        return (held or base) if lasts else b""

    def _write(
        self, entry: EntryId, document: TextDocument, base: bytes, text: str, peer: int | None
    ) -> bytes | None:
        """Make version `base` of a document this text, by a peer or with the entry's pen."""
        if peer is not None:
            return document.edit_from(base, text, peer)
        peer = self._contents.pens.take(entry, base, document.version()) or self._peer()
        held = document.edit_from(base, text, peer)
        pen = pen_at(peer, held or base)
        if pen is not None and held is None:
            self._contents.pens.put_back(entry, pen, base)  # nothing was written with it
        elif pen is not None:
            self.pens[entry] = pen
        return held

    def builds_on(self, entry: EntryId, base: bytes) -> bool:
        """Say whether a token names a version of an entry's text, so that `write` unites both.

        Else the text was replaced meanwhile as a whole: `write` would replace it once more.
        """
        facts = self._facts(entry)
        return bool(self._contents.version_named(self._contents.look(facts), base))

    def edit(self, entry: EntryId, update: bytes, meta: Meta) -> None:
        """Add an edit made in an open document; `update` is what TextDocument.since gives.

        Raises:
            NotFound: no such entry.
            DecodeError: not an update, or the entry is no text.
        """
        entry = self._own(entry)
        facts = self._facts(entry)
        main = sides(facts)[0]
        if main is None:
            raise DecodeError("an edit of what is no text")
        document = self._contents.document(facts)
        if not document.knows(update):
            document.merge(update)
            self._free_sides(entry)
            self._put_version(entry, facts, main, document)
        self.set_meta(entry, meta)

    def unite(self, stays: EntryId, goes: EntryId) -> bool:
        """Let a note say all that another says too, which then goes; say whether that is done.

        Nothing is done where the text would be too long for one.

        Raises:
            NotFound, BlockNotFound, DecodeError: one of them is no text that is here.
        """
        stays, goes = self._own(stays), self._own(goes)
        facts = self._facts(stays)
        document = united(self._contents, facts, self._facts(goes))
        main = sides(facts)[0]
        if document is None or main is None:
            return False
        self._free_sides(stays)
        self._put_version(stays, facts, main, document)
        self.set_meta(stays, latest_meta(facts))
        for name, dots in self._facts(goes).items():
            if name.startswith(UNITED):
                self._put(stays, name, dots[last(dots)])
        self._put(stays, f"{UNITED}{goes.hex()}", Fact(self._lineage(goes)))
        self.remove(goes)
        return True

    def replace(self, entry: EntryId, content: Content, meta: Meta) -> None:
        """Let an entry hold a whole new content."""
        entry = self._own(entry)
        self._facts(entry)  # or it is not here
        self._free_sides(entry)
        self._drop(entry, "edits")
        self._put(entry, "content", content)
        self.set_meta(entry, meta)

    def set_meta(self, entry: EntryId, meta: Meta) -> None:
        """Say when it was changed and whether it can be run."""
        entry = self._own(entry)
        self._put(entry, "meta", meta)
        self._keep(entry)

    def move(self, entry: EntryId, parent: EntryId, name: str) -> None:
        """Give an entry another place: rename and move are one fact.

        Raises:
            BadName: a name that no folder may hold.
            NameTaken: a folder cannot lie in itself.
        """
        _check(name)
        revived = self._is_revived(entry)
        entry = self._own(entry)
        above: EntryId | None = parent
        while above is not None and above != TOP:
            if above == entry:
                raise NameTaken("a folder cannot lie in itself")
            above = self._parent(above)
        self._revive(parent)
        self._fresh[entry] = (parent, name)
        self._paths.clear()
        self._paths[TOP] = ()
        self._put(entry, "place", Place(parent, name))
        self._keep(entry)
        if revived:
            self._bring_along(entry)

    def remove(self, entry: EntryId, among: Container[EntryId] | None = None) -> None:
        """Put an entry in the bin, a folder with all below it, or with what of that is `among`."""
        tree = self._reading.tree()
        node = tree.get(entry)
        if node is None:
            raise NotFound("nothing of that name is here")
        if node.side_of is not None:
            self._remove_side(node)
            return
        if node.kind != EntryKind.FOLDER:
            self._free_sides(entry)
        for found in [node, *below(tree, node)]:
            if found.side_of is None and (among is None or found.id in among):
                self._forget(found.id)
                if found.kind != EntryKind.FOLDER or self._reading.facts(found.id):
                    self._operations[(found.id, None)] = Drop(found.id)

    def put_fact(self, entry: EntryId, name: str, value: Scalar) -> None:
        """Put a `fact:<name>`."""
        self._put(entry, f"fact:{name}", Fact(value))

    def forget_fact(self, entry: EntryId, name: str) -> None:
        """Take a `fact:` away, by its whole name."""
        self._drop(entry, name)

    def bring_back(self, entry: EntryId, facts: EntryFacts, path: tuple[str, ...] = ()) -> None:
        """Let an entry be as these facts say: the place, content, meta of some moment.

        If its folder is gone, it comes back at `path`, where it lay last; without one, at the
        path of its last edit.

        Raises:
            BlockNotFound: not all of that version is on this device.
        """
        self._forget(entry)
        self._free_sides(entry)
        for attribute in ("kind", "place", "meta"):
            found = _largest(facts, attribute)
            if found is not None:
                self._put(entry, attribute, found[1])
        main = sides(facts)[0]
        if main is not None:
            self._drop(entry, "edits")
            self._put(entry, "content", self._contents.flatten(facts))
        place = winner(facts.get("place", {}))
        if place is not None and self._is_there(EntryId(place[1].parent)):
            self._fresh[entry] = (EntryId(place[1].parent), place[1].name)
            self._keep(entry)
        elif path := path or kept_path(facts) or ((place[1].name,) if place else ()):
            self._paths[entry] = path  # its folder is gone: the view brings that back, by name
            self._put(entry, "keep", Keep(path))

    def _add(
        self, parent: EntryId, name: str, kind: EntryKind, content: Content | None, meta: Meta
    ) -> EntryId:
        _check(name)
        self._revive(parent)
        entry = self._new_id()
        self._fresh[entry] = (parent, name)
        put = self._operations  # nothing was said of a new entry that this could replace
        put[entry, "kind"] = Put(entry, "kind", Kind(kind))
        put[entry, "place"] = Put(entry, "place", Place(parent, name))
        if content is not None:
            put[entry, "content"] = Put(entry, "content", content)
        put[entry, "meta"] = Put(entry, "meta", meta)
        self._keep(entry)
        return entry

    # ------------------------------------------------------------ folders brought back

    def _is_revived(self, entry: EntryId) -> bool:
        node = self._reading.tree().get(entry)
        if node is None or node.kind != EntryKind.FOLDER or entry in self._fresh:
            return False
        return not self._reading.facts(entry)

    def _is_there(self, folder: EntryId) -> bool:
        if folder == TOP or folder in self._fresh:
            return True
        return self._reading.tree().get(folder) is not None

    def _bring_along(self, folder: EntryId) -> None:
        """Put what the view shows in a folder brought back really into it, for it moves."""
        for child in self._reading.tree().children(folder):
            if child.side_of is None and child.id not in self._fresh:
                revived = self._is_revived(child.id)
                if revived:
                    self._revive(child.id)
                self._fresh[child.id] = (folder, child.name)
                self._put(child.id, "place", Place(folder, child.name))
                self._keep(child.id)
                if revived:
                    self._bring_along(child.id)

    def _lineage(self, entry: EntryId) -> bytes:
        content = main_content(self._facts(entry))
        return b"" if content is None else lineage_of(content)

    def _parent(self, entry: EntryId) -> EntryId | None:
        fresh = self._fresh.get(entry)
        if fresh is not None:
            return fresh[0]
        node = self._reading.tree().get(entry)
        return None if node is None else node.parent

    def _new_id(self) -> EntryId:
        """Time first, so that what is made together lies together in the tree."""
        milliseconds = int(self._clock.now() * 1000) & (2**48 - 1)
        time_part = milliseconds.to_bytes(ENTRY_SIZE - _RANDOM_SIZE, "big")
        return EntryId(time_part + self._entropy.take(_RANDOM_SIZE))

    def _peer(self) -> int:
        return int.from_bytes(self._entropy.take(8), "big") >> 1 or 2


def _peer_of(base: bytes, data: bytes) -> int:
    """Return who makes a text of a version, whichever device does.

    The number in it is that of the way in which differences are found: of another way the same
    text would be made by other steps, and those have to be somebody else's.
    """
    seed = blake3(b"alike 1" + blake3(base).digest() + data).digest()
    return int.from_bytes(seed[:8], "big") >> 1 or 2


def _largest(facts: EntryFacts, attribute: str) -> tuple[Dot, Value] | None:
    dots = facts.get(attribute, {})
    if not dots:
        return None
    dot = max(dots, key=lambda found: found.rank)
    return dot, dots[dot]


def _check(name: str) -> None:
    try:
        check_name(name)
    except DecodeError as error:
        raise BadName(str(error)) from error
