"""Reads the UCAN vectors."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path
from typing import Any

from storage.access.token import Delegation, Invocation, parse_delegation, parse_invocation
from storage.codec.cid import parse_cid_text
from storage.errors import BadToken

FOLDER = Path(__file__).resolve().parents[1] / "vectors" / "ucan"


@cache
def vectors(name: str) -> Any:
    """Return what a file of vectors holds."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def unpadded(text: str) -> bytes:
    """Return the bytes of a base64 text, with or without padding."""
    return base64.b64decode(text + "=" * (-len(text) % 4))


@cache
def tokens() -> dict[str, bytes]:
    """Return all tokens by name."""
    listed = vectors("tokens")["tokens"]
    return {name: unpadded(token["bytes_b64"]) for name, token in listed.items()}


def delegation(name: str) -> Delegation:
    """Return a delegation by name, its signature checked."""
    found = parse_delegation(tokens()[name])
    if not found.is_signed():
        raise BadToken("the signature is not its issuer's")
    return found


def invocation(name: str) -> Invocation:
    """Return an invocation by name."""
    return parse_invocation(tokens()[name])


def held(names: list[str]) -> dict[bytes, Delegation]:
    """Return delegations by their CID, their signatures not looked at."""
    found = [parse_delegation(tokens()[name]) for name in names]
    return {each.cid: each for each in found}


def cid(text: str) -> bytes:
    """Return the binary form of a CID in either spelling."""
    return parse_cid_text(text).to_bytes()
