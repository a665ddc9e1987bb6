"""Any bytes through the gate: a value that encodes to them, or DecodeError."""

from __future__ import annotations

import contextlib

from storage.codec.cid import parse_cid, parse_cid_text
from storage.codec.dagcbor import decode, encode
from storage.errors import DecodeError
from tests.golden import samples_access as samples

SEEDS = (
    samples.steady()["value"],
    samples.root().data,
    samples.root().cid,
    parse_cid(samples.root().cid).text().encode(),
)


def check(data: bytes) -> None:
    """Raise if the gate does anything else than it says."""
    with contextlib.suppress(DecodeError):
        assert encode(decode(data)) == data
    with contextlib.suppress(DecodeError):
        assert parse_cid(data).to_bytes() == data
    with contextlib.suppress(DecodeError):
        text = data.decode("latin-1")
        cid = parse_cid_text(text)
        assert text in {cid.text(), cid.text58()}
