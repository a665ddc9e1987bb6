"""Invite codes and hand-over files, as people copy, type and keep them."""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.access.epoch import parse_epoch
from storage.access.invitation import parse_invitation
from storage.access.invite import (
    HANDOVER_HEAD,
    MAX_CODE,
    InviteCode,
    code_from,
    code_from_text,
    fitting,
    handover_bytes,
    handover_from,
)
from storage.access.roles import Role
from storage.codec.dagcbor import encode
from storage.errors import AccessExpired, BadToken
from tests.access import LATER

SECRET = bytes(range(16))
codes = st.builds(
    InviteCode,
    role=st.sampled_from(Role),
    giver=st.binary(min_size=32, max_size=32),
    space=st.binary(min_size=32, max_size=32),
    secret=st.binary(min_size=16, max_size=16),
    until=st.none() | st.integers(1, 2**32 - 1),
    name=st.text(st.characters(codec="utf-8")).map(fitting),
    by=st.text(st.characters(codec="utf-8")).map(fitting),
    hints=st.lists(st.tuples(st.ip_addresses(v=4).map(str), st.integers(1, 65535)), max_size=2).map(
        tuple
    ),
)


def example() -> InviteCode:
    """Return a code with all there is in it."""
    return InviteCode(
        role=Role.EDIT,
        giver=bytes(range(32)),
        space=bytes(range(32, 64)),
        secret=SECRET,
        until=LATER,
        name="Seidenstraße",
        by="Mina",
        hints=(("192.168.1.20", 47_001), ("10.0.0.7", 47_001)),
    )


@given(codes, st.data())
def test_a_code_is_read_however_it_was_copied(code: InviteCode, data: st.DataObject) -> None:
    """Mail programs break lines, people type small letters and dashes."""
    text = code.text()
    assert len(code.to_bytes()) <= MAX_CODE
    assert code_from(code.to_bytes()) == code_from_text(text) == code
    size = data.draw(st.integers(1, 12))
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    between = data.draw(st.sampled_from([" ", "-", "\n", "\r\n  ", "\u2014", "\u00a0"]))
    assert code_from_text(f"  {between.join(pieces).lower()}\n") == code


def told_by(error: BaseException | None) -> str:
    """Return all that an error and those behind it say, to a person, a log or a crash report."""
    said = ""
    while error is not None:
        said += f" {error} {error!r} {error.args}"
        error = error.__cause__ or error.__context__
    return said


@pytest.mark.parametrize("letter", ["A", "7", "1", "é"])
@pytest.mark.parametrize("at", [6, 40, 120, -1])
def test_an_error_about_a_code_never_repeats_it(letter: str, at: int) -> None:
    """One letter is wrong, and all others are a right to somebody's notes; errors are logged."""
    text = example().text()
    spoiled = list(text)
    spoiled[at] = letter if spoiled[at] != letter else "B"
    with pytest.raises(BadToken) as caught:
        code_from_text("".join(spoiled))
    said = told_by(caught.value)
    assert not [at for at in range(6, len(text) - 8) if text[at : at + 8] in said]


def test_an_error_about_an_invite_file_never_repeats_its_code() -> None:
    """A file that was cut still holds the secret."""
    whole = handover_bytes(example(), [(1, b"thing")])
    for end in range(len(HANDOVER_HEAD), len(whole)):
        with pytest.raises(BadToken) as caught:
            handover_from(whole[:end])
        said = told_by(caught.value)
        assert repr(SECRET)[2:20] not in said and SECRET.hex() not in said


def test_a_code_shows_its_secret_to_nobody_who_prints_it() -> None:
    """Neither itself nor its keys: both stand in tracebacks."""
    code = replace(example(), secret=b"the very secret!")
    for shown in (repr(code), str(code), repr(code.keys), str(code.keys)):
        assert "secret!" not in shown and code.secret.hex() not in shown


