"""What stands side by side in an app that is none."""

from __future__ import annotations

from app.together_values import OneSide, StandsBeside

BREAD = ("bread.md",), ("bread (Phone).md",)


class FakeTogether:
    """One file in two versions; remembers what it was asked."""

    def __init__(self, asked: list[tuple[object, ...]], space: str) -> None:
        self._asked = asked
        self.there = [
            StandsBeside(
                space,
                "versions",
                "ef" * 16,
                BREAD[0],
                (
                    OneSide(BREAD[0], "Laptop", 1_700_000_000.0, "aa11" * 16, 1000),
                    OneSide(BREAD[1], "Phone", 1_700_000_060.0, "bb22" * 16, 2000),
                ),
                "texts; 1 line only in the first, 1 only beside",
            )
        ]

    async def all(self, space: str) -> tuple[StandsBeside, ...]:
        """Return it."""
        del space
        return tuple(self.there)

    async def take(self, about: StandsBeside, number: int) -> None:
        """Remember it."""
        self._asked.append(("take", about.path, number))

    async def keep_both(self, about: StandsBeside) -> None:
        """Remember it."""
        self._asked.append(("both", about.path))

    async def merged(self, about: StandsBeside) -> str:
        """Return a text."""
        del about
        return "one\nother\n"

    async def merge(self, about: StandsBeside) -> None:
        """Remember it."""
        self._asked.append(("merge", about.path))
