"""Giving access to a folder: role, end, code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QObject, Signal

from app.values import InviteInfo, MemberInfo, Role, SpaceInfo
from app.words import DOT, role_words, until_words
from ui.below import Below
from ui.models.rows import Item, Row, RowModel
from ui.words import tr


@dataclass(frozen=True, slots=True)
class End:
    """A choice of when access ends."""

    words: str
    days: int | None
    """Ends at the end of that day; None: never."""


def ends() -> tuple[End, ...]:
    """Return the choices offered."""
    return (
        End(tr("Without end"), None),
        End(tr("Today"), 0),
        End(tr("For a week"), 7),
        End(tr("For a month"), 30),
        End(tr("For a year"), 365),
    )


def end_at(end: End, now: float) -> int | None:
    """Return the moment of an end: the last second of its day, by the wall clock."""
    if end.days is None:
        return None
    today = datetime.fromtimestamp(now, tz=UTC).astimezone()
    last = (today + timedelta(days=end.days)).replace(hour=23, minute=59, second=59, microsecond=0)
    return int(last.timestamp())


class Giving(QObject):
    """Makes a code for a folder, and lists who has access already."""

    made = Signal(object)
    """With the InviteInfo."""
    file_made = Signal(bytes)
    failed = Signal(object)

    def __init__(self, below: Below, space: SpaceInfo, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.space = space
        self.invite: InviteInfo | None = None
        self.rows = RowModel(self._draw, self)
        self._below = below
        self.rows.show([Item(member.did, member) for member in space.members])

    @property
    def may(self) -> bool:
        """Whether this device may give access."""
        return self.space.role is Role.MANAGE

    def make(self, role: Role, end: End) -> None:
        """Make a code."""
        until = end_at(end, self._below.now())
        if self.space.until is not None:
            until = min(until or self.space.until, self.space.until)
        job = self._below.runner.run(self._below.app.share(self.space.id, role, until))
        job.done.connect(self._on_made)
        job.failed.connect(self.failed)

    def make_file(self) -> None:
        """Ask for the hand-over file of the code made."""
        if self.invite is not None:
            job = self._below.runner.run(self._below.app.invite_file(self.invite.code))
            job.done.connect(self.file_made)
            job.failed.connect(self.failed)

    def promise(self, invite: InviteInfo) -> str:
        """Return in one sentence what the code gives."""
        until = until_words(invite.until, self._below.now())
        return f"{tr('Who has this code')} {role_words(invite.role)} “{invite.space_name}” {until}."

    def _on_made(self, invite: object) -> None:
        assert isinstance(invite, InviteInfo)
        self.invite = invite
        self.made.emit(invite)

    def _draw(self, thing: object) -> Row:
        assert isinstance(thing, MemberInfo)
        name = f"{thing.name} ({tr('this computer')})" if thing.is_this else thing.name
        parts = [role_words(thing.role)]
        if thing.until is not None:
            parts.append(until_words(thing.until, self._below.now()))
        note = DOT.join(parts)
        return Row(name, note, f"{name}, {note.replace(DOT, ', ')}", icon="user")
