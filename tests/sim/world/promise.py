"""What people did and were promised: tokens, one for each thing written, and whole contents.

A token is a character that nobody wrote before. Whoever removes it, by hand and knowing it,
lets it go; all others that were saved have to be seen by everybody in the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

FIRST = 0x4E00
LAST = 0x9FFF
MOST_SHOWN = 40


def tokens_in(data: bytes | str | None) -> set[str]:
    """Return the tokens in some bytes."""
    if data is None:
        return set()
    text = data.decode(errors="ignore") if isinstance(data, bytes) else data
    return {letter for letter in text if FIRST <= ord(letter) <= LAST}


def short(data: bytes | str | None) -> str:
    """Return some bytes as a failure shows them: their tokens, and how many they are."""
    if data is None or isinstance(data, str):
        return "a folder" if data is None else data
    tokens = "".join(sorted(tokens_in(data)))
    return f"{tokens[:MOST_SHOWN]}{'…' * (len(tokens) > MOST_SHOWN)} ({len(data)} bytes)"


@dataclass(slots=True)
class Promises:
    """What has to be true in the end."""

    count: int = 0
    saved: set[str] = field(default_factory=set[str])
    """Tokens that a device said were saved."""
    let_go: set[str] = field(default_factory=set[str])
    taken: dict[str, set[str]] = field(default_factory=dict[str, set[str]])
    """Of those, what only bad programs took, and on which devices: undone there, it is back."""
    attacked: str = ""
    """Where a bad program runs just now."""
    versions: dict[bytes, str] = field(default_factory=dict[bytes, str])
    """Contents that a device said were saved, and who did."""
    stood: dict[bytes, str] = field(default_factory=dict[bytes, str])
    """Contents that stood in a folder when a look at it ended, and whose it was."""
    written: set[bytes] = field(default_factory=set[bytes])
    """All that people's programs ever left in a file."""

    torn: set[bytes] = field(default_factory=set[bytes])
    """What power cuts left in files: nobody's words."""

    set_back: bool = False
    """A store was set back once: what was saved on top of it may be written again."""

    def token(self) -> str:
        """Return a character that nobody wrote before."""
        self.count += 1
        return chr(FIRST + self.count)

    def replaced(self, old: bytes | None, new: bytes | None, keeps: bytes = b"") -> None:
        """Somebody put new in the place of old, and had seen old. `keeps` is still somewhere."""
        self.goes(tokens_in(old) - tokens_in(new) - tokens_in(keeps))
        if new is not None:
            self.written.add(new)

    def goes(self, tokens: set[str]) -> None:
        """Somebody let go of these, or a bad program took them."""
        for token in tokens:
            if not self.attacked:
                self.taken.pop(token, None)
            elif token in self.taken or token not in self.let_go:
                self.taken.setdefault(token, set()).add(self.attacked)
        self.let_go |= tokens

    def comes(self, who: str, tokens: set[str]) -> None:
        """These were put back at a device: they are to be there, if nobody else lets go of them."""
        for token in tokens & self.taken.keys():
            self.taken[token].discard(who)
            if not self.taken[token]:
                del self.taken[token]
                self.let_go.discard(token)

    def is_saved(self, who: str, data: bytes) -> None:
        """A device said that a content is saved."""
        self.saved |= tokens_in(data)
        self.versions.setdefault(data, who)

    def did_stand(self, who: str, contents: Iterable[bytes]) -> None:
        """These stood in a folder when a look ended."""
        for data in contents:
            self.stood.setdefault(data, who)

    def only(self, readable: set[bytes]) -> None:
        """A store was set back: what nobody can read any more was lost with it."""
        self.set_back = True
        tokens = {token for data in readable for token in tokens_in(data)}
        self.saved &= tokens
        self.versions = {data: who for data, who in self.versions.items() if data in readable}
        self.stood = {data: who for data, who in self.stood.items() if data in readable}

    @property
    def wanted(self) -> set[str]:
        """Tokens that everybody has to see."""
        return self.saved - self.let_go
