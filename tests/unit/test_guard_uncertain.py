"""What a guard is told before the texts it is about, and what lies here that nobody had seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from app import guard, guard_memory
from app.guard_harm import Before, Known, Told, harms
from app.guard_memory import GuardMemory
from app.guard_values import Harm
from storage.facts.change import EntryId
from storage.moment import Moment
from storage.restoring import carry_out, plan
from storage.vault import Vault
from tests.helpers.guarded import Guarded, files, later, two
from tests.helpers.vaults import BUDGET, Place, let_go, tell


def long_text(number: int, word: str) -> bytes:
    """Return a text that comes in blocks of its own, after the record that says so."""
    return "".join(f"{word}{number}x{line} " + word * 20 + "\n" for line in range(90)).encode()


def records_alone(teller: Guarded, hearer: Guarded) -> None:
    """Give records and none of the content that they name."""
    parcel = teller.vault.things_after(hearer.vault.seen, hearer.vault.auth, BUDGET * 9)
    hearer.vault.accept(parcel.things)
    hearer.guard.judge()


def content(teller: Guarded, hearer: Guarded, limit: int = 64) -> None:
    """Give the content that is wanted."""
    while wanted := hearer.vault.missing(limit):
        blocks = [block for block in teller.vault.get_blocks(wanted) if block]
        hearer.vault.put_blocks(blocks)
        hearer.guard.judge(blocks)


@pytest.mark.parametrize("again", [False, True])
def test_texts_that_come_after_a_batch_is_held_are_held_as_well(
    tmp_path: Path, *, again: bool
) -> None:
    """Enough was held without them; then each was written to the folder when it had come."""
    start = files(60, "small") | {f"{n}.md": long_text(n, "old") for n in range(40)}
    one, other = two(tmp_path, start, guards=False)
    one.write({path: long_text(n, "pay") for n, path in enumerate(sorted(start))})
    records_alone(one, other)
    before = sum(other.held().values())
    assert before < len(start)
    other.bring()
    assert other.disk() == start
    if again:
        other.start_again()
    content(one, other)
    other.bring()
    assert other.disk() == start
    assert other.held() == {Harm.REPLACED: len(start)}
    other.undo()
    assert other.disk() == start
    assert not other.held()


def third(one: Guarded, folder: Path, *others: Guarded) -> Guarded:
    """Return one more device, whose folder holds the same."""
    place = Place(folder)
    made = Guarded(place, "third", place.join(one.vault, "third"))
    made.bring()
    for device in (*others, made):
        device.tell(one)
        one.tell(device)
        device.bring()
    later(one, *others, made)
    return made


def put_back(device: Guarded, then: Moment, entries: Iterable[EntryId]) -> None:
    """Put files as they were, in one commit."""
    vault = device.vault
    change, now = vault.change(), vault.present()
    carry_out(plan(now, then, frozenset(entries)), change, now, then)
    vault.commit(change, "as it was once")


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_putting_back_what_a_batch_deleted_excuses_nothing_that_was_edited_since(
    tmp_path: Path, when: str
) -> None:
    """All sixty are put as they were once: thirty edits would be gone from the folder unasked."""
    start = {f"{n:02}.bin": b"\0" + bytes([n]) * 90 for n in range(60)}
    one, other = two(tmp_path, start, guards=False)
    here = third(one, tmp_path, other)
    other.guards = False
    then = other.vault.moment(other.vault.seen)
    had = {node.id for _, node in then.tree.walk()}
    edits = {f"{n:02}.bin": b"\0edited " + bytes([n]) * 90 for n in range(30)}
    if when == "before":
        here.write(edits)
    one.delete(*start)
    one.tell(here)
    if when == "meanwhile":
        here.write(edits)
    here.bring()
    assert here.disk() == start | edits
    assert here.held()
    for teller in (one, here):
        tell(teller.vault, other.vault)
    put_back(other, then, had)
    later(one, other, here, seconds=60)
    other.tell(here)
    here.bring()
    assert set(edits.values()) <= set(here.disk().values()), "held, or beside it"
    assert bool(here.held()) is (when == "before")


def test_what_is_excused_is_kept_in_a_bounded_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is searched for each record, and written down whole each time."""
    monkeypatch.setattr(guard_memory, "MAX_MEANT", 32)
    start = files(80)
    one, other = two(tmp_path, start, guards=False)
    here = third(one, tmp_path, other)
    other.guards = False
    then = other.vault.moment(other.vault.seen)
    one.write({path: b"\0sealed " + path.encode() for path in start})
    for device in (here, other):
        one.tell(device)
        device.bring()
    here.undo()
    for _, node in list(then.tree.walk()):
        put_back(other, then, [node.id])
    other.tell(here)
    assert not here.held()
    assert here.disk() == start
    assert 0 < len(GuardMemory(here.file).now.meant) <= 32
    assert here.file.held is not None
    assert len(here.file.held) < 32 * 48


def test_each_text_that_comes_is_asked_about_once_not_with_every_block_of_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of texts that came sixteen blocks at a time were minutes of questions."""
    start = files(60, "small") | {f"{n}.md": long_text(n, "old") for n in range(80)}
    one, other = two(tmp_path, start, guards=False)
    one.write({path: long_text(n, "pay") for n, path in enumerate(sorted(start))})
    records_alone(one, other)
    (batch,) = other.guard.batches
    waiting, asked = len(batch.unsure), Counter[EntryId]()

    def counting(vault: Vault, some: Mapping[EntryId, Before], known: Known) -> Told:
        asked.update(some.keys())
        return harms(vault, some, known)

    monkeypatch.setattr(guard, "harms", counting)
    content(one, other, 4)
    assert other.held() == {Harm.REPLACED: len(start)}
    assert waiting > 40
    assert max(asked.values()) <= 3, "once when what names its blocks is here, once when all is"
    assert not batch.unsure


@pytest.mark.parametrize("comes", [True, False])
def test_what_never_comes_holds_nothing_that_was_put_right(tmp_path: Path, *, comes: bool) -> None:
    """A device that does not keep those texts said until a person acted that much was held."""
    start = files(60, "small") | {f"{n}.md": long_text(n, "old") for n in range(80)}
    one, other = two(tmp_path, start, guards=False)
    small = sorted(path for path in start if path.startswith("small"))
    texts = sorted(start.keys() - set(small))
    one.write({path: long_text(n, "pay") for n, path in enumerate(texts)})
    one.delete(*small)
    records_alone(one, other)
    assert other.held()[Harm.DELETED] == 60
    (batch,) = other.guard.batches
    lies = {batch.files[entry].name for entry in batch.harms}
    assert len(start.keys() - lies) > 40
    if not comes:
        let_go(other.vault, other.vault.missing(999))
    later(one, other, seconds=600)
    one.write({path: start[path] for path in lies})
    records_alone(one, other)
    assert bool(other.guard.batches) is comes
