"""Notes of one name, begun apart: one note with all words of all, whoever brings them together."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage.facts.change import TOP
from storage.facts.text import apply_splices
from storage.facts.text_union import joining
from storage.uniting import unite_new
from storage.vault import Vault
from tests.helpers.vaults import Place, everyone, pure_root, save, shown, tell, text, write

LINES = st.sampled_from(["", "# Day", "## Morning", "## Evening", "- a", "- b", "- c", "  ", "end"])
notes = st.lists(LINES, max_size=9).map(lambda lines: "".join(f"{line}\n" for line in lines))
TEMPLATES = ["", "# Day\n\n## Morning\n\n## Evening\n", "# Day\n"]


def keys(of: str) -> list[str]:
    """Return the lines, without how they end."""
    return [line.rstrip() for line in of.splitlines()]


def in_order(lines: list[str], among: list[str]) -> bool:
    """Say whether lines stand among others in their order."""
    rest = iter(among)
    return all(line in rest for line in lines)


def joined(one: str, other: str) -> str:
    """Return the text of two."""
    return apply_splices(one + other, joining(one, other))


@given(notes, notes)
@settings(max_examples=300)
def test_all_lines_of_both_stand_in_their_orders(one: str, other: str) -> None:
    """None is missing, none is made up, and what both say around their own is said once."""
    found = keys(joined(one, other))
    assert in_order(keys(one), found)
    assert in_order(keys(other), found)
    assert Counter(found) <= Counter(keys(one)) + Counter(keys(other))


@given(notes, notes, notes, notes)
@settings(max_examples=300)
def test_equal_beginnings_and_ends_stand_once(head: str, one: str, other: str, tail: str) -> None:
    """A template is not there twice, and a text with itself is that text."""
    assert joined(one, one) == joined(one, "") == joined("", one) == one
    found = keys(joined(head + one + tail, head + other + tail))
    assert found[: len(keys(head))] == keys(head)
    assert len(found) <= len(keys(head + one + other + tail))


def test_lines_that_are_not_ended_are_ended() -> None:
    """Two words never run together, and letters of two units are counted right."""
    assert joined("\U0001f600 one", "\U0001f600 two") == "\U0001f600 one\n\U0001f600 two"
    assert joined("t\r\na", "t\nb\n") == "t\r\na\nb\n"


Move = tuple[int, int, int]
moves = st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(0, 9))


class Days:
    """Three devices, each of which may make the day's note, and write in it."""

    def __init__(self, vaults: list[Vault], template: str) -> None:
        self.vaults = vaults
        self.template = template
        self.count = 0

    def play(self, move: Move) -> None:
        """Let something happen."""
        who, what, at = move
        vault = self.vaults[who]
        there = [node for _, node in vault.tree().walk() if node.is_text]
        if what < 3 and not there:
            lines = self.template.splitlines(keepends=True)
            spot = at % len(lines) + 1 if what and lines else 0
            word = [self._word()] if what else []
            write(vault, "day.md", "".join([*lines[:spot], *word, *lines[spot:]]).encode(), TOP)
        elif what < 6 and there:
            node = there[at % len(there)]
            before = text(vault, node.id).splitlines(keepends=True)
            spot = at % (len(before) + 1)
            save(vault, node.id, "".join([*before[:spot], self._word(), *before[spot:]]).encode())
        elif what < 8:
            self.unite(vault)
        else:
            tell(self.vaults[(who + 1 + at % 2) % 3], vault)

    def _word(self) -> str:
        self.count += 1
        return f"- word{self.count}\n"

    def unite(self, vault: Vault) -> None:
        """Bring together what one device sees; a second time there is nothing left to do."""
        for _ in range(9):
            if not unite_new(vault):
                return
        raise AssertionError("it does not end")


@settings(max_examples=60, deadline=None)
@example("# Day\n\n## Evening\n", [(0, 0, 0), (2, 1, 0), (1, 1, 0)])  # three, made at once
@example("", [(0, 2, 0), (1, 0, 0), (0, 0, 0), (1, 8, 9), (0, 0, 0), (1, 7, 0)])  # written on
@given(st.sampled_from(TEMPLATES), st.lists(moves, max_size=20))
def test_notes_begun_apart_become_one_with_every_word_once(
    template: str, story: list[Move]
) -> None:
    """Whoever makes, writes, hears and brings together first, also when several do it at once."""
    with TemporaryDirectory(dir=_fast_folder()) as folder:
        place = Place(Path(folder))
        one = place.create("one")
        days = Days([one, place.join(one, "two"), place.join(one, "three")], template)
        try:
            everyone(days.vaults)
            for move in story:
                days.play(move)
            for _ in range(4):
                everyone(days.vaults)
                for vault in days.vaults:
                    days.unite(vault)
            judge(days)
        finally:
            for vault in days.vaults:
                vault.close()


def judge(days: Days) -> None:
    """All are equal, and each word stands once in the one note."""
    first = days.vaults[0]
    for vault in days.vaults:
        assert (vault.root, shown(vault)) == (first.root, shown(first))
        assert vault.root.to_bytes() == pure_root(vault)
    found = shown(first)
    assert len(found) <= 1
    words = re.findall(r"word\d+", "".join(data.decode() for data in found.values() if data))
    assert sorted(words) == sorted(f"word{n + 1}" for n in range(days.count))
    for data in found.values():
        assert data is None or data.decode().splitlines().count("# Day") <= 1
    assert first.check().found == ()


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, not shared
