"""Containers: a few tokens together, as the UCAN container format carries them.

One header byte says how the CBOR map `{"ctn-v1": [token, ...]}` follows: as it is, as
base64 or base64url, compressed or not.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterable
from enum import Enum
from typing import Final

from storage.codec.dagcbor import decode, encode
from storage.codec.fields import Fields
from storage.errors import BadToken, DecodeError

MAX_CONTAINER: Final = 1 << 16
MAX_INFLATED: Final = 1 << 20
MAX_TOKENS: Final = 256

_FIELD = "ctn-v1"


class Form(Enum):
    """The header byte of each form."""

    RAW = b"@"
    BASE64 = b"B"
    BASE64URL = b"C"
    GZIP = b"M"
    GZIP_BASE64 = b"O"
    GZIP_BASE64URL = b"P"


_PACKED = frozenset({Form.GZIP, Form.GZIP_BASE64, Form.GZIP_BASE64URL})
_PADDED = frozenset({Form.BASE64, Form.GZIP_BASE64})
_FOR_LINKS = frozenset({Form.BASE64URL, Form.GZIP_BASE64URL})


def pack(tokens: Iterable[bytes], form: Form = Form.RAW) -> bytes:
    """Return a container of these tokens; each once, sorted.

    Raises:
        BadToken: more than a container may hold.
    """
    listed = sorted(set(tokens))
    body = encode({_FIELD: listed})
    if len(listed) > MAX_TOKENS or len(body) > MAX_INFLATED:
        raise BadToken("more tokens than a container may hold")
    if form in _PACKED:
        body = gzip.compress(body, mtime=0)
    if form in _PADDED:
        body = base64.b64encode(body)
    elif form in _FOR_LINKS:
        body = base64.urlsafe_b64encode(body).rstrip(b"=")
    if len(body) >= MAX_CONTAINER:
        raise BadToken("more tokens than a container may hold")
    return form.value + body


def unpack(data: bytes) -> tuple[bytes, ...]:
    """Return the tokens of a container, in any form, in the order in which they stand.

    The tokens themselves were not looked at.

    Raises:
        BadToken: anything but one well-formed container.
    """
    try:
        fields = Fields(decode(_body(data), limit=MAX_INFLATED), "a container")
        tokens = fields.items(_FIELD, MAX_TOKENS)
        fields.end()
    except DecodeError as error:
        raise BadToken(f"not a container: {error}") from error
    found = tuple(token for token in tokens if isinstance(token, bytes))
    if len(found) != len(tokens):
        raise BadToken("a container of something else than tokens")
    if len(set(found)) != len(found):
        raise BadToken("a container that holds a token twice")
    return found


def _body(data: bytes) -> bytes:
    if len(data) > MAX_CONTAINER:
        raise DecodeError("it is too large")
    try:
        form = Form(data[:1])
    except ValueError as error:
        raise DecodeError("its form is not known") from error
    body = data[1:]
    if form in _PADDED:
        body = _unbase64(body, b"", b"+/")
    elif form in _FOR_LINKS:
        if b"=" in body:
            raise DecodeError("its base64 is padded")
        body = _unbase64(body, b"=" * (-len(body) % 4), b"-_")
    return _inflate(body) if form in _PACKED else body


def _unbase64(text: bytes, padding: bytes, others: bytes) -> bytes:
    try:
        body = base64.b64decode(text + padding, altchars=others, validate=True)
    except ValueError as error:
        raise DecodeError("its base64 is none") from error
    if base64.b64encode(body, altchars=others) != text + padding:
        raise DecodeError("its base64 is not in the one form")
    return body


def _inflate(body: bytes) -> bytes:
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: with the head of gzip
    try:
        plain = inflater.decompress(body, MAX_INFLATED)
    except zlib.error as error:
        raise DecodeError("its compression is broken") from error
    if not inflater.eof or inflater.unused_data or inflater.unconsumed_tail:
        raise DecodeError("its compression is cut off, goes on, or holds too much")
    return plain
