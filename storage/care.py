"""A vault's care: whether all is as it should be, and making it so again."""

from __future__ import annotations

from dataclasses import replace

from storage.checking import NOTE, Checked, Found, Step, check, untold
from storage.core import INDEX
from storage.index.sealed_db import IndexDamaged
from storage.opened import Opened


class Care(Opened):
    """The door to checking and repairing."""

    def check(self, step: Step = untold, *, quick: bool = False) -> Checked:
        """Verify every block, record, right, version and list. Nothing is changed."""
        try:
            return check(self._ready(), step, quick=quick)
        except IndexDamaged:
            checked = check(self._ready(), step, quick=quick)
            note = Found("the index, which was made anew", INDEX, NOTE)
            return replace(checked, found=(*checked.found, note))
