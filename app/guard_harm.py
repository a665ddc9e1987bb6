"""What befell a file: as it was before some commits of a device, against as it is now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from app.guard_rule import is_like, is_renamed, stands_for
from app.guard_values import Harm
from storage.errors import AtollError, BlockNotFound, CorruptBlock, DecodeError
from storage.facts.change import EntryId, Operation, Put
from storage.facts.dots import Seen
from storage.facts.node import Node
from storage.facts.slots import UNITED
from storage.facts.state import EntryFacts
from storage.facts.values import Content, EntryKind, Place
from storage.facts.view import (
    content_version,
    is_shown,
    kind_of,
    main_content,
    stored_name,
    winner,
)
from storage.index.line import ODD_UNITED
from storage.lately import LookingBack
from storage.records.ledger import Step
from storage.vault import Vault

RECORDS = 64
"""So many records tell what a text was, besides the first: each puts it whole."""
Known = dict[tuple[EntryId, bytes], Harm | None]
"""What was found out of files in some version: reading both texts again would tell the same."""
_LOSING = frozenset({"content", "place"})


@dataclass(frozen=True, slots=True)
class Before:
    """A file as it was before a batch."""

    folder: EntryId
    name: str
    """Empty where that takes too long to find out: it was saved very often since."""
    facts: EntryFacts
    version: bytes
    content: Content
    """Its main content, without edits."""
    seen: Seen
    """What its maker had seen who harmed it first."""


@dataclass(slots=True)
class Told:
    """What was found out of some files."""

    harms: dict[EntryId, Harm]
    unsure: dict[EntryId, frozenset[bytes]] = field(default_factory=dict[EntryId, frozenset[bytes]])
    """Of these texts not all is here: whether they are the same still, nobody can say.

    With each the block that was found to be missing, none for what is no text at all.
    """


def may_harm(operations: Iterable[Operation]) -> bool:
    """Say whether operations on one entry can take something away from whoever had it."""
    return any(not isinstance(it, Put) or it.attribute in _LOSING for it in operations)


def before(looking: LookingBack, entry: EntryId, step: Step) -> Before | None:
    """Return a file as the maker of a record found it; None for what was no file then."""
    try:
        facts, whole = looking.facts(entry, step.seen, RECORDS)
    except AtollError:
        return None  # nobody here has ever been able to read it
    if not facts or not is_shown(facts) or kind_of(facts) is EntryKind.FOLDER:
        return None
    content = main_content(facts)
    if content is None or not content.size:
        return None  # nothing of an empty file can be lost
    place = winner(facts.get("place", {}))  # without: an edit outlived a deletion
    folder = EntryId(b"") if place is None else EntryId(place[1].parent)
    name = stored_name(facts) if whole else ""
    return Before(folder, name, facts, content_version(facts), content, step.seen)


def harms(vault: Vault, files: Mapping[EntryId, Before], known: Known) -> Told:
    """Say what befell files; those that are as they were, or like it, are left out."""
    told, now = Told({}), vault.nodes(files)
    for entry, was in files.items():
        node = now.get(entry)
        try:
            harm = Harm.DELETED if node is None else _harm(vault, was, node, known)
        except (BlockNotFound, CorruptBlock) as error:
            harm, told.unsure[entry] = None, frozenset({error.digest})
        except DecodeError:
            harm, told.unsure[entry] = None, frozenset()
        if harm is not None:
            told.harms[entry] = harm
    return told


def _harm(vault: Vault, was: Before, now: Node, known: Known) -> Harm | None:
    if was.name and is_renamed(was.name, now.name):
        return Harm.RENAMED
    if now.version == was.version:
        return None
    key = now.entry, now.version
    if key not in known:
        known[key] = None if _is_same(vault, was, now) else Harm.REPLACED
    return known[key]


def _is_same(vault: Vault, was: Before, now: Node) -> bool:
    """Say whether a file holds what it held before, or is a text that was only edited."""
    if was.content.is_text and now.is_text:
        text = vault.bytes_of(was.facts).decode(errors="replace")
        return is_like(text, b"".join(vault.read(now)).decode(errors="replace"))
    return _digest_now(vault, now.entry) == was.content.digest


def _digest_now(vault: Vault, entry: EntryId) -> bytes:
    content = main_content(vault.facts(entry))
    return b"" if content is None else content.digest


def lacks(vault: Vault, entry: EntryId, was: Before) -> frozenset[bytes]:
    """Return the blocks without which nobody can say what befell a text, as far as known yet."""
    return vault.lacked(was.facts) | vault.lacked(vault.facts(entry))


def as_it_lay(
    vault: Vault, looking: LookingBack, step: Step, entry: EntryId, held: Before | None
) -> bool | None:
    """Say whether a record left a file as it lay here already, as a second undo of one batch does.

    What is `held` lies here as it was before that. None: a text is not here yet.
    """
    try:
        around = looking.around(step, entry, RECORDS)
        if around is None:
            return False
        return _is_as(vault, around[0] if held is None else held.facts, around[1])
    except BlockNotFound:
        return None
    except AtollError:
        return False


def _is_as(vault: Vault, was: EntryFacts, now: EntryFacts) -> bool:
    """Say whether a person who had a file would see no difference."""
    if not (is_shown(was) and is_shown(now)):
        return is_shown(was) == is_shown(now)
    if is_renamed(stored_name(was), stored_name(now)):
        return False
    if content_version(was) == content_version(now):
        return True
    one, other = main_content(was), main_content(now)
    if one is None or other is None:
        return False
    if was.get("edits") or now.get("edits"):
        return one.is_text and other.is_text and vault.bytes_of(was) == vault.bytes_of(now)
    return one.digest == other.digest


def elsewhere(
    vault: Vault, looking: LookingBack, gone: Mapping[EntryId, Before], made: Iterable[Step]
) -> frozenset[EntryId]:
    """Return what is only gone because it was copied elsewhere first, by the same device."""
    wanted = {was.content.digest for was in gone.values() if not was.facts.get("edits")}
    copies: dict[EntryId, bytes] = {}
    for step in made if wanted else ():
        for entry, operations in looking.did(step).items():
            digest = _added(operations)
            if digest in wanted and entry not in gone:
                copies[entry] = digest
    there = Counter(copies[entry] for entry in vault.nodes(copies))
    found: set[EntryId] = set()
    for entry, was in gone.items():
        if there[was.content.digest] > 0:
            there[was.content.digest] -= 1
            found.add(entry)
    return frozenset(found)


def put_instead(
    looking: LookingBack,
    gone: Mapping[EntryId, Before],
    around: Mapping[EntryId, Before],
    made: Iterable[Step],
) -> frozenset[EntryId]:
    """Return what is gone that had been put in the place of files which are there again, or were.

    A bad program makes `a.md.locked` and deletes `a.md`; undoing that deletes the one and puts
    back the other. The later one of both is the one that stood for the other.
    """
    wanted = {
        (was.folder, was.name[:at])
        for was in gone.values()
        for at, char in enumerate(was.name)
        if char == "."
    }
    firsts: dict[tuple[EntryId, str], int] = {}
    for entry, was in around.items() if wanted else ():
        if (was.folder, was.name) in wanted:
            firsts[was.folder, was.name] = looking.first(entry)
    for step in made if wanted else ():
        for entry, operations in looking.did(step).items():
            for value in (it.value for it in operations if isinstance(it, Put)):
                if not isinstance(value, Place):
                    continue
                key = EntryId(value.parent), value.name
                if key in wanted:
                    first = looking.first(entry)
                    firsts[key] = min(first, firsts.get(key, first))
    return frozenset(
        entry for entry, was in gone.items() if _stands(was, looking.first(entry), firsts)
    )


def still_there(vault: Vault, gone: Mapping[EntryId, Before]) -> frozenset[EntryId]:
    """Return what is gone while its bytes lie elsewhere under its name: of twins one went."""
    there = vault.contents_named({was.name for was in gone.values()})
    return frozenset(
        entry
        for entry, was in gone.items()
        if (was.name, was.content.digest) in there and not was.facts.get("edits")
    )


def taken_in(vault: Vault, gone: Mapping[EntryId, Before]) -> frozenset[EntryId]:
    """Return notes that are gone while another one, that took them in, says what they said."""
    found: set[EntryId] = set()
    for taker in vault.nodes(vault.odd(ODD_UNITED)).values() if gone else ():
        said = {name for name in vault.facts(taker.id) if name.startswith(UNITED)}
        for entry in (entry for entry in gone if f"{UNITED}{entry.hex()}" in said):
            with suppress(BlockNotFound, CorruptBlock, DecodeError):
                text = vault.bytes_of(gone[entry].facts).decode(errors="replace")
                if is_like(text, b"".join(vault.read(taker)).decode(errors="replace")):
                    found.add(entry)
    return frozenset(found)


def _stands(was: Before, first: int, firsts: Mapping[tuple[EntryId, str], int]) -> bool:
    return stands_for(was.name, lambda name: firsts.get((was.folder, name), first) < first)


def _added(operations: Iterable[Operation]) -> bytes:
    """Return the digest of a file that these operations put somewhere; empty of others."""
    values = [it.value for it in operations if isinstance(it, Put)]
    placed = any(isinstance(value, Place) for value in values)
    return next((v.digest for v in values if isinstance(v, Content) and placed), b"")
