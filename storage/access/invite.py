"""Invites as people hand them on: a secret of 16 bytes inside a code, a text or a file.

The code says all that is needed to ask and to find the giver; the rest is fetched over the
channel that it authenticates, or stands beside it in a hand-over file.
"""

from __future__ import annotations

import base64
from binascii import crc_hqx
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final

from storage.access.roles import Role
from storage.codec.dagcbor import decode, encode
from storage.codec.fields import Fields
from storage.crypto.primitives import (
    PUBLIC_SIZE,
    SEED_SIZE,
    AgreementKey,
    SigningKey,
    hkdf,
    same,
)
from storage.errors import AccessExpired, BadToken, DecodeError, NewerCode

SECRET_SIZE: Final = 16
INVITE_ID_SIZE: Final = 16
VERSION: Final = 1
MAX_NAME: Final = 24
MAX_HINTS: Final = 2
MAX_CODE: Final = 160
MAX_HANDOVER: Final = 16 << 20
MAX_THINGS: Final = 65_536
SCHEME: Final = "ATOLL:"
HANDOVER_HEAD: Final = b"ATOLL-INVITE-1\n"

_JOIN_SPACE = 3  # the kind of code; others pair devices and people
_CHECK_SIZE = 2
_MAX_UNTIL = 2**32 - 1
_MAX_TEXT = 4096
_MAX_PORT = 65_535
_CUT = str.maketrans("", "", " -\t\r\n\v\f\u00a0\u2010\u2011\u2012\u2013\u2014\u200b\u2060\ufeff=")
_STEERING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Hint = tuple[str, int]
"""An IPv4 address and a port at which the giver was when the code was made."""


@dataclass(frozen=True, slots=True)
class InviteSecret:
    """Sixteen random bytes, and the keys that come from them. Nothing else makes them."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != SECRET_SIZE:
            raise ValueError("an invite's secret has 16 bytes")

    @property
    def signing(self) -> SigningKey:
        """The key to which the giver delegates, and which delegates to the joiner."""
        return SigningKey(hkdf(self.secret, b"atoll/invite/sign/1", length=SEED_SIZE))

    @property
    def agreement(self) -> AgreementKey:
        """The key to which secrets are wrapped for the joiner."""
        return AgreementKey(hkdf(self.secret, b"atoll/invite/agree/1", length=SEED_SIZE))

    @property
    def id(self) -> bytes:
        """The invite's public name."""
        return hkdf(self.secret, b"atoll/invite/id/1")[:INVITE_ID_SIZE]

    @property
    def mac(self) -> bytes:
        """The key by which giver and joiner prove to each other that they know the secret."""
        return hkdf(self.secret, b"atoll/invite/mac/1")


@dataclass(frozen=True, slots=True)
class InviteCode:
    """What a code says. `name` is the space's, `by` the giver's; both cut to fit."""

    role: Role
    giver: bytes
    space: bytes
    secret: bytes = field(repr=False)
    until: int | None
    name: str = ""
    by: str = ""
    hints: tuple[Hint, ...] = ()
    version: int = VERSION

    def __post_init__(self) -> None:
        if not _is_sound(self):
            raise BadToken("an invite code cannot say that")

    @property
    def keys(self) -> InviteSecret:
        """The secret with its keys."""
        return InviteSecret(self.secret)

    def check_time(self, now: float) -> None:
        """Refuse a code whose time is over.

        Raises:
            AccessExpired: it is.
        """
        if self.until is not None and now > self.until:
            raise AccessExpired("this invite has ended", self.until)

    def to_bytes(self) -> bytes:
        """Return the payload, at most 160 bytes, with its check."""
        name, by = self.name.encode(), self.by.encode()
        body = b"".join(
            (
                bytes((self.version, _JOIN_SPACE, self.role)),
                self.giver + self.space + self.secret,
                (self.until or 0).to_bytes(4),
                bytes((len(name),)) + name,
                bytes((len(by),)) + by,
                bytes((len(self.hints),)),
                *(IPv4Address(host).packed + port.to_bytes(2) for host, port in self.hints),
            )
        )
        return body + _check(body)

    def text(self) -> str:
        """Return the code as people copy it, and as its QR code holds it."""
        return SCHEME + base64.b32encode(self.to_bytes()).decode().rstrip("=")


def fitting(text: str) -> str:
    """Return text as a code can carry it: at most 24 bytes, no control characters."""
    kept = "".join(letter for letter in text if _is_plain(letter))
    return kept.encode()[:MAX_NAME].decode(errors="ignore").strip()


def code_from_text(text: str) -> InviteCode:
    """Return the code that somebody typed, pasted or scanned.

    Spaces, dashes, line breaks and case do not matter.

    Raises:
        BadToken: not a code, mistyped, or of a version that this program does not know.
    """
    if len(text) > _MAX_TEXT:
        raise BadToken("this is too long for an invite code")
    letters = text.translate(_CUT).upper()
    if not letters.startswith(SCHEME) or not letters.isascii():
        raise BadToken("this is not an invite code: it begins with ATOLL:")
    letters = letters.removeprefix(SCHEME)
    try:
        payload = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError as error:
        raise BadToken("this invite code was mistyped") from error
    if base64.b32encode(payload).decode().rstrip("=") != letters:
        raise BadToken("this invite code was mistyped")
    return code_from(payload)


