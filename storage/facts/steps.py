"""Steps: which splices of a sitting are taken back together.

A word goes back with the spaces behind it, and what was deleted letter by letter comes back
at once. It goes by places and letters alone and never by the time that passed, so the same
keys make the same steps everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_STEP = 64
"""So many units at most, for a text without spaces."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was done in a step so far: where and how it can go on."""

    at: int
    size: int
    deletes: bool
    word_over: bool

    @classmethod
    def of(cls, at: int, remove: int, insert: str) -> Step:
        """Return the step that begins with a splice."""
        length = _units(insert)
        return cls(at + length, length + remove, not insert, insert[-1:].isspace())

    def then(self, at: int, remove: int, insert: str) -> Step | None:
        """Return the step that goes on with a splice, or None where a new one begins."""
        after = Step.of(at, remove, insert)
        if self.size + after.size > MAX_STEP:
            return None
        if self.deletes:
            joins = after.deletes and self.at in {at, at + remove}
        else:
            begins_a_word = self.word_over and not insert[:1].isspace()
            joins = at == self.at and not remove and not begins_a_word
        return (
            Step(after.at, self.size + after.size, self.deletes, after.word_over) if joins else None
        )


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