@given(codes, st.data())
def test_a_wrong_or_swapped_letter_is_refused(code: InviteCode, data: st.DataObject) -> None:
    """The check finds each of them, not only most."""
    text = code.text()
    at = data.draw(st.integers(6, len(text) - 2))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
    changed = text[:at] + letter + text[at + 1 :]
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    for spoiled in {changed, swapped} - {text}:
        with pytest.raises(BadToken):
            code_from_text(spoiled)


def test_a_missing_letter_is_refused() -> None:
    """Wherever it is missing, and wherever the rest is."""
    text = example().text()
    for at in range(6, len(text)):
        for spoiled in (text[:at], text[:at] + text[at + 1 :]):
            with pytest.raises(BadToken):
                code_from_text(spoiled)


@given(st.binary(max_size=200), st.text(max_size=200))
def test_noise_is_no_code(noise: bytes, text: str) -> None:
    """One error, with words."""
    for body in (text, "ATOLL:" + text):
        with pytest.raises(BadToken):
            code_from_text(body)
    for read in (code_from, handover_from, parse_epoch, parse_invitation):
        with pytest.raises(BadToken):
            read(noise)
    with pytest.raises(BadToken):
        handover_from(HANDOVER_HEAD + noise)


def test_a_code_of_another_kind_or_version_says_so() -> None:
    """Damaged would be the wrong words."""
    body = example().to_bytes()[:-2]
    for spoiled, words in ((b"\x02" + body[1:], "newer"), (body[:1] + b"\x01" + body[2:], "else")):
        with pytest.raises(BadToken, match=words):
            code_from(spoiled + check_of(spoiled))
    for damaged in (body[:2] + b"\x09" + body[3:], body + b"\x00", body[:-1]):
        with pytest.raises(BadToken, match="damaged"):
            code_from(damaged + check_of(damaged))


def check_of(body: bytes) -> bytes:
    """Return the check that a payload would need."""
    return crc_hqx(body, 0xFFFF).to_bytes(2)


def test_a_code_cannot_say_what_would_not_fit() -> None:
    """Nor what could turn the text around on the screen."""
    fields = {"role": Role.VIEW, "giver": b"g" * 32, "space": b"s" * 32, "secret": b"x" * 16}
    for changed in (
        {"name": "x" * 25},
        {"name": "\u202eevil"},
        {"by": "line\nbreak"},
        {"name": "\ud800"},
        {"until": 0},
        {"until": 2**32},
        {"giver": b""},
        {"hints": (("1.2.3.4", 1),) * 3},
        {"hints": (("1.2.3", 1),)},
        {"hints": (("::1", 1),)},
        {"hints": (("1.2.3.4", 0),)},
        {"version": 2},
    ):
        with pytest.raises(BadToken):
            InviteCode(**{"until": None, **fields, **changed})  # type: ignore[arg-type]


@given(st.text(max_size=60))
def test_any_name_can_be_made_to_fit(text: str) -> None:
    """Cut between letters, never inside one."""
    short = fitting(text)
    assert len(short.encode()) <= 24
    assert fitting(short) == short


def test_a_code_ends() -> None:
    """Checked by the joiner before any network use."""
    example().check_time(LATER)
    with pytest.raises(AccessExpired):
        example().check_time(LATER + 1)


def test_a_code_does_not_print_its_secret() -> None:
    """Nor does the secret itself."""
    shown = repr(example()) + repr(example().keys)
    assert repr(SECRET) not in shown
    assert SECRET.hex() not in shown


def test_a_file_carries_the_code_and_what_a_joiner_needs() -> None:
    """So that joining works with no network at all."""
    things = [(3, b"token"), (4, b"epoch")]
    data = handover_bytes(example(), things)
    assert data.startswith(b"ATOLL-INVITE-1\n")
    assert handover_from(data) == (example(), tuple(things))
    for spoiled in (data[:-1], data + b"\x00", data[1:], HANDOVER_HEAD + encode({"code": b""})):
        with pytest.raises(BadToken):
            handover_from(spoiled)
    with pytest.raises(BadToken):
        handover_bytes(example(), [(3, bytes(17 << 20))])
