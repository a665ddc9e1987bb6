"""Any bytes or text as an invite, an invitation or an epoch record: it, or BadToken."""

from __future__ import annotations

import contextlib

from storage.access.epoch import parse_epoch
from storage.access.invitation import parse_invitation
from storage.access.invite import (
    HANDOVER_HEAD,
    code_from,
    code_from_text,
    fitting,
    handover_bytes,
    handover_from,
)
from storage.errors import BadToken
from tests.golden import samples_access as samples

SEEDS = (
    samples.steady()["code"],
    samples.steady()["code text"],
    samples.steady()["handover"],
    *samples.wrapped().values(),
)


def check(data: bytes) -> None:
    """Raise if something is taken that would not be written so, or refused in another way."""
    with contextlib.suppress(BadToken):
        assert code_from(data).to_bytes() == data
    text = data.decode(errors="replace")
    for written in (text, "ATOLL:" + text):
        with contextlib.suppress(BadToken):
            code = code_from_text(written)
            assert code_from_text(code.text()) == code
    assert fitting(fitting(text)) == fitting(text)
    for body in (data, HANDOVER_HEAD + data):
        with contextlib.suppress(BadToken):
            assert handover_bytes(*handover_from(body)) == body
    for parse in (parse_epoch, parse_invitation):
        with contextlib.suppress(BadToken):
            assert parse(data).data == data
