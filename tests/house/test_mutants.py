"""The faults that the suite has to find can still be put in."""

from __future__ import annotations

import ast

import pytest

from tests.house.source import ROOT
from tests.mutants.known import MUTANTS, Mutant

OF_THE_LIST = 20


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_fault_of_the_list_can_still_be_put_in(mutant: Mutant) -> None:
    """What it replaces stands exactly once; else it would be found by nobody, or not be tried."""
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    ast.parse(text.replace(mutant.old, mutant.new))


def test_each_fault_of_the_list_is_there() -> None:
    """A list that gets shorter by itself is no list."""
    assert len(MUTANTS) == len({mutant.name for mutant in MUTANTS}) == OF_THE_LIST


def test_the_table_names_each_fault_and_who_found_it() -> None:
    """Run `python -m tests.mutants --write` when this fails."""
    table = (ROOT / "docs" / "mutants.md").read_text(encoding="utf-8")
    assert not [m.name for m in MUTANTS if f"| {m.name} | {m.does} | `{m.path}` | `" not in table]
    assert "**nobody**" not in table
