"""Who is asked for which block: several peers at once, and none for the same block twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class Claims:
    """What is under way of one space, by whom it is asked of."""

    def __init__(self) -> None:
        self._by: dict[bytes, object] = {}

    def __len__(self) -> int:
        return len(self._by)

    def claim(self, owner: object, digests: Sequence[bytes], most: int) -> tuple[bytes, ...]:
        """Return what owner may ask for: at most so many, and nothing that others ask for."""
        mine: list[bytes] = []
        for digest in digests:
            if len(mine) >= most:
                break
            if self._by.setdefault(digest, owner) is owner:
                mine.append(digest)
        return tuple(mine)

    def drop(self, owner: object, digests: Iterable[bytes]) -> None:
        """Strike out what came, or is not to be had from that one."""
        for digest in digests:
            if self._by.get(digest) is owner:
                del self._by[digest]

    def leave(self, owner: object) -> bool:
        """Forget all of an owner's; say whether there was anything."""
        mine = [digest for digest, by in self._by.items() if by is owner]
        self.drop(owner, mine)
        return bool(mine)
