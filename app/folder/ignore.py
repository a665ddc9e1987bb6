"""What in the folder is nobody's business: editors' scratch files, and what the person says.

The person's own patterns stand in `.atollignore` in the root, in gitignore's syntax. That
file itself is shared, so all devices ignore the same.
"""

from __future__ import annotations

import re

from pathspec import GitIgnoreSpec

from app.folder.port import Path

IGNORE_FILE = ".atollignore"
OWN_FOLDER = ".atoll"
TEMPORARY = re.compile(r"\.atoll-[0-9a-f]{16}\.tmp\Z")
REPLACED = re.compile(r"\.atoll-(?P<entry>[0-9a-f]{32})-[0-9a-f]{8}\.old\Z")
"""What lay where we wrote, until it is certain that nobody writes to it: see `Replaced`."""
MAX_REMEMBERED = 200_000
MAX_PATTERNS = 1 << 16
_SCRATCH = re.compile(
    r"\.DS_Store|\.AppleDouble|\._\.DS_Store|\.Spotlight-V100|\.Trashes|\.Trash-\d+"
    r"|Thumbs\.db|ehthumbs\.db|desktop\.ini|\$RECYCLE\.BIN"
    r"|\..*\.sw[a-px]|\.sw[a-px]|4913|.*~|\.#.*|#.*#"  # vim, emacs
    r"|\.~lock\..*#|~\$.*|~WRL\d+\.tmp|\.goutputstream-.{6}|\..*\.kate-swp|.*\.vsctmp"
    r"|\.nfs[0-9a-f]+|\.fuse_hidden[0-9a-f]+",
    re.DOTALL,
)


class Ignore:
    """Says which paths are left alone."""

    def __init__(self, text: str = "") -> None:
        self._spec = _spec(text)
        self._known: dict[Path, bool] = {}

    def ignores(self, path: Path, *, is_folder: bool) -> bool:
        """Say whether a path (on disk) is left alone. Its parents are not looked at."""
        name = path[-1]
        if name.startswith(OWN_FOLDER) and is_own(path, is_folder=is_folder):
            return True
        if is_scratch(name):
            return True
        return self._spec is not None and self._matches(self._spec, path, is_folder=is_folder)

    def ignores_below(self, path: Path, *, is_folder: bool) -> bool:
        """Say whether a path, or a folder it is in, is left alone."""
        return any(self.ignores(path[:n], is_folder=True) for n in range(1, len(path))) or (
            bool(path) and self.ignores(path, is_folder=is_folder)
        )

    def _matches(self, spec: GitIgnoreSpec, path: Path, *, is_folder: bool) -> bool:
        key = (*path, "") if is_folder else path
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            known = self._known[key] = spec.match_file("/".join(key))
        return known


def is_scratch(name: str) -> bool:
    """Say whether a name is that of some program's scratch file, which nobody shares."""
    return _SCRATCH.fullmatch(name) is not None


def is_own(path: Path, *, is_folder: bool) -> bool:
    """Say whether a path is ours: the folder with the marker, a file half written, or replaced.

    A folder is never half written; one of such a name was moved aside, and is a person's.
    """
    if is_folder:
        return path == (OWN_FOLDER,)
    name = path[-1]
    return path == (OWN_FOLDER,) or bool(TEMPORARY.match(name) or REPLACED.match(name))


def _spec(text: str) -> GitIgnoreSpec | None:
    """Return the person's patterns; a line that makes no sense is passed over alone."""
    lines: list[str] = []
    for line in text[:MAX_PATTERNS].splitlines():
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue
        lines.append(line)
    spec = GitIgnoreSpec.from_lines(lines)
    return spec if any(pattern.include is not None for pattern in spec.patterns) else None
