"""Every error that a person may meet has a stable code, and words for it."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from functools import cache

import pytest

from tests.house.source import FLOORS, module_of, product

CODE = re.compile(r"[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*\Z")


@cache
def classes() -> list[type[Exception]]:
    """Return AtollError and all below it, with every floor imported."""
    for path in product():
        importlib.import_module(module_of(path))
    root: type[Exception] = importlib.import_module("storage.errors").AtollError
    found, todo = [root], [root]
    while todo:
        new = [below for below in todo.pop().__subclasses__() if below not in found]
        found += new
        todo += new
    return [error for error in found if error.__module__.split(".")[0] in FLOORS]


def codes() -> dict[str, str]:
    """Return each error's code under its dotted name."""
    return {
        f"{error.__module__}.{error.__name__}": vars(error).get("code", "") for error in classes()
    }


def test_every_error_has_a_code_of_its_own() -> None:
    """Programs branch on it, so it is given once and never inherited."""
    without = [name for name, code in codes().items() if not CODE.match(code)]
    assert not without
    twice = [code for code, count in Counter(codes().values()).items() if count > 1]
    assert not twice


def test_every_code_has_words() -> None:
    """Nobody should read a code where a sentence could stand."""
    words = importlib.import_module("ui.words").CODES
    missing = sorted(set(codes().values()) - set(words))
    assert not missing


def test_no_words_for_a_code_that_is_gone() -> None:
    """Dead words mislead the translator."""
    words = importlib.import_module("ui.words").CODES
    assert not sorted(set(words) - set(codes().values()))


@pytest.mark.parametrize("name", sorted({module_of(path) for path in product()}))
def test_every_module_can_be_imported(name: str) -> None:
    """On its own, in any order, with no screen."""
    importlib.import_module(name)
