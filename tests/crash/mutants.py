"""Faults that the recorder has to find: each leaves out one step of "durable before told"."""

from __future__ import annotations

from collections.abc import Callable

MUTANTS: dict[str, Callable[[], None]] = {}
