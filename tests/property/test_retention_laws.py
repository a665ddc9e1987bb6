"""Which older versions are kept: laws of the rules, and of collecting by them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.collecting import Orders
from storage.crypto.link import Link
from storage.errors import NotKept
from storage.facts.change import TOP
from storage.facts.dots import Dot, Writer
from storage.facts.values import Content
from storage.retention import (
    BIN_DAYS,
    DAY,
    Life,
    Rule,
    Version,
    effective_times,
    held_in,
    life_of,
    retained,
)
from storage.vault import Vault
from tests.access import NOW
from tests.helpers.vaults import Place, core_of, exchange, save, shown, write

rules = st.builds(
    Rule,
    all_days=st.integers(0, 60),
    daily_days=st.integers(0, 400),
    monthly=st.booleans(),
    latest_over=st.none() | st.integers(0, 60),
    any_kind=st.booleans(),
)


def content(number: int) -> Content:
    """Return a content like no other, as large as its number says."""
    mark = number.to_bytes(32, "big")
    return Content(Link(mark, mark), number, mark, is_text=number % 3 == 0)


def life(ages: list[int], *, gone: int | None, name: str) -> Life:
    """Return a life whose versions were made so many seconds ago, the oldest first."""
    made = [
        Version(NOW - age, frozenset({content(n + 1)}))
        for n, age in enumerate(sorted(ages, reverse=True))
    ]
    last = made[-1].holds
    present, left = (last, frozenset[Content]()) if gone is None else (frozenset[Content](), last)
    return Life(tuple(made), frozenset(present), frozenset(left), NOW - (gone or 0), name, TOP)


ages = st.lists(st.integers(-DAY, 900 * DAY), min_size=1, max_size=40)
lives = st.builds(
    life,
    ages,
    gone=st.none() | st.integers(0, 90 * DAY),
    name=st.sampled_from(["a.mov", "a.bin", "note"]),
)


@given(lives, rules)
def test_what_is_shown_and_what_was_deleted_lately_is_kept(life: Life, rule: Rule) -> None:
    """No rule and no size takes what a person has, or can still take out of the bin."""
    kept = retained(life, rule, NOW)
    assert life.present <= kept
    if NOW - life.gone_at < BIN_DAYS * DAY:
        assert life.last <= kept


@given(lives, rules, st.integers(0, 500 * DAY))
def test_what_went_is_never_needed_again(life: Life, rule: Rule, later: int) -> None:
    """Else a version would be missed that a collection of yesterday took."""
    assert retained(life, rule, NOW + later) <= retained(life, rule, NOW)


@given(lives)
def test_by_itself_one_version_of_each_day_and_each_month_stays(life: Life) -> None:
    """Everything for a month, one a day for a year, one a month for ever: and the last of each."""
    kept = retained(life, Rule(), NOW)
    for number, version in enumerate(life.versions):
        later = life.versions[number + 1 :]
        age = NOW - version.at
        if age < 30 * DAY:
            assert version.holds <= kept
        elif age < 365 * DAY:
            day = [it for it in later if it.at // DAY == version.at // DAY]
            day = [it for it in day if NOW - it.at >= 30 * DAY]
            assert (version.holds <= kept) == (not day or version.holds <= life.present | life.last)


@given(st.lists(st.integers(0, 2 * NOW), max_size=30))
def test_nothing_looks_older_than_what_came_before_it(clocks: list[int]) -> None:
    """A clock that was set back must not thin out what was just written, nor one ahead the rest."""
    dots = [Dot(Writer(bytes(8)), n) for n in range(1, len(clocks) + 1)]
    found = effective_times(zip(dots, clocks, strict=True), NOW)
    for number, dot in enumerate(dots):
        before = [at for at in clocks[:number] if at <= NOW]
        assert found[dot] == max([clocks[number], *before])


Step = tuple[str, int, int]
steps = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "write", "text", "remove", "back", "other", "meet"]),
        st.integers(0, 3),
        st.integers(0, 40 * DAY),
    ),
    min_size=1,
    max_size=14,
)


class Two:
    """Two devices, and what one after another did."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder)
        self.one = self.place.create()
        self.two = self.place.join(self.one, "two")
        self.entries = [write(self.one, f"{n}.mov", self.new(), TOP) for n in range(2)]
        self.entries += [write(self.one, f"{n}.md", f"{n}\n".encode(), TOP) for n in range(2)]
        self.count = 0
        exchange(self.one, self.two)

    def new(self) -> bytes:
        """Return bytes that were never there."""
        self.count = getattr(self, "count", 0) + 1
        return b"\0" + self.count.to_bytes(4, "big") * 300

    def do(self, step: Step) -> None:
        """Do one thing, some time later."""
        what, which, later = step
        self.place.clock.at += later
        entry = self.entries[which]
        vault = self.two if what == "other" else self.one
        there = bool(vault.facts(entry))
        match what:
            case "write" | "other" if there:
                save(vault, entry, self.new())
            case "text" if there:
                save(vault, entry, f"line {self.new().hex()[:12]}\n".encode() * 5)
            case "remove" if there:
                change = vault.change()
                change.remove(entry)
                vault.commit(change, "removed")
            case "back":
                binned = [it for it in vault.bin() if it.entry == entry]
                if binned:
                    change = vault.change()
                    change.bring_back(entry, vault.facts_before(entry, binned[0].step))
                    with suppress(NotKept):
                        vault.commit(change, "back")
            case _:
                exchange(self.one, self.two)


