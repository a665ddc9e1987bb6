"""What is said of a mass change that is held: one sentence, for window and terminal."""

from __future__ import annotations

from app.guard_values import Harm, HeldCount
from app.words import count_words, list_words

_ONE = {Harm.DELETED: "deletion", Harm.REPLACED: "replaced file", Harm.RENAMED: "renamed file"}
ANOTHER = "another device"


def held_sentence(held: HeldCount) -> str:
    """Return what is held of whom, and what that means."""
    if held.is_this:
        return f"Held: {harm_words(held)} from this computer, not sent until you look"
    device = held.device or ANOTHER
    return f"Held: {harm_words(held)} from {device}, not in your folder until you look"


def harm_words(held: HeldCount) -> str:
    """Return "120 deletions and 3 renamed files"."""
    counts = (held.deleted, held.replaced, held.renamed)
    return list_words(
        [count_words(count, _ONE[harm]) for harm, count in zip(Harm, counts, strict=True) if count]
    )
