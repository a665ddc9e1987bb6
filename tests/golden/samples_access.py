"""The fixed things whose bytes are kept: always made the same way."""

from __future__ import annotations

from storage.access.epoch import EpochKeys, build_epoch
from storage.access.grants import role_grant, root_grant
from storage.access.invitation import build_invitation
from storage.access.invite import InviteCode, InviteSecret, handover_bytes
from storage.access.roles import Role
from storage.access.token import Delegation, Invocation, build_invocation
from storage.codec.cid import Cid
from storage.codec.dagcbor import encode
from storage.crypto.primitives import SigningKey
from storage.crypto.sealed import seal
from storage.identity.keyfile import keyfile_bytes
from tests.access import LATER, NOW, Dice, device

SPACE = SigningKey(bytes(range(32)))
OWNER = device("golden owner")
GUEST = device("golden guest")
SECRET = InviteSecret(bytes(range(100, 116)))
KEYS = EpochKeys(b"e" * 32, b"m" * 32)
VALUE = {
    "b": [None, True, False, 0, 23, 24, -1, -25, 2**63 - 1, -(2**63)],
    "aa": b"bytes",
    "text": "Straße",
    "link": Cid(0x55, 0x1E, bytes(range(32))),
    "": {},
}


def root() -> Delegation:
    """The space lets its owner do everything."""
    public, agreement = OWNER.signing.public, OWNER.agreement_public
    return root_grant(SPACE, public, agreement, Dice("golden root"))


def invite_link() -> Delegation:
    """The owner lets the invite edit for a while."""
    return role_grant(
        OWNER.signing,
        audience=SECRET.signing.public,
        space=SPACE.public,
        role=Role.EDIT,
        until=LATER,
        entropy=Dice("golden invite"),
    )


def write() -> Invocation:
    """The owner writes."""
    return build_invocation(
        OWNER.signing,
        subject=root().issuer,
        command="/fs/write",
        args={"o": bytes(32), "n": 5, "p": [], "e": 0, "s": 1, "w": b"w" * 8},
        proofs=[root().cid],
        nonce=b"n" * 12,
        issued_at=NOW,
    )


def code() -> InviteCode:
    """A code with all there can be in it."""
    return InviteCode(
        role=Role.EDIT,
        giver=OWNER.signing.public,
        space=SPACE.public,
        secret=SECRET.secret,
        until=LATER,
        name="Seidenstraße",
        by="Mina",
        hints=(("192.168.1.20", 47_001), ("10.0.0.7", 47_001)),
    )


def steady() -> dict[str, bytes]:
    """Return what comes out the same each time."""
    link, block = seal(b"s" * 32, b"node", b"plain")
    return {
        "value": encode(VALUE),
        "link": link.to_bytes(),
        "block": block,
        "keyfile": keyfile_bytes(OWNER),
        "root": root().data,
        "write": write().data,
        "code": code().to_bytes(),
        "code text": code().text().encode(),
        "handover": handover_bytes(code(), [(3, b"token"), (4, b"epoch")]),
        "invite id": SECRET.id,
        "invite signing": SECRET.signing.public,
        "invite agreement": SECRET.agreement.public,
        "invite mac": SECRET.mac,
        "derived": OWNER.derive("index"),
    }


def wrapped() -> dict[str, bytes]:
    """Return what is wrapped with fresh randomness, so that only reading can be compared."""
    epoch = build_epoch(
        OWNER.signing,
        space=SPACE.public,
        number=7,
        at=NOW,
        recipients=[OWNER.agreement_public, SECRET.agreement.public],
        keys=KEYS,
        proofs=[root().cid],
        earlier=b"d" * 32,
    )
    invitation = build_invitation(
        OWNER.signing,
        SECRET,
        space=SPACE.public,
        role=Role.EDIT,
        until=LATER,
        meeting_key=b"m" * 32,
        proofs=[root().cid, invite_link().cid],
    )
    return {"epoch": epoch.data, "invitation": invitation.data}
