"""The numbers that both ends keep to. PROTOCOL.md names each; none is a matter of taste alone."""

from __future__ import annotations

from typing import Final

VERSION: Final = 1
"""The newest version of the protocol that is spoken here."""
OLDEST: Final = 1
"""The oldest one that is still spoken."""

MAX_FRAME: Final = 1 << 20
"""Bytes of a frame's body."""
MAX_STRANGER_FRAME: Final = 4096
"""Bytes of a frame's body before the other end has proved who it is."""
SOFT_FRAME: Final = 96 * 1024
"""How many bytes of content a frame gathers, so that control waits for one such frame at most.

A thing or block that is longer travels in pieces. The longest is `storage.blocks.store.MAX_BLOCK`.
"""

RECORDS_CREDIT: Final = 1 << 20
BLOCKS_CREDIT: Final = 4 << 20
MAX_CREDIT: Final = 64 << 20
"""All that may be granted and unused at one time, over all channels."""

MAX_HINTS: Final = 256
MAX_TAGS: Final = 1024
"""Spaces that one end may offer on a connection, padding included."""
TAG_PAD: Final = 4
"""Tags are padded to a multiple of this, so that their number says little."""
MAX_NAME: Final = 64
"""Bytes of a device's name."""
MAX_WRITERS: Final = 8192
MAX_WANTS_A_MESSAGE: Final = 1024
MAX_WANTS: Final = 4096
"""Addresses asked for and not yet answered."""
LOW_WANTS: Final = 2048
"""Below this, more are asked for."""
MAX_THINGS_A_MESSAGE: Final = 4096
MAX_BLOCKS_A_MESSAGE: Final = 4096
MAX_RECEIPT: Final = 128 * 1024
MAX_RECEIPTS_A_MESSAGE: Final = 256
MAX_UPDATE: Final = 64 * 1024
"""Bytes of a live update."""
MAX_OPEN_NOTES: Final = 256
MAX_COUNT: Final = 2**53 - 1
"""Files, or bytes of them, that are still to come."""
MAX_WORD: Final = 64
"""Letters of a reason."""

STRIKES: Final = 3
HEADS_BURST: Final = 20
HEADS_A_SECOND: Final = 10.0
HEADS_PAUSE: Final = 0.2
"""We say our heads at most this often per space, in seconds."""
PUSH_PAUSE: Final = 0.02
"""The first push of new records goes at once; those after it are gathered for this long."""

HELLO_PATIENCE: Final = 5.0
PING_EVERY: Final = 6.0
DEAD_AFTER: Final = 18.0
"""A device that stands still is not "near now" for long; three pings may be lost."""
PROBE_PATIENCE: Final = 5.0
"""After waking up, a peer that does not answer for this long is gone."""
SLOW_AFTER: Final = 10.0
SLOW_BYTES: Final = 1024
"""A frame that has begun must grow by this many bytes in SLOW_AFTER seconds."""
STALL_AFTER: Final = 30.0
"""Wants without any answer for this long are taken back, and asked of somebody else."""
MAX_UNSENT: Final = 4096
"""Frames of control that may wait for a peer that does not read."""
MAX_HELD: Final = 4 << 20
"""Bytes of things that may come before the record that needs them."""
MAX_INVITATION: Final = 4 << 20
"""Bytes of things that an invite brings."""
