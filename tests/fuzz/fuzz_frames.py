"""Any bytes as a stream of frames: messages that encode to them, or RemoteProtocolError."""

from __future__ import annotations

import contextlib

from storage.facts.dots import Seen
from sync.errors import RemoteProtocolError
from sync.protocol import messages as say
from sync.protocol.bounds import MAX_FRAME
from sync.protocol.frames import FrameReader, frame
from sync.protocol.messages import Channel
from sync.protocol.wire import decode, encode

SEEDS = tuple(
    frame(encode(message))
    for message in (
        say.Ping(0, answer=False),
        say.Bye("bye"),
        say.Heads(0, Seen(), bytes(32), bytes(32), complete=True, subscribe=True),
        say.Want(Channel.BULK, 1, 0, (bytes(32),)),
        say.Blocks(Channel.BULK, 1, (b"block",)),
        say.Credit(Channel.RECORDS, 5),
    )
)


def check(data: bytes) -> None:
    """Raise if the wire does anything else than it says."""
    reader = FrameReader(MAX_FRAME)
    with contextlib.suppress(RemoteProtocolError):
        for body in reader.feed(data):
            assert encode(decode(body)) == body
    with contextlib.suppress(RemoteProtocolError):
        assert encode(decode(data)) == data
