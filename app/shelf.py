"""The stores on this device's shelf: begun, kept, put aside or thrown away, by their names.

A store changes its standing by one rename, so a kill at any moment leaves it wholly in one of
them. What nobody remembers is put aside, never thrown away: it may be all that is left.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from storage.lasting import sync_folder
from storage.system import in_our_words

BEGUN = "new-"
"""How the folder of a store begins that nobody was told of yet."""
ASIDE = "left-"
"""Of one that was left while nobody else was known to hold all of it. It stays."""
GONE = "gone-"
"""Of one that is being thrown away: others hold all of it."""
_STORE = re.compile(r"[0-9a-f]{16,64}\Z")
_SOME = 16


def show(begun: Path, store: Path) -> None:
    """Give a store that was begun the name under which it will be remembered.

    Raises:
        StoreFull, StoreUnusable: it cannot have it, or would lose it at a power cut.
    """
    with in_our_words("put a store in its place"):
        begun.rename(store)
        sync_folder(store.parent)


def throw_away(store: Path, mark: str) -> None:
    """Delete a store that others hold whole; if that is interrupted, `tidy` ends it."""
    shutil.rmtree(_renamed(store, GONE, mark), ignore_errors=True)


def put_aside(store: Path, mark: str) -> None:
    """Keep a store that was left, where nothing opens it."""
    if store.exists():
        _renamed(store, ASIDE, mark)


def tidy(shelf: Path, known: Collection[str], mark: Callable[[], str]) -> None:
    """End what a kill interrupted; `known` are the names of the stores that are remembered."""
    for found in tuple(shelf.iterdir()) if shelf.is_dir() else ():
        if found.name.startswith((BEGUN, GONE)):
            shutil.rmtree(found, ignore_errors=True)
        elif _STORE.match(found.name) and found.name not in known:
            _renamed(found, ASIDE, mark())


def _renamed(store: Path, standing: str, mark: str) -> Path:
    return store.rename(store.with_name(f"{standing}{store.name[:_SOME]}-{mark}"))
