"""Files that were just made and may be gone in a moment: half of a program's save.

Many programs write a file beside the one that they save, and then put it over that. Looked at in
between it would be shared, and a moment later lie in the bin as something that nobody ever
deleted. So a new file whose name tells of another one here, or of a scratch file, waits a
second, once. By then it is what it seems, or it was put in place and is an edit of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.folder.ground import Ground, Tally
from app.folder.match import Matched
from app.folder.port import Path, Shape
from app.folder.scan import Listing

_SCRATCH = re.compile(
    r".*\.(tmp|temp|new|part|partial|download|crdownload)([.-]?\w{1,8})?|\.?tmp.*|sed\w{6}",
    re.IGNORECASE | re.DOTALL,
)
_CUT = re.compile(r"[.~#_-]")
_BEFORE = ".~#_$"


class Newborn:
    """Holds back what may be half of a save."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._since: dict[Path, float] = {}

    def hold(self, here: Listing, matched: Matched, tally: Tally, span: float) -> float | None:
        """Take out of a match what is too young; return in how many seconds to look again."""
        now = self._ground.clock.monotonic()
        new = {
            path: self._since.get(path, now)
            for path, stat in matched.new.items()
            if stat.shape is Shape.FILE and self._may_be_a_save(matched, path)
        }
        elsewhere = {p: at for p, at in self._since.items() if not here.looked_at(p[:-1], p[-1])}
        self._since = elsewhere | new
        left = {path: since + span - now for path, since in new.items() if since + span > now}
        for path in left:
            del matched.new[path]
            tally.again.add(path)
        return min(left.values(), default=None)

    def _may_be_a_save(self, matched: Matched, path: Path) -> bool:
        parent = matched.folders.get(path[:-1])
        if parent is None:
            return False
        agreed = self._ground.agreed
        return _SCRATCH.fullmatch(path[-1]) is not None or any(
            agreed.at(parent, name) is not None for name in originals(path[-1])
        )


def originals(name: str) -> Iterator[str]:
    """Return the names of which a program may make this one, to write beside what it saves."""
    bare = name.lstrip(_BEFORE)
    if bare != name:
        yield bare
    for cut in _CUT.finditer(bare):
        yield bare[: cut.start()]
