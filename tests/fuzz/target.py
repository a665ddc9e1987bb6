"""How a fuzz target is started. atheris is needed for that alone, so it is found late."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable


def fuzz(check: Callable[[bytes], None], modules: tuple[str, ...]) -> None:
    """Throw bytes at check until it raises. The modules are watched for new paths."""
    atheris = importlib.import_module("atheris")
    for name in modules:
        module = importlib.import_module(name)
        for member in vars(module).values():
            if callable(member) and getattr(member, "__module__", "") == name:
                _watch(atheris, member)
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()


def _watch(atheris: object, member: object) -> None:
    instrument: Callable[[object], object] = vars(atheris)["instrument_func"]
    if hasattr(member, "__code__"):
        instrument(member)
