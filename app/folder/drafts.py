"""Drafts: what someone who may only view changed. It stays here, untouched, until dropped."""

from __future__ import annotations

from app.errors import Unreadable
from app.folder.agreed import DraftRow
from app.folder.batch import holding
from app.folder.ground import Ground
from app.folder.match import Matched
from app.folder.port import Path, Place, Shape
from app.folder.reading import Read, StillChanging, read_file
from app.folder.scan import GONE, Listing
from storage.errors import NotFound


class Drafts:
    """Lists drafts, and goes back to the shared version."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def list(self) -> tuple[DraftRow, ...]:
        """Return the drafts, by path on disk."""
        return tuple(self._ground.agreed.drafts())

    def drop(self, path: Path) -> None:
        """Give up a draft; its bytes are kept. The next `bring` writes the shared version.

        Raises:
            NotFound: there is no draft under that path.
            Unreadable: it cannot be read or removed now.
        """
        drafts = {draft.path: draft for draft in self.list()}
        if path not in drafts:
            raise NotFound("there is no draft of that name")
        below = [p for p in drafts if p[: len(path)] == path]
        for each in sorted(below, key=len, reverse=True):
            try:
                self._drop_one(drafts[each])
            except (OSError, StillChanging) as error:
                raise Unreadable("the draft cannot be taken back now", "/".join(each)) from error

    def forget_settled(self, here: Listing, matched: Matched, drafted: set[Path]) -> None:
        """Forget drafts that are none any more: looked at, and not found to be one again."""
        may_edit = self._ground.space.may_edit()
        for draft in self.list():
            if draft.path in drafted:
                continue
            if draft.entry is None:
                settled = here.looked_at(draft.path[:-1], draft.path[-1])
            elif self._ground.agreed.get(draft.entry) is None:
                settled = True
            else:
                settled = draft.entry in matched.found or draft.entry in matched.quiet
                settled = settled or (may_edit and draft.entry in matched.missing)
            if settled:
                self._ground.agreed.forget_draft(draft.path)

    def _drop_one(self, draft: DraftRow) -> None:
        agreed = self._ground.agreed
        row = None if draft.entry is None else agreed.get(draft.entry)
        try:
            with self._ground.folder.enter(draft.path[:-1]) as place:
                stat = place.stat(draft.path[-1])
                if stat.shape is Shape.FOLDER:
                    if row is None:
                        place.remove_folder(draft.path[-1])
                elif stat.shape is Shape.FILE:
                    read = self._keep(place, draft.path, stat.size)
                    if row is not None and place.stat(draft.path[-1]) == read.stat:
                        agreed.put([holding(row, read.stat, read.digest)])
                    elif row is None:
                        place.remove(draft.path[-1])
                else:
                    place.remove(draft.path[-1])
                    if row is not None:
                        agreed.forget([row.entry])
        except OSError as error:
            if error.errno not in GONE:
                raise
            if row is not None:
                agreed.forget([row.entry])  # it was removed here: it comes back
        agreed.forget_draft(draft.path)

    def _keep(self, place: Place, path: Path, size: int) -> Read:
        """Keep a draft's bytes in the space's store before they go."""
        read = read_file(place, path, size, self._ground.space.store)
        content = read.content or self._ground.space.store(read.source())
        link = None if content.link is None else content.link.to_bytes()
        self._ground.agreed.keep(path, self._ground.clock.now(), content.size, read.digest, link)
        return read
