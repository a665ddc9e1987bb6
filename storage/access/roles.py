"""What people call the rights: view, edit, manage; and the command that says each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from storage.access.command import covers


class Role(IntEnum):
    """What a member of a space may do. A larger one includes the smaller."""

    VIEW = 1
    EDIT = 2
    MANAGE = 3

    @property
    def command(self) -> str:
        """The command of a delegation that gives this role."""
        return _COMMANDS[self]


_COMMANDS = {Role.VIEW: "/fs/read", Role.EDIT: "/fs", Role.MANAGE: "/"}
_ROLES = {command: role for role, command in _COMMANDS.items()}


def role_of(command: str) -> Role | None:
    """Return the role that exactly this command gives, None if it is no role's."""
    return _ROLES.get(command)


def role_of_chain(commands: Iterable[str]) -> Role | None:
    """Return the largest role that every link of a chain covers, None if not even viewing."""
    links = tuple(commands)
    for role in sorted(Role, reverse=True):
        if all(covers(command, role.command) for command in links):
            return role
    return None
