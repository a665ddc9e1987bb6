"""Laws of looking through a folder: in one go or in several, the same is found."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.folder.gather import widest
from app.folder.ignore import Ignore
from app.folder.memory import MemoryFolder
from app.folder.port import Path, Place
from app.folder.scan import scan

names = st.sampled_from(["a", "b", "c~", "d"])
paths = st.lists(names, min_size=1, max_size=4).map(tuple)


def believed(_place: Place) -> None:
    """It is the folder that we know."""


def stage(files: list[Path], refusing: set[Path]) -> MemoryFolder:
    """Return a folder with files, in which the disk does not tell of some paths."""
    folder = MemoryFolder()
    for path in files:
        if not any(path[: len(it)] == it or it[: len(path)] == path for it in refusing):
            folder.write("/".join((*path, "file")), b"x")
    folder.fault = lambda what, path: 5 if what == "list" and path in refusing else 0
    return folder


@given(st.lists(paths), st.sets(paths, max_size=2), st.sets(paths), st.sets(paths))
def test_looking_further_finds_what_looking_everywhere_at_once_finds(
    files: list[Path], refusing: set[Path], first: set[Path], more: set[Path]
) -> None:
    """A look that follows a move must not look at a thousand files twice, nor believe more."""
    folder, wanted = stage(files, refusing), widest(first | more)
    first &= wanted
    so_far = scan(folder, Ignore(), believed, first)
    one = scan(folder, Ignore(), believed, wanted - first, so_far=so_far)
    other = scan(folder, Ignore(), believed, wanted)
    assert (one.folders, one.whole, one.asked) == (other.folders, other.whole, other.asked)
    assert (one.doubt, one.temporaries) == (other.doubt, other.temporaries)
    assert set(one.skipped) == set(other.skipped)
    assert sorted(one.replaced) == sorted(other.replaced)
