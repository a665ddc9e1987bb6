"""Any bytes on the control socket: a message, or DecodeError, in time that its length bounds."""

from __future__ import annotations

import contextlib

from app.cli.control import HEAD, MAX_MESSAGE, pack, pieces_of, progress_message, size_of, unpack
from app.loose import list_in, mapping_in, number_in, text_in
from app.progress import Progress
from storage.errors import DecodeError

SEEDS = (
    pack({"command": "add", "params": {"path": "/home/ana/notes", "given": "~/notes"}}),
    pack({"error": {"code": "x", "sentence": "y", "hint": ""}}),
    pack(progress_message(Progress("Reading", "a.md", 1, 2, 3, 4))),
    *(pack(piece) for piece in pieces_of(b"some bytes")),
    pack({"odd": "\udcff", "deep": [[[[1e9]]]]}),
    pack({"nan": float("nan"), "infinite": float("-inf"), "long": 10**400}),
    HEAD.pack(11) + b'{"n":1e999}',
)


def check(data: bytes) -> None:
    """Raise if a message is read that cannot be written, or anything else comes out."""
    with contextlib.suppress(DecodeError):
        assert size_of(data[: HEAD.size].ljust(HEAD.size, b"\0")) <= MAX_MESSAGE
    for body in (data, data[HEAD.size :]):
        with contextlib.suppress(DecodeError):
            message = unpack(body)
            assert repr(unpack(pack(message)[HEAD.size :])) == repr(message)  # NaN is not itself
            for value in message.values():
                mapping_in(value)
                list_in(value)
                text_in(value)
                number_in(value)
