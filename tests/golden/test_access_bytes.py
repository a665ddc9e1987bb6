"""Bytes that are on disks and in other people's hands: they may never change."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from storage.access.chain import Signatures
from storage.access.epoch import parse_epoch, verify_epoch
from storage.access.invitation import parse_invitation, verify_invitation
from storage.access.invite import code_from_text
from storage.access.roles import Role
from storage.codec.dagcbor import decode
from storage.identity.keyfile import keys_from
from tests.access import LATER, NOW
from tests.golden import samples_access as samples

FILE = Path(__file__).with_name("access.json")


@cache
def golden() -> dict[str, bytes]:
    """Return the bytes that were kept."""
    kept: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: bytes.fromhex(text) for name, text in kept.items()}


@pytest.mark.parametrize("name", sorted(samples.steady()))
def test_the_same_thing_has_the_same_bytes_as_ever(name: str) -> None:
    """A change here is a change of format: it needs a new version, not a new golden file."""
    assert samples.steady()[name].hex() == golden()[name].hex()


def test_kept_values_and_keys_are_read() -> None:
    """What an earlier Atoll wrote."""
    assert decode(golden()["value"]) == samples.VALUE
    assert keys_from(golden()["keyfile"], "here") == samples.OWNER
    assert code_from_text(golden()["code text"].decode()) == samples.code()


def test_a_kept_epoch_opens() -> None:
    """For its owner and for the invite; its history too."""
    epoch = parse_epoch(golden()["epoch"])
    held = {samples.root().cid: samples.root()}
    found = verify_epoch(epoch, held, NOW, signatures=Signatures())
    assert (found.role, epoch.number, epoch.at) == (Role.MANAGE, 7, NOW)
    for key in (samples.OWNER.agreement, samples.SECRET.agreement):
        assert epoch.unwrap(key) == samples.KEYS
    assert epoch.earlier_secret(samples.KEYS.secret) == b"d" * 32


def test_a_kept_invitation_opens() -> None:
    """With the invite's secret."""
    invitation = parse_invitation(golden()["invitation"])
    links = (samples.root(), samples.invite_link())
    held = {link.cid: link for link in links}
    found = verify_invitation(invitation, held, NOW, signatures=Signatures())
    assert (found.role, found.until) == (Role.EDIT, LATER)
    assert invitation.meeting_key(samples.SECRET) == b"m" * 32
