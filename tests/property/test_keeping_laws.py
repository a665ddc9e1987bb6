"""Laws of keeping less than all: the last whole copy never goes, and nothing is ever lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import AtollError
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Dot, Seen, Writer
from storage.keeping import (
    FRESH,
    MOMENT,
    WHOLE,
    Keep,
    Keeping,
    Stay,
    keeping_from,
    pushed_out,
    vouching,
)
from storage.records.receipt import Receipt
from storage.retention import DAY, QUARANTINE
from storage.vault import Vault
from tests.helpers.vaults import Clock, Place, core_of, everyone, save, shown, tell, write

DOT = Dot(Writer(b"w" * 8), 1)
SEEN = Seen({DOT.writer: 1})
KEEPS = st.sampled_from([Keep.OPENED, Keep.NAMES])


# ---------------------------------------------------------------- the rule, for one content


@dataclass
class Island:
    """A device of the model: what it keeps, whether the content is there, whom it heard."""

    number: int
    holds: bool = True
    mark: bytes = b""
    marks: int = 0
    words: dict[int, Receipt] = field(default_factory=dict[int, Receipt])

    def word(self) -> Receipt:
        """Sign how it stands now."""
        complete = not self.mark and self.holds
        heard = frozenset(word.mark for word in self.words.values() if word.mark)
        keeps = 2 if self.mark else 0
        return Receipt(
            bytes(32), bytes(32), SEEN, complete, 0, keeps, self.mark, heard, older=complete
        )

    def turn(self) -> None:
        """Keep less, or all again."""
        self.marks += 1
        self.mark = b"" if self.mark else f"{self.number:03}/{self.marks:04}".encode()

    def may_let_go(self) -> bool:
        """Say whether the content may go here."""
        vouch = vouching(self.words.values(), SEEN, self.mark, 0)
        return bool(self.mark) and vouch.has([DOT])


@settings(max_examples=1500)
@given(st.integers(2, 3), st.integers(0, 1 << 32))
def test_the_last_whole_copy_is_never_let_go(count: int, seed: int) -> None:
    """Words come late, out of order and more than once, and everyone changes their mind."""
    dice = Random(seed)  # noqa: S311 - a story, not a secret
    islands = [Island(n) for n in range(count)]
    signed: list[list[Receipt]] = [[island.word()] for island in islands]
    for here in islands:
        here.words = {n: signed[n][0] for n in range(count) if n != here.number}
    for _ in range(60):
        here, there = dice.choice(islands), dice.choice(islands)
        match dice.choice(["turn", "meet", "sign", "hear", "go", "go", "fetch"]):
            case "turn":
                here.turn()
            case "sign":
                signed[here.number].append(here.word())
            case "meet" if here is not there:
                for teller, hearer in ((here, there), (there, here), (here, there)):
                    signed[teller.number].append(teller.word())
                    hearer.words[teller.number] = signed[teller.number][-1]
            case "hear" if here is not there:
                said = signed[there.number]
                here.words[there.number] = dice.choice(said[-4:])
            case "go" if here.may_let_go():
                here.holds = False
            case "fetch":
                here.holds |= there.holds
            case _:
                pass
        assert any(island.holds for island in islands)


@settings(max_examples=500)
@given(st.integers(0, 1 << 32))
def test_no_older_version_goes_for_the_word_of_one_who_gave_it_up_meanwhile(seed: int) -> None:
    """A word is heard late, or twice; who gave it thins out its past when a week is over."""
    dice = Random(seed)  # noqa: S311 - a story, not a secret
    now, since, holds, said = 0, -1, True, 0
    mark = b"the mark"

    def word() -> Receipt:
        older = holds and since < 0
        return Receipt(bytes(32), bytes(32), SEEN, True, now, heard=frozenset({mark}), older=older)

    signed = [word()]
    for _ in range(40):
        match dice.choice(
            ["sign", "wait", "wait", "quarantine", "remove", "at once", "act", "act"]
        ):
            case "sign":
                signed.append(word())
                said = now if signed[-1].older else said
            case "wait":
                now += dice.randrange(4 * DAY)
            case "quarantine" if since < 0:
                since = now
            case "remove" if since >= 0:
                holds = holds and now - since < QUARANTINE
            case "at once":
                since = now if since < 0 else since
                holds = holds and now - said <= FRESH
            case "act":
                vouch = vouching([dice.choice(signed)], SEEN, mark, now)
                assert vouch.has([DOT])
                assert holds or not vouch.has_older(DOT)
            case _:
                pass


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 900), st.integers(0, 2000), st.booleans()),
        unique_by=lambda stay: stay[0],
    ),
    KEEPS,
    st.integers(0, 2000),
    st.integers(0, 2000),
)
def test_what_is_pushed_out_is_safe_and_no_more_than_it_takes(
    found: list[tuple[int, int, int, bool]], keep: Keep, budget: int, now: int
) -> None:
    """A budget is kept as far as is safe; names only keep nothing that is safe and not in use."""
    stays = [Stay(EntryId(bytes([n]) * 16), size, used) for n, size, used, _ in found]
    safe = {EntryId(bytes([n]) * 16) for n, _, _, is_safe in found if is_safe}
    keeping = Keeping(keep, budget, b"m" * 8)
    gone = pushed_out(stays, keeping, now, safe.__contains__)
    assert set(gone) <= safe
    left = [stay for stay in stays if stay.entry not in gone]
    if keep is Keep.NAMES:
        assert all(stay.entry not in safe or stay.used > now - MOMENT for stay in left)
        return
    total = sum(stay.size for stay in left)
    assert total <= budget or not any(stay.size for stay in left if stay.entry in safe)
    if gone:
        last = next(stay for stay in stays if stay.entry == gone[-1])
        assert total + last.size > budget
        assert all(stay.used >= last.used for stay in left if stay.entry in safe and stay.size)


@given(st.none() | KEEPS, st.integers(0, 1 << 60), st.binary(min_size=8, max_size=8))
def test_a_setting_is_read_as_it_was_written(how: Keep | None, budget: int, mark: bytes) -> None:
    """It decides what may go."""
    keeping = WHOLE if how is None else Keeping(how, budget, mark)
    assert keeping_from(keeping.to_bytes()) == keeping


# ---------------------------------------------------------------- real vaults


class Ring:
    """Three devices that share a space, each of which may keep less than all."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        place = Place(folder, self.clock)
        desk = place.create("desk")
        self.vaults = [desk, place.join(desk, "lap"), place.join(desk, "phone")]
        everyone(self.vaults)
        self.dids = [core_of(vault).device.did for vault in self.vaults]
        self.said: list[list[object]] = [[] for _ in self.vaults]
        self.marks = 0

    def do(self, what: str, one: int, other: int, number: int) -> None:
        """Take one step; one that cannot be taken now is none."""
        vault, peer = self.vaults[one], self.vaults[other]
        step: dict[str, Callable[[], object]] = {
            "write": lambda: write(vault, f"{number}.bin", _data(number, one), TOP),
            "edit": lambda: self._edit(vault, number, one),
            "move": lambda: self._move(vault, number),
            "remove": lambda: self._remove(vault, number),
            "keep": lambda: vault.set_keeping(self._setting(number)),
            "ask": lambda: vault.ask(self._some(vault, number)),
            "tell": lambda: vault is peer or tell(vault, peer),
            "sign": lambda: self.said[one].append(vault.receipt()),
            "hear": lambda: self._hear(one, other, number),
            "tidy": lambda: self._tidy(one),
            "wait": lambda: setattr(self.clock, "at", self.clock.at + number * 40),
        }
        step[what]()

    def _setting(self, number: int) -> Keeping:
        self.marks += 1
        mark = self.marks.to_bytes(8, "big")
        match number % 4:
            case 0:
                return WHOLE
            case 1:
                return Keeping(Keep.OPENED, 3_000, mark)
            case _:
                return Keeping(Keep.NAMES, 0, mark)

    def _some(self, vault: Vault, number: int) -> list[EntryId]:
        nodes = [node for _, node in vault.tree().walk() if node.side_of is None]
        return [nodes[number % len(nodes)].id] if nodes else []

    def _edit(self, vault: Vault, number: int, one: int) -> None:
        for entry in self._some(vault, number):
            save(vault, entry, _data(number + 50, one))

    def _move(self, vault: Vault, number: int) -> None:
        for entry in self._some(vault, number):
            change = vault.change()
            change.move(entry, TOP, f"moved {number}.bin")
            vault.commit(change, "moved")

    def _remove(self, vault: Vault, number: int) -> None:
        for entry in self._some(vault, number):
            change = vault.change()
            change.remove(entry)
            vault.commit(change, "removed")

    def _hear(self, one: int, other: int, number: int) -> None:
        said = self.said[other]
        if said and one != other:
            self.vaults[one].accept([said[-1 - number % len(said)]])  # type: ignore[list-item]

    def _tidy(self, one: int) -> None:
        trusted = {did for n, did in enumerate(self.dids) if n != one}
        self.vaults[one].push_out(trusted)
        self.vaults[one].sweep(trusted, frozenset())

    def close(self) -> None:
        """Let go of the folders."""
        for vault in self.vaults:
            vault.close()


