"""The beginning of a conversation: each end proves who it is, and nothing else is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from storage.ports import Entropy
from sync.errors import LocalProtocolError, PeerRefused, RemoteProtocolError
from sync.ports import Card, Known
from sync.protocol import messages as say
from sync.protocol.bounds import MAX_HINTS
from sync.protocol.desk import Desk
from sync.protocol.events import Met
from sync.protocol.exchange import Exchange
from sync.protocol.hello import Agreed, Role, Shared, answer_hello, hello_for, take_answer
from sync.protocol.messages import Message
from sync.protocol.wire import HINT_SIZE, NONCE_SIZE

HINT_PAD = 8
"""Hints are padded to a multiple of this."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a session is born with."""

    role: Role
    binding: bytes
    """32 bytes: the hash of the certificate that the answering end shows."""
    known: Known
    secrets: tuple[Shared, ...]
    """What to greet with, or (answering) to recognise a greeting by."""
    spaces: Callable[[Shared], Mapping[bytes, bytes]]
    """Which spaces (public key to meeting key) to name to whoever shares that secret."""
    entropy: Entropy


class _Await(Enum):
    """What must come next."""

    HELLO = auto()
    HELLO_OK = auto()
    PROOF = auto()
    CARD = auto()
    NOTHING = auto()


class Greeting:
    """One end of it. `hear` takes each message in its turn, and no other."""

    def __init__(self, setting: Setting, desk: Desk) -> None:
        self.peer: Card | None = None
        """Who is there, once that is proved."""
        self.proved = False
        """The other end has the secret that it said."""
        self._setting = setting
        self._desk = desk
        self._agreed: Agreed | None = None
        self._exchange: Exchange | None = None
        self._hello: say.Hello | None = None
        if setting.role is Role.ANSWERING:
            self._await = _Await.HELLO
            return
        self._await = _Await.HELLO_OK
        padding = [setting.entropy.take(HINT_SIZE) for _ in range(-len(setting.secrets) % HINT_PAD)]
        nonce = setting.entropy.take(NONCE_SIZE)
        self._hello = hello_for(setting.secrets, setting.binding, nonce, padding)
        desk.say(self._hello)

    @property
    def done(self) -> bool:
        """Both know who is there."""
        return self._await is _Await.NOTHING

    @property
    def exchange(self) -> Exchange:
        """The lines of the session: there from the moment that both agreed."""
        if self._exchange is None:
            raise LocalProtocolError("no space is shared before it is known who is there")
        return self._exchange

    @property
    def agreed(self) -> Agreed:
        """What both know."""
        if self._agreed is None:
            raise LocalProtocolError("nothing is agreed on yet")
        return self._agreed

    def hear(self, message: Message) -> None:
        """Take the next message.

        Raises:
            RemoteProtocolError: it is not its turn, or proves nothing.
            PeerRefused: it is nobody we know, or it does not know us.
        """
        match self._await, message:
            case (_, say.Error(_, code)):
                raise PeerRefused(f"the other end says {code}")
            case (_Await.HELLO, say.Hello()):
                self._answer(message)
            case (_Await.HELLO_OK, say.HelloOk()):
                self._prove(message)
            case (_Await.PROOF, say.Proof(proof)):
                self.agreed.check_proof(proof, Role.DIALLING)
                self.proved = True
                self._await = _Await.CARD
            case (_Await.CARD, say.Card()):
                self._meet(message)
            case _:
                raise RemoteProtocolError("a message before its turn")

    def _answer(self, hello: say.Hello) -> None:
        setting = self._setting
        nonce = setting.entropy.take(NONCE_SIZE)
        answer, agreed = answer_hello(hello, setting.secrets, setting.binding, nonce)
        self._desk.say(answer)
        self._introduce(agreed)
        self._await = _Await.PROOF

    def _prove(self, answer: say.HelloOk) -> None:
        setting = self._setting
        if self._hello is None:
            raise LocalProtocolError("an answer without a greeting")
        agreed = take_answer(self._hello, answer, setting.secrets[:MAX_HINTS], setting.binding)
        self.proved = True
        self._desk.say(say.Proof(agreed.proof(Role.DIALLING)))
        self._introduce(agreed)
        self._await = _Await.CARD

    def _introduce(self, agreed: Agreed) -> None:
        """Show our card, and name the spaces that this one may have in common with us."""
        setting = self._setting
        self._agreed = agreed
        self._desk.meet(agreed.limits)
        card = setting.known.card()
        signature = setting.known.sign(agreed.to_sign(card, setting.role))
        self._desk.say(say.Card(card.did, card.agreement_public, card.name, signature))
        self._exchange = Exchange(self._desk, setting.role, agreed, setting.entropy)
        self._exchange.offer(setting.spaces(agreed.shared))

    def _meet(self, shown: say.Card) -> None:
        card = self.agreed.check_card(shown, self._setting.role.other)
        if card.did == self._setting.known.card().did:
            raise RemoteProtocolError("this device itself")
        invite = self.agreed.shared.invite
        self.peer = card
        self._await = _Await.NOTHING
        self._desk.tell(Met(card, None if invite is None else invite.id))
