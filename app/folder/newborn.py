"""Files that were just made and may be gone in a moment: half of a program's save.

Many programs write a file beside the one that they save, and then put it over that. Looked at in
between it would be shared, and a moment later lie in the bin as something that nobody ever
deleted. So a new file whose name tells of another one here, or of a scratch file, waits a
second, once. By then it is what it seems, or it was put in place and is an edit of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from app.folder.agreed import Row
from app.folder.ground import Ground, Tally
from app.folder.match import Matched
from app.folder.port import Path, Shape, Stat
from app.folder.scan import Listing
from storage.facts.change import EntryId

_SCRATCH = re.compile(
    r".*\.(tmp|temp|new|part|partial|download|crdownload)([.-]?\w{1,8})?|\.?tmp.*|sed\w{6}",
    re.IGNORECASE | re.DOTALL,
)
_CUT = re.compile(r"[.~#_-]")
_BEFORE = ".~#_$"
FRESH = 5.0
"""A file that the disk changed longer ago, in seconds, is no save that is under way."""


class Newborn:
    """Holds back what may be half of a save."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._since: dict[Path, float] = {}

    def hold(
        self,
        here: Listing,
        matched: Matched,
        rows: Mapping[EntryId, Row],
        tally: Tally,
        span: float,
        *,
        everywhere: bool,
    ) -> float | None:
        """Take out of a match what is too young; return in how many seconds to look again.

        What was moved to the name of a scratch file is missing for that long: what is saved may
        come under its own name. `everywhere`: nobody hinted, so only the disk tells what is young.
        """
        now = self._ground.clock.monotonic()
        away = {
            found.path: entry
            for entry, found in matched.found.items()
            if found.stat.shape is Shape.FILE
            and (not everywhere or self._is_fresh(found.stat))
            and _is_put_away(rows[entry].disk, found.path[-1])
        }
        new = {
            path: self._since.get(path, now)
            for path, stat in matched.new.items()
            if stat.shape is Shape.FILE
            and (not everywhere or self._is_fresh(stat))
            and self._may_be_a_save(matched, path)
        }
        new |= {path: self._since.get(path, now) for path in away}
        elsewhere = {p: at for p, at in self._since.items() if not here.looked_at(p[:-1], p[-1])}
        self._since = elsewhere | new
        left = {path: since + span - now for path, since in new.items() if since + span > now}
        for path in left:
            if path in away:
                del matched.found[away[path]]
                matched.missing[away[path]] = rows[away[path]]
            else:
                del matched.new[path]
            tally.again.add(path)
        return min(left.values(), default=None)

    def _is_fresh(self, stat: Stat) -> bool:
        changed = max(stat.mtime_ns, stat.ctime_ns) / 1e9
        return abs(self._ground.clock.now() - changed) < FRESH

    def _may_be_a_save(self, matched: Matched, path: Path) -> bool:
        parent = matched.folders.get(path[:-1])
        if parent is None:
            return False
        agreed = self._ground.agreed
        return _SCRATCH.fullmatch(path[-1]) is not None or any(
            agreed.at(parent, name) is not None for name in originals(path[-1])
        )


def _is_put_away(old: str, new: str) -> bool:
    """Say whether a new name is one that only a program gives, for the while of a save."""
    return _SCRATCH.fullmatch(new) is not None and _SCRATCH.fullmatch(old) is None


def originals(name: str) -> Iterator[str]:
    """Return the names of which a program may make this one, to write beside what it saves."""
    bare = name.lstrip(_BEFORE)
    if bare != name:
        yield bare
    for cut in _CUT.finditer(bare):
        yield bare[: cut.start()]
