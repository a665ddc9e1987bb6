"""Looking into values that came from JSON: what is not of the expected kind is empty."""

from __future__ import annotations

import math
from typing import cast


def mapping_in(value: object) -> dict[str, object]:
    """Return an object, {} for anything else."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def list_in(value: object) -> list[object]:
    """Return a list, [] for anything else."""
    return cast("list[object]", value) if isinstance(value, list) else []


def text_in(value: object) -> str:
    """Return a text, "" for anything else."""
    return value if isinstance(value, str) else ""


def number_in(value: object) -> int:
    """Return a whole number, 0 for anything else. JSON may hold NaN and what is infinite."""
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else 0
    return value if isinstance(value, int) else 0