def _data(number: int, one: int) -> bytes:
    return b"\0" + Random(number * 3 + one).randbytes(900)  # noqa: S311


OFTEN = ["write", "keep", "tell", "sign", "hear", "tidy"]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*OFTEN, *OFTEN, "edit", "move", "remove", "keep", "ask", "wait"]),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 30),
    ),
    min_size=10,
    max_size=60,
)


@pytest.mark.slow
@settings(max_examples=25)
@given(STEPS)
def test_whatever_devices_keep_nothing_is_lost(steps: list[tuple[str, int, int, int]]) -> None:
    """In the end all keep all again: byte for byte the same, with every version of the past."""
    with TemporaryDirectory() as folder:
        ring = Ring(Path(folder))
        try:
            for step in steps:
                ring.do(*step)
            for vault in ring.vaults:
                vault.set_keeping(WHOLE)
            for _ in range(2):
                everyone(ring.vaults)
            desk = ring.vaults[0]
            for vault in ring.vaults:
                assert vault.is_complete()
                assert vault.word().older
                assert vault.root == desk.root
                assert shown(vault) == shown(desk)
                assert not _unreadable(vault)
        finally:
            ring.close()


def _unreadable(vault: Vault) -> list[str]:
    """Return the steps at which something that was there then cannot be read now."""
    bad: list[str] = []
    for step in vault.history(limit=10_000):
        for entry in vault.touched(step):
            if vault.facts_at(entry, step).get("content"):
                try:
                    list(vault.read_at(entry, step.cid))
                except AtollError as error:
                    bad.append(f"{step.words}: {error}")
    return bad