def code_from(payload: bytes) -> InviteCode:
    """Return the code that `InviteCode.to_bytes` wrote.

    Raises:
        BadToken: changed, cut off, or of a version that this program does not know.
    """
    body, check = payload[:-_CHECK_SIZE], payload[-_CHECK_SIZE:]
    if len(payload) > MAX_CODE or not same(_check(body), check):
        raise BadToken("this invite code was mistyped, or a part of it is missing")
    if body[:1] != bytes((VERSION,)):
        raise NewerCode("this invite was made by a newer Atoll")
    try:
        return _parse(_Reader(body[1:]))
    except (DecodeError, ValueError) as error:
        raise BadToken("this invite code is damaged") from error


def handover_bytes(code: InviteCode, things: Iterable[tuple[int, bytes]]) -> bytes:
    """Return a hand-over file: the code, and things (kind, bytes) that a joiner needs.

    Raises:
        BadToken: more than such a file may hold.
    """
    listed = [[kind, data] for kind, data in things]
    body = encode({"code": code.to_bytes(), "things": listed})
    if len(body) > MAX_HANDOVER or len(listed) > MAX_THINGS:
        raise BadToken("this is too much for an invite file")
    return HANDOVER_HEAD + body


def handover_from(data: bytes) -> tuple[InviteCode, tuple[tuple[int, bytes], ...]]:
    """Return what a hand-over file holds. The things were not looked at.

    Raises:
        BadToken: not such a file, or a damaged one.
    """
    if not data.startswith(HANDOVER_HEAD):
        raise BadToken("this is not an invite file")
    try:
        body = decode(data[len(HANDOVER_HEAD) :], limit=MAX_HANDOVER)
        fields = Fields(body, "an invite file")
        payload, things = fields.raw("code"), _things(fields)
        fields.end()
    except DecodeError as error:
        raise BadToken("this invite file is damaged") from error
    return code_from(payload), things


def _things(fields: Fields) -> tuple[tuple[int, bytes], ...]:
    found: list[tuple[int, bytes]] = []
    for thing in fields.items("things", MAX_THINGS):
        match thing:
            case [int() as kind, bytes() as data] if not isinstance(kind, bool):
                found.append((kind, data))
            case _:
                raise DecodeError("a thing is [kind, bytes]")
    return tuple(found)


class _Reader:
    """Takes a payload apart from its beginning."""

    def __init__(self, data: bytes) -> None:
        self._left = data

    def take(self, size: int) -> bytes:
        if len(self._left) < size:
            raise DecodeError("a code that is cut off")
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def text(self) -> str:
        return self.take(self.number(1)).decode()

    def end(self) -> None:
        if self._left:
            raise DecodeError("a code that goes on")


def _parse(reader: _Reader) -> InviteCode:
    if reader.number(1) != _JOIN_SPACE:
        raise BadToken("this is a code for something else than joining a space")
    code = InviteCode(
        role=Role(reader.number(1)),
        giver=reader.take(PUBLIC_SIZE),
        space=reader.take(PUBLIC_SIZE),
        secret=reader.take(SECRET_SIZE),
        until=reader.number(4) or None,
        name=reader.text(),
        by=reader.text(),
        hints=tuple(
            (str(IPv4Address(reader.take(4))), reader.number(2)) for _ in range(reader.number(1))
        ),
    )
    reader.end()
    return code


def _is_sound(code: InviteCode) -> bool:
    sizes = (len(code.giver), len(code.space), len(code.secret))
    return (
        code.version == VERSION
        and sizes == (PUBLIC_SIZE, PUBLIC_SIZE, SECRET_SIZE)
        and (code.until is None or 0 < code.until <= _MAX_UNTIL)
        and all(_is_short(text) for text in (code.name, code.by))
        and len(code.hints) <= MAX_HINTS
        and all(_is_hint(host, port) for host, port in code.hints)
    )


def _is_short(text: str) -> bool:
    return all(map(_is_plain, text)) and len(text.encode()) <= MAX_NAME


def _is_plain(letter: str) -> bool:
    """Say whether a letter can be shown: no control, none that turns the direction around."""
    return letter.isprintable() or (
        letter not in _STEERING and not "\ud800" <= letter <= "\udfff" and ord(letter) > 0x9F  # noqa: PLR2004
    )


def _is_hint(host: str, port: int) -> bool:
    try:
        return str(IPv4Address(host)) == host and 0 < port <= _MAX_PORT
    except ValueError:
        return False


def _check(body: bytes) -> bytes:
    """Sum up a payload so that any one wrong letter, and any two swapped ones, show (CRC-16)."""
    return crc_hqx(body, 0xFFFF).to_bytes(_CHECK_SIZE)