def kept_and_not(vault: Vault, rule: Rule) -> tuple[set[bytes], set[bytes]]:
    """Return the blocks that are to be kept and the others, found the long way."""
    core = core_of(vault)
    moments = effective_times(
        ((step.dot, step.at) for step in core.ledger.steps(latest_first=False)),
        int(core.clock.now()),
    )
    kept: set[bytes] = set()
    ever: set[bytes] = set()
    entries = {entry for step in core.ledger.steps() for entry in vault.touched(step)}
    for entry in entries:
        its = life_of(core.history.said_of({entry})[entry], moments.__getitem__)
        assert its.present == held_in(vault.facts(entry))
        for held in {it for version in its.versions for it in version.holds}:
            assert isinstance(held, Content)
            ever |= {link.digest for link in (held.link, held.document) if link}
        for held in retained(its, rule, int(core.clock.now())):
            assert isinstance(held, Content)
            kept |= {link.digest for link in (held.link, held.document) if link}
    return kept, ever - kept


def collect(vault: Vault, rule: Rule, between: Callable[[], None]) -> None:
    """Collect, twice, with something going on in between."""
    for _ in range(2):
        run = vault.collection(Orders({TOP: rule}, quarantine=0))
        while run.step():
            between()


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(steps, steps, rules)
def test_what_is_kept_is_there_and_the_rest_is_not(
    before: list[Step], during: list[Step], rule: Rule
) -> None:
    """For every history: nothing that is to be kept goes, all else does, and nothing else moves.

    And devices go on to say the same to each other, whichever of them collected.
    """
    with tempfile.TemporaryDirectory() as folder:
        two = Two(Path(folder))
        for step in before:
            two.do(step)
        left = list(during)
        collect(two.one, rule, lambda: two.do(left.pop()) if left else None)
        collect(two.one, rule, lambda: None)
        core = core_of(two.one)
        kept, rest = kept_and_not(two.one, rule)
        gone = {digest for digest in kept | rest if not core.blocks.has(digest)}
        assert not kept & gone
        assert gone == rest
        assert all(core.let_go.holds(digest) for digest in gone)
        assert not two.one.check().found
        exchange(two.one, two.two)
        assert two.one.root == two.two.root
        assert shown(two.one) == shown(two.two)
        newcomer = two.place.join(two.one, "newcomer")
        assert newcomer.is_complete()
        assert shown(newcomer) == shown(two.one)
        for vault in (two.one, two.two, newcomer):
            vault.close()


def test_a_late_look_does_not_lose_what_is_in_quarantine(tmp_path: Path) -> None:
    """Clocks that were a year ahead and are right again take nothing at once."""
    place = Place(tmp_path)
    vault = place.create()
    entry = write(vault, "lake.mov", b"\0" * 9 + b"one" * 999, TOP)
    save(vault, entry, b"\0" * 9 + b"two" * 999)
    rule = Rule(latest_over=0, any_kind=True)
    place.clock.at += 365 * DAY
    for _ in range(2):
        run = vault.collection(Orders({TOP: rule}))
        while run.step():
            pass
    place.clock.at -= 365 * DAY - 60
    for _ in range(2):
        run = vault.collection(Orders({TOP: rule}))
        while run.step():
            pass
        place.clock.at += 6 * DAY
    assert b"".join(vault.read_at(entry, vault.history(entry)[1].cid)).endswith(b"one")
    place.clock.at += DAY
    run = vault.collection(Orders({TOP: rule}))
    while run.step():
        pass
    with pytest.raises(NotKept):
        list(vault.read_at(entry, vault.history(entry)[1].cid))
    vault.close()
