"""Who is on the other end: each proves a secret that only these two share, over this channel.

    dialling                                  answering
    HELLO version, limits, nonce, hints  -->
                                         <--  HELLO_OK version, limits, nonce, hint, proof
                                              CARD, SPACES
    PROOF, CARD, SPACES                  -->

The secret is that of a known pair, or of an invite. A hint is a MAC under it, so it tells
nothing to anybody else. Hints, proofs and cards cover the hash of the certificate that the
TLS channel shows (the *binding*): somebody in the middle has another one, and fails at the
first step. All that was said lies in the transcript, so that nobody can talk two ends into
an older version or smaller limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from storage.codec.dagcbor import encode as encode_cbor
from storage.crypto.primitives import hmac256, same, verify
from storage.crypto.sealed import address
from storage.errors import DecodeError
from storage.identity.did import public_of
from sync.errors import PeerRefused, RemoteProtocolError
from sync.ports import Card, InviteKey
from sync.protocol import messages as say
from sync.protocol.bounds import MAX_HINTS, OLDEST, VERSION
from sync.protocol.messages import Limits, Mode
from sync.protocol.wire import HINT_SIZE, TAG_SIZE, encode

_HINT = b"atoll/hint/1"
_PROOF = b"atoll/proof/1"
_CARD = b"atoll/card/1"
_NONCE = b"atoll/nonce/1"
_SPACE = b"atoll/space/1"
_TRANSCRIPT = "atoll/hello/1"


class Role(Enum):
    """Which end of a conversation."""

    DIALLING = b"d"
    ANSWERING = b"a"

    @property
    def other(self) -> Role:
        """The end that is not this one."""
        return Role.ANSWERING if self is Role.DIALLING else Role.DIALLING


@dataclass(frozen=True, slots=True)
class Shared:
    """A secret shared with one other: a known device, or whoever has an invite."""

    key: bytes = field(repr=False)
    did: str | None
    """Whose it is; of an invite, who gave it, and None on the giver's side."""
    invite: InviteKey | None = None

    @property
    def mode(self) -> Mode:
        """What a HELLO proves with it."""
        return Mode.KNOWN if self.invite is None else Mode.INVITE

    def hint(self, binding: bytes, nonce: bytes) -> bytes:
        """Return what only the other end recognises, and only on this channel."""
        return hmac256(self.key, _HINT + binding + nonce)[:HINT_SIZE]


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both ends know once a HELLO was answered."""

    shared: Shared
    limits: Limits
    """What the other end can take."""
    transcript: bytes

    def proof(self, role: Role) -> bytes:
        """Return what shows that the end in that role has the secret."""
        return hmac256(self.shared.key, _PROOF + role.value + self.transcript)

    def check_proof(self, proof: bytes, role: Role) -> None:
        """Take the other end's proof.

        Raises:
            RemoteProtocolError: it is wrong.
        """
        if not same(proof, self.proof(role)):
            raise RemoteProtocolError("a proof that proves nothing")

    def tag(self, meeting_key: bytes, role: Role) -> bytes:
        """Return how the end in that role names a space. Good on this connection only."""
        nonce = hmac256(self.shared.key, _NONCE + self.transcript)
        return hmac256(meeting_key, _SPACE + nonce + role.value)[:TAG_SIZE]

    def to_sign(self, card: Card, role: Role) -> bytes:
        """Return what the device in that role signs to show that it is the one on its card."""
        rest = card.agreement_public + card.name.encode()
        return _CARD + role.value + self.transcript + rest

    def check_card(self, shown: say.Card, role: Role) -> Card:
        """Take the other end's card.

        Raises:
            RemoteProtocolError: it is another device than the secret says, or not signed by it.
        """
        card = Card(shown.did, shown.agreement, shown.name)
        if self.shared.did not in {None, card.did}:
            raise RemoteProtocolError("another device than its secret says")
        try:
            public = public_of(card.did)
        except DecodeError as error:
            raise RemoteProtocolError(str(error)) from error
        if not verify(public, shown.signature, self.to_sign(card, role)):
            raise RemoteProtocolError("a card that its device did not sign")
        return card


def hello_for(
    secrets: Sequence[Shared], binding: bytes, nonce: bytes, padding: Iterable[bytes] = ()
) -> say.Hello:
    """Return the first message, to be answered by whoever shares one of the secrets.

    `padding` follows the hints, so that their number does not tell how many we know.

    Raises:
        PeerRefused: there is no secret to show.
    """
    if not secrets:
        raise PeerRefused("no device is known here yet")
    hints = [shared.hint(binding, nonce) for shared in secrets[:MAX_HINTS]]
    hints += padding
    return say.Hello(VERSION, Limits(), nonce, secrets[0].mode, tuple(hints[:MAX_HINTS]))


def answer_hello(
    hello: say.Hello, secrets: Iterable[Shared], binding: bytes, nonce: bytes
) -> tuple[say.HelloOk, Agreed]:
    """Return the answer to a HELLO, and what is agreed with it.

    Raises:
        PeerRefused: no hint is for us, or the version is none that is spoken here.
    """
    version = min(hello.version, VERSION)
    if version < OLDEST:
        raise PeerRefused("a version that is not spoken here any more")
    places = {hint: place for place, hint in enumerate(hello.hints)}
    for shared in secrets:
        place = places.get(shared.hint(binding, hello.nonce))
        if place is not None and shared.mode is hello.mode:
            answer = say.HelloOk(version, Limits(), nonce, place, b"")
            agreed = Agreed(shared, hello.limits, _transcript(binding, hello, answer))
            return replace(answer, proof=agreed.proof(Role.ANSWERING)), agreed
    raise PeerRefused("nobody we know")


def take_answer(
    hello: say.Hello, answer: say.HelloOk, secrets: Sequence[Shared], binding: bytes
) -> Agreed:
    """Return what is agreed once the other end has answered our HELLO.

    Raises:
        RemoteProtocolError: it proves nothing, or changed what we said.
    """
    if not OLDEST <= answer.version <= hello.version or answer.hint >= len(secrets):
        raise RemoteProtocolError("an answer to something else")
    transcript = _transcript(binding, hello, answer)
    agreed = Agreed(secrets[answer.hint], answer.limits, transcript)
    agreed.check_proof(answer.proof, Role.ANSWERING)
    return agreed


def _transcript(binding: bytes, hello: say.Hello, answer: say.HelloOk) -> bytes:
    limits = [answer.limits.frame, answer.limits.records, answer.limits.blocks]
    unproved = [answer.version, limits, answer.nonce, answer.hint]
    return address(encode_cbor([_TRANSCRIPT, binding, encode(hello), unproved]))
