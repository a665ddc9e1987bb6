"""Content that is still to come: which blocks, for which entries and which older versions.

A version that was replaced before it could be fetched is wanted as well, after all that is
shown now: no saved version is only on the device that wrote it. It stands in the table want
under an id of its own, one byte longer than an entry's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from storage.batches import rows_among
from storage.blocks.store import MAX_BLOCK, Kind, Thing
from storage.codec.dagcbor import encode_checked
from storage.core import Core
from storage.errors import (
    AtollError,
    BlockNotFound,
    CorruptBlock,
    DecodeError,
    StoreFull,
    StoreUnusable,
)
from storage.facts.change import ENTRY_SIZE, TOP, EntryId, Operation, Put
from storage.facts.dots import Dot, Writer
from storage.facts.state import EntryFacts
from storage.facts.values import Content, Edit, value_to_cbor
from storage.index.line import plain_content
from storage.letgo import tops_of
from storage.tree.compress import CHUNK_MAX

_AT_ONCE = 500
_INSERT = "INSERT OR IGNORE INTO want(digest, entry, size) VALUES (?, ?, ?)"
_OLDER = b"\xff"
_SOME_DOT = Dot(Writer(bytes(8)), 1)
_NOTHING = Content(None, 0, bytes(32), is_text=False)


class Wants:
    """The tables want and unread. The caller begins and commits transactions."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def note(self, facts: Mapping[EntryId, EntryFacts]) -> None:
        """Note what is wanted of entries that changed, and that search has to read them again."""
        core, run = self._core, self._core.connection.executemany
        unkept = core.kept.unkept(facts)
        kept = facts.keys() - unkept
        if core.let_go.any():
            tops = [digest for entry in kept for digest in tops_of(facts[entry])]
            core.let_go.take_back(tops, older_only=core.kept.keeping.is_whole)
        if core.connection.execute("SELECT EXISTS (SELECT 1 FROM want)").fetchone()[0]:
            self._hand_on(facts)
        run(
            _INSERT,
            [
                (digest, entry, n)
                for entry in facts
                if entry not in unkept
                for digest, n in self._missing(facts[entry])
            ],
        )
        if unkept:
            self.do_without(facts[entry] for entry in unkept)
        run("INSERT OR IGNORE INTO unread(entry) VALUES (?)", [(entry,) for entry in facts])

    def _hand_on(self, facts: Iterable[EntryId]) -> None:
        """Want what was wanted of entries for their older versions only; but records stay so."""
        run = self._core.connection.executemany
        facts = [entry for entry in facts if entry != TOP]
        run(
            "INSERT OR IGNORE INTO want(digest, entry, size) "
            "SELECT digest, CAST(x'ff' || substr(digest, 1, 16) AS BLOB), size "
            "FROM want WHERE entry = ?",
            [(entry,) for entry in facts],
        )
        run("DELETE FROM want WHERE entry = ?", [(entry,) for entry in facts])

    def note_versions(
        self, contents: Iterable[Content], facts: Mapping[EntryId, EntryFacts]
    ) -> None:
        """Note what is wanted of contents that came, whether they are still shown or not.

        A short one that is an entry's present content is wanted for the entry already, and
        handed on by `note` when it is replaced. Who does not keep all wants no older versions.
        """
        present = {c for its in facts.values() for c in its.get("content", {}).values()}
        without: list[EntryFacts] = []
        for content in contents:
            is_short = content.size <= CHUNK_MAX and content.document is None
            if content.link is None or (is_short and content in present):
                continue
            if not self._core.kept.keeping.is_whole:
                if content not in present:
                    without.append(_as_facts(content))
                continue
            self.want_version(content)
        if without:
            self.do_without(without)

    def note_edits(self, edits: Iterable[Edit]) -> None:
        """Note what is wanted of edits that are shown no more. As `note_versions`."""
        for edit in edits:
            facts: EntryFacts = {"edits": {_SOME_DOT: edit}}
            if not self._core.kept.keeping.is_whole:
                self.do_without([facts])
                continue
            for digest, size in self._missing(facts):
                self._want(EntryId(_OLDER + digest[:ENTRY_SIZE]), [(digest, size)])

    def note_kept(self, entries: Collection[EntryId]) -> None:
        """Note what entries lack that are to be here, and do not miss what others lack."""
        unkept = self._core.kept.unkept(entries)
        self.note_again(entry for entry in entries if entry not in unkept)
        if unkept:
            self.do_without(self._core.catalog.facts(entry) for entry in unkept)

    def want_record(self, digest: bytes) -> None:
        """Want a record that is known, or its payload, and then what it names."""
        self._core.connection.execute(_INSERT, (digest, TOP, 0))

    def want_version(self, content: Content) -> None:
        """Want a content, whether it is shown or not."""
        if content.link is None:
            return
        version = EntryId(_OLDER + content.link.digest[:ENTRY_SIZE])
        if self._want(version, self._missing(_as_facts(content))):
            self._core.connection.execute(
                "INSERT OR REPLACE INTO version(id, content) VALUES (?, ?)",
                (version, encode_checked(value_to_cbor(content))),
            )

    def take(self, blocks: Iterable[bytes]) -> frozenset[EntryId]:
        """Keep what is wanted, leave the rest; return the entries that are complete now."""
        touched: set[EntryId] = set()
        records: list[bytes] = []
        for data in blocks:
            if len(data) <= MAX_BLOCK:
                thing = Thing(Kind.BLOCK, data)
                entries = self._take(thing)
                touched |= entries
                if TOP in entries:
                    records.append(thing.digest)
        for start in range(0, len(records), _AT_ONCE):
            self._want_named_by(records[start : start + _AT_ONCE])
        return self._complete(touched)

    def _want_named_by(self, came: list[bytes]) -> None:
        """Want what records name that were lost here: nobody could tell what else was lost."""
        core, marks = self._core, ",".join("?" for _ in came)
        rows = core.connection.execute(
            f"SELECT pos FROM record WHERE digest IN ({marks}) OR payload IN ({marks})",  # noqa: S608
            (*came, *came),
        ).fetchall()
        for step in core.ledger.steps_at(int(row[0]) for row in rows):
            try:
                operations = core.history.payload(step).operations
            except (StoreFull, StoreUnusable):
                raise
            except AtollError:
                continue  # half of it is still to come
            entries = {operation.entry for operation in operations}
            self.note_kept(entries)
            facts = {entry: core.catalog.facts(entry) for entry in entries}
            self.note_versions(contents_in(operations), facts)
            held = {edit for its in facts.values() for edit in its.get("edits", {}).values()}
            self.note_edits(edit for edit in edits_in(operations) if edit not in held)

    def look_again(self) -> None:
        """Find out which of the wanted blocks are here after all."""
        core = self._core
        rows = core.connection.execute("SELECT DISTINCT digest FROM want").fetchall()
        touched: set[EntryId] = set()
        for row in rows:
            if core.blocks.has(bytes(row[0])):
                touched |= self._done(bytes(row[0]))
        self._complete(touched)

    def missing(self, limit: int) -> tuple[bytes, ...]:
        """Return addresses of content that is still to come, by entry, older versions last.

        Entries made together come together, so whoever writes them out looks at few folders.
        """
        rows = self._core.connection.execute(
            "SELECT digest FROM want GROUP BY digest "
            "ORDER BY min(length(entry)), min(entry) LIMIT ?",
            (limit,),
        )
        return tuple(bytes(row[0]) for row in rows.fetchall())

    def lacking(self, entries: Iterable[EntryId]) -> frozenset[EntryId]:
        """Return those of the entries whose bytes are not all here."""
        ask = "SELECT DISTINCT entry FROM want WHERE entry IN (…)"
        rows = rows_among(self._core.connection, ask, entries)
        return frozenset(EntryId(bytes(row[0])) for row in rows)

    def lacking_at_all(self, entries: Iterable[EntryId]) -> frozenset[EntryId]:
        """Return those of the entries whose bytes are not all here, wanted or let go of."""
        wanted = list(entries)
        if not self._core.let_go.any():
            return self.lacking(wanted)
        return self.lacking(wanted) | {entry for entry in wanted if self._lacks(entry)}

    def drop(self, digests: Iterable[bytes]) -> None:
        """Want these blocks no longer, whatever they are wanted for."""
        run = self._core.connection
        run.executemany("DELETE FROM want WHERE digest = ?", [(digest,) for digest in digests])
        run.execute("DELETE FROM version WHERE id NOT IN (SELECT entry FROM want)")

    def shown_of(self, digests: Iterable[bytes]) -> frozenset[bytes]:
        """Return those of the blocks that are wanted for what is shown."""
        run = self._core.connection.execute
        statement = "SELECT 1 FROM want WHERE digest = ? AND length(entry) = ? LIMIT 1"
        return frozenset(
            digest for digest in digests if run(statement, (digest, ENTRY_SIZE)).fetchone()
        )

    def want_only(self, older: Collection[bytes]) -> None:
        """Of older versions want these blocks only."""
        run = self._core.connection
        rows = run.execute(
            "SELECT DISTINCT digest FROM want WHERE length(entry) > ?", (ENTRY_SIZE,)
        ).fetchall()
        run.executemany(
            "DELETE FROM want WHERE digest = ? AND length(entry) > ?",
            [(digest, ENTRY_SIZE) for (digest,) in rows if bytes(digest) not in older],
        )
        run.execute("DELETE FROM version WHERE id NOT IN (SELECT entry FROM want)")

    def note_again(self, entries: Iterable[EntryId]) -> None:
        """Note what entries lack whose content was let go of and is wanted again."""
        for entry in entries:
            self._want(entry, self._missing(self._core.catalog.facts(entry)))

    def note_held(self, held: Iterable[tuple[EntryId, EntryFacts]]) -> None:
        """Note what entries lack, of very many."""
        rows = ((digest, entry, n) for entry, its in held for digest, n in self._missing(its))
        self._core.connection.executemany(_INSERT, rows)

    def do_without(self, held: Iterable[EntryFacts]) -> None:
        """Do not miss what is not here of contents; but what others hold here, they hold."""
        core = self._core
        tops = {top for facts in held for top in tops_of(facts)}
        absent = [top for top in tops if not core.blocks.has(top)]
        wanted = self._wanted_of(absent)
        core.let_go.add(top for top in absent if top not in wanted)

    def _wanted_of(self, digests: list[bytes]) -> set[bytes]:
        """Return those of the blocks that are wanted."""
        rows = rows_among(
            self._core.connection, "SELECT digest FROM want WHERE digest IN (…)", digests
        )
        return {bytes(row[0]) for row in rows}

    def drop_of(self, entry: EntryId) -> None:
        """Want nothing for an entry."""
        self._core.connection.execute("DELETE FROM want WHERE entry = ?", (entry,))

    def want_no_older(self) -> None:
        """Want no older versions, and do not miss them."""
        run = self._core.connection.execute
        rows = run("SELECT content FROM version").fetchall()
        run("DELETE FROM want WHERE length(entry) <> ?", (ENTRY_SIZE,))
        run("DELETE FROM version")
        self.do_without(_as_facts(plain_content(bytes(row[0]))) for row in rows)

    def lacking_shown(self) -> frozenset[EntryId]:
        """Return the entries of which something is wanted now."""
        rows = self._core.connection.execute(
            "SELECT DISTINCT entry FROM want WHERE length(entry) = ?", (ENTRY_SIZE,)
        ).fetchall()
        return frozenset(EntryId(bytes(row[0])) for row in rows)

    def of(self, entries: Iterable[EntryId]) -> tuple[bytes, ...]:
        """Return the addresses that are wanted for entries now."""
        found: dict[bytes, None] = {}
        for entry in entries:
            rows = self._core.connection.execute(
                "SELECT digest FROM want WHERE entry = ?", (entry,)
            ).fetchall()
            found |= {bytes(row[0]): None for row in rows}
        return tuple(found)

    def size_of(self, entries: Iterable[EntryId]) -> int:
        """Return the bytes that entries lack and want."""
        return sum(
            int(
                self._core.connection.execute(
                    "SELECT total(size) FROM want WHERE entry = ?", (entry,)
                ).fetchone()[0]
            )
            for entry in entries
        )

    def read_again(self, entries: Iterable[EntryId]) -> None:
        """Let search read entries again."""
        self._core.connection.executemany(
            "INSERT OR IGNORE INTO unread(entry) VALUES (?)", [(entry,) for entry in entries]
        )

    def any_at_all(self) -> bool:
        """Say whether anything is still to come, shown or older."""
        return bool(
            self._core.connection.execute("SELECT EXISTS (SELECT 1 FROM want)").fetchone()[0]
        )

    def any(self) -> bool:
        """Say whether anything of what is shown is still to come."""
        row = self._core.connection.execute(
            "SELECT EXISTS (SELECT 1 FROM want WHERE length(entry) = ?)", (ENTRY_SIZE,)
        ).fetchone()
        return bool(row[0])

    def blocks(self) -> int:
        """Return how many blocks of what is shown are to come, as far as that is known yet."""
        row = self._core.connection.execute(
            "SELECT count(DISTINCT digest) FROM want WHERE length(entry) = ?", (ENTRY_SIZE,)
        ).fetchone()
        return int(row[0])

    def older(self) -> int:
        """Return how many blocks are to come that older versions alone want."""
        row = self._core.connection.execute(
            "SELECT count(*) FROM "
            "(SELECT 1 FROM want GROUP BY digest HAVING min(length(entry)) > ?)",
            (ENTRY_SIZE,),
        ).fetchone()
        return int(row[0])

    def count(self) -> tuple[int, int]:
        """Return how many files of what is shown are not whole here, and the bytes they lack.

        The bytes behind a manifest are known before it has come and names the blocks.
        """
        row = self._core.connection.execute(
            "SELECT count(DISTINCT entry), total(size) FROM want WHERE length(entry) = ?",
            (ENTRY_SIZE,),
        ).fetchone()
        return int(row[0]), int(row[1])

    def _as_known(self, thing: Thing) -> Thing:
        """Return a thing as what it is: a record that was damaged here comes as bytes, too."""
        row = self._core.connection.execute(
            "SELECT 1 FROM record WHERE digest = ?", (thing.digest,)
        ).fetchone()
        return thing if row is None else Thing(Kind.RECORD, thing.data)

    def _take(self, thing: Thing) -> set[EntryId]:
        entries = self._done(thing.digest)
        if entries:
            self._core.blocks.add(self._as_known(thing) if TOP in entries else thing)
        return entries

    def _done(self, digest: bytes) -> set[EntryId]:
        """Want a block no longer; return the entries that did."""
        run = self._core.connection.execute
        rows = run("SELECT entry FROM want WHERE digest = ?", (digest,)).fetchall()
        if rows:
            run("DELETE FROM want WHERE digest = ?", (digest,))
        return {EntryId(bytes(row[0])) for row in rows}

    def _complete(self, touched: set[EntryId]) -> frozenset[EntryId]:
        """Look for what the new blocks tell to want next; return what needs nothing more."""
        core = self._core
        done: set[EntryId] = set()
        for entry in touched:
            left = core.connection.execute(
                "SELECT 1 FROM want WHERE entry = ? LIMIT 1", (entry,)
            ).fetchone()
            if left is None and not self._want(entry, self._further(entry)):
                done.add(entry)
        older = {entry for entry in done if len(entry) > ENTRY_SIZE}
        core.connection.executemany("DELETE FROM version WHERE id = ?", [(v,) for v in older])
        done -= older
        core.connection.executemany(
            "INSERT OR IGNORE INTO unread(entry) VALUES (?)", [(entry,) for entry in done]
        )
        return frozenset(done)

    def _want(self, entry: EntryId, lacking: Iterable[tuple[bytes, int]]) -> int:
        rows = [(digest, entry, size) for digest, size in lacking]
        if rows:
            self._core.connection.executemany(_INSERT, rows)
        return len(rows)

    def _further(self, entry: EntryId) -> Iterator[tuple[bytes, int]]:
        """Yield what an entry lacks once all that was known to be lacking has come."""
        if len(entry) > ENTRY_SIZE:
            return self._missing(_as_facts(self._version(entry)))
        plain = self._core.catalog.plain(entry)
        if plain is not None and plain.size <= CHUNK_MAX:
            return iter(())  # its one chunk is all there is
        return self._missing(self._core.catalog.facts(entry))

    def _version(self, version: EntryId) -> Content:
        row = self._core.connection.execute(
            "SELECT content FROM version WHERE id = ?", (version,)
        ).fetchone()
        return plain_content(bytes(row[0])) if row is not None else _NOTHING

    def _missing(self, facts: EntryFacts) -> Iterator[tuple[bytes, int]]:
        """Yield what an entry lacks, but for what was let go of.

        Of a content that is none nothing is wanted: check says so.
        """
        let_go = self._core.let_go
        try:
            for digest, size in self._core.contents.missing(facts):
                if not let_go.holds(digest):
                    yield digest, size
        except (DecodeError, CorruptBlock, BlockNotFound):
            return

    def _lacks(self, entry: EntryId) -> bool:
        try:
            return any(True for _ in self._core.contents.missing(self._core.catalog.facts(entry)))
        except (DecodeError, CorruptBlock, BlockNotFound):
            return True


def _as_facts(content: Content) -> EntryFacts:
    return {"content": {_SOME_DOT: content}}


def contents_in(operations: Iterable[Operation]) -> list[Content]:
    """Return the contents that operations put."""
    return [
        operation.value
        for operation in operations
        if isinstance(operation, Put) and isinstance(operation.value, Content)
    ]


def edits_in(operations: Iterable[Operation]) -> list[Edit]:
    """Return the edits that operations put."""
    return [
        operation.value
        for operation in operations
        if isinstance(operation, Put) and isinstance(operation.value, Edit)
    ]


def written_in(operations: Iterable[Operation]) -> frozenset[EntryId]:
    """Return the entries to which operations give other bytes."""
    return frozenset(it.entry for it in operations if it.attribute in {"content", "edits"})
