"""Any bytes as a hand-over file, or as what a terminal reads for one: it, or BadToken."""

from __future__ import annotations

import contextlib

from storage.access.invite import HANDOVER_HEAD, handover_bytes, handover_from
from storage.codec.dagcbor import encode
from storage.errors import BadToken
from tests.golden import samples_access as samples

SEEDS = (
    *(data for data in samples.steady().values() if data.startswith(HANDOVER_HEAD)),
    HANDOVER_HEAD,
    HANDOVER_HEAD + encode({"code": b"", "things": [[3, b"token"]]}),
)


def check(data: bytes) -> None:
    """Raise if a file is taken that would not be written so."""
    for body in (data, HANDOVER_HEAD + data):
        with contextlib.suppress(BadToken):
            assert handover_bytes(*handover_from(body)) == body
