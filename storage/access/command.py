"""Commands: what a token lets do, as a path of which each segment narrows."""

from __future__ import annotations

from storage.errors import BadToken

WRITE = "/fs/write"
REKEY = "/fs/rekey"
INVITE = "/space/invite"
REMOVE = "/space/remove"
REMOVE_DEVICE = "/person/device/remove"
REVOKE = "/ucan/revoke"

_MAX_COMMAND = 256


def check_command(text: str) -> str:
    """Return text if it is a command: lowercase, a leading slash, no empty segment.

    Raises:
        BadToken: it is none.
    """
    if text == "/":
        return text
    if len(text) > _MAX_COMMAND or text != text.lower() or text[:1] != "/":
        raise BadToken("a command that is none")
    if "" in text[1:].split("/"):
        raise BadToken("a command with an empty part")
    return text


def covers(broad: str, narrow: str) -> bool:
    """Say whether who may do the one may do the other: `/fs` covers `/fs/write`, not `/fsx`."""
    return broad in {"/", narrow} or narrow.startswith(broad + "/")
