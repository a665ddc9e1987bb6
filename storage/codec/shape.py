"""What a decoded value is, said so that type checkers know it too.

The gate lets through no map with other keys than text, so these need not look inside.
"""

from __future__ import annotations

from typing import TypeGuard


def is_list(value: object) -> TypeGuard[list[object]]:
    """Say whether a decoded value is a list."""
    return isinstance(value, list)


def is_map(value: object) -> TypeGuard[dict[str, object]]:
    """Say whether a decoded value is a map."""
    return isinstance(value, dict)


def items_of(value: object) -> list[object]:
    """Return the items of a decoded list, none for anything else: to match on."""
    return value if is_list(value) else []
