"""A reference authoriser: the chain rule from the specification's words, over a token's bytes.

It shares no code with storage.access, judges nothing early, and lists every reason to refuse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature

from tests.reader.basics import public_of

EARLY = 60
"""Seconds before its beginning in which a right may be used; clocks differ."""
MAX_LINKS = 8


def cid_of(token: bytes) -> bytes:
    """Return a token's name."""
    return b"\x01\x71\x12\x20" + hashlib.sha256(token).digest()


def payload_of(token: bytes) -> dict[str, Any]:
    """Return what a token says, whoever signed it."""
    signed: dict[str, dict[str, Any]] = cbor2.loads(token)[1]
    return next(value for key, value in signed.items() if key != "h")


def is_signed(token: bytes) -> bool:
    """Say whether its issuer signed it."""
    signature, signed = cbor2.loads(token)
    try:
        public_of(payload_of(token)["iss"]).verify(signature, cbor2.dumps(signed, canonical=True))
    except InvalidSignature:
        return False
    return True


def objections(
    invocation: bytes, held: Sequence[bytes], now: float, revoked: Mapping[bytes, Collection[str]]
) -> list[str]:
    """Return every reason why this may not be done; it may when there is none."""
    asked = payload_of(invocation)
    by_name = {cid_of(token): token for token in held}
    names = [link.value[1:] for link in asked["prf"]]
    if any(name not in by_name for name in names):
        return ["a proof is not here"]
    tokens = [by_name[name] for name in names]
    chain = [payload_of(token) for token in tokens]
    found = [] if all(map(is_signed, [invocation, *tokens])) else ["forged"]
    if asked["exp"] is not None and now > asked["exp"]:
        found.append("asked too late")
    holders = [asked["sub"], *(link["aud"] for link in chain)]
    if [*(link["iss"] for link in chain), asked["iss"]] != holders:
        found.append("a gap")
    if len(names) > MAX_LINKS or len(set(names)) < len(names):
        found.append("too long, or a circle")
    if any(
        link["sub"] not in ((asked["sub"], None) if at else (asked["sub"],))
        for at, link in enumerate(chain)
    ):
        found.append("about something else")
    for link in chain:
        found += _objections_of(link, asked, now)
    for at, name in enumerate(names):
        above = {link["iss"] for link in chain[: at + 1]}
        above |= {f"removed from {asked['sub']}"} if at else set()
        if above & set(revoked.get(name, ())):
            found.append("taken back")
    return found


def _objections_of(link: dict[str, Any], asked: dict[str, Any], now: float) -> list[str]:
    found: list[str] = []
    have = [part for part in link["cmd"].split("/") if part]
    if [part for part in asked["cmd"].split("/") if part][: len(have)] != have:
        found.append("a smaller command")
    if link["exp"] is not None and now > link["exp"]:
        found.append("ended")
    if now < link.get("nbf", now) - EARLY:
        found.append("not begun")
    if not all(_holds(statement, asked["args"]) for statement in link["pol"]):
        found.append("a policy")
    return found


def _holds(statement: list[Any], args: dict[str, Any]) -> bool:
    match statement:
        case ["not", inner]:
            return not _holds(inner, args)
        case ["and", inner]:
            return all(_holds(each, args) for each in inner)
        case ["or", inner]:
            return any(_holds(each, args) for each in inner)
        case ["==", selector, value]:
            return bool(args[selector[1:]] == value)
        case ["<=", selector, value]:
            return bool(args[selector[1:]] <= value)
        case ["like", selector, pattern]:
            return fnmatchcase(args[selector[1:]], pattern)
        case _:
            raise NotImplementedError(statement)
