"""Who may do what in a space, and who can read it: tokens, epochs, invitations, keys.

All of it is kept as things in the packs, so a lost index finds it again. What only this
device may know (the epochs' secrets, the meeting key, a space key made here) lies there too,
sealed to this device, as the one kind that is never sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blake3 import blake3

from storage.access.chain import Signatures, verify
from storage.access.epoch import EpochKeys, build_epoch, parse_epoch, verify_epoch
from storage.access.grants import agreement_of, best_grant, role_grant, root_grant
from storage.access.invitation import (
    Invitation,
    build_invitation,
    join_grant,
    parse_invitation,
    verify_invitation,
)
from storage.access.invite import InviteSecret
from storage.access.roles import Role
from storage.access.token import Delegation, parse_delegation
from storage.blocks.store import BlockStore, Kind, Thing
from storage.codec.dagcbor import decode, encode
from storage.codec.shape import items_of
from storage.crypto.primitives import SigningKey, aead_open, aead_seal, hkdf
from storage.errors import (
    AccessError,
    AccessExpired,
    BadToken,
    BlockNotFound,
    CorruptBlock,
    DecodeError,
    NotAllowed,
    NotFound,
)
from storage.facts.change import EntryId
from storage.identity.device import DeviceKeys
from storage.identity.did import did_of, public_of
from storage.index.sql import Connection
from storage.ports import Clock, Entropy
from storage.records.record import Record

GRACE = 30 * 24 * 3600
"""Seconds after a right's end in which records made before it may still come in (04 §6.4)."""
MAX_TOKENS = 20_000
_KEYRING = b"keyring"
_SALT_SIZE = 16


@dataclass(frozen=True, slots=True)
class Member:
    """A device that may use the space."""

    did: str
    agreement_public: bytes | None
    role: Role
    until: int | None


@dataclass(frozen=True, slots=True)
class Invited:
    """An invite just made: its secret goes into the code, the things to whoever redeems it."""

    secret: InviteSecret
    role: Role
    until: int | None


class Members:
    """Judges rights, holds keys. The caller begins and commits transactions."""

    def __init__(
        self, space: bytes, device: DeviceKeys, connection: Connection, blocks: BlockStore
    ) -> None:
        self._space = space
        self._did = did_of(space)
        self._device = device
        self._connection = connection
        self._blocks = blocks
        self._signatures = Signatures()
        self._delegations: dict[bytes, Delegation] = {}
        self._invitations: dict[bytes, Invitation] = {}
        self._secrets: dict[int, bytes] = {}
        self._wrapped: set[tuple[int, bytes]] = set()
        self._digests: dict[bytes, Kind] = {}
        self._damaged: set[bytes] = set()
        """What cannot be read here any more; a peer may bring it again."""
        self.meeting_key = b""
        self.space_seed = b""
        self._load()

    # ------------------------------------------------------------ what is held

    @property
    def auth(self) -> bytes:
        """A digest of all tokens, epochs and invitations held: equal sets, equal bytes."""
        return blake3(b"".join(sorted(self._shared()))).digest()

    def things(self) -> list[Thing]:
        """Return them, each after what it builds on."""
        return [Thing(self._digests[digest], self._blocks.get(digest)) for digest in self._shared()]

    def _shared(self) -> list[bytes]:
        return [digest for digest, kind in self._digests.items() if kind != Kind.KEYRING]

    @property
    def delegations(self) -> Mapping[bytes, Delegation]:
        """What is held, by CID."""
        return self._delegations

    @property
    def has_keys(self) -> bool:
        """Whether this device can read the space."""
        return bool(self._secrets)

    def current_epoch(self) -> tuple[int, bytes]:
        """Return the number and secret of the epoch that is written in.

        Raises:
            NotAllowed: this device holds no key.
        """
        if not self._secrets:
            raise NotAllowed("this device holds no key for the space")
        number = max(self._secrets)
        return number, self._secrets[number]

    def secrets(self) -> tuple[bytes, ...]:
        """Return the secrets of all epochs that this device can read, the present one first."""
        return tuple(self._secrets[number] for number in sorted(self._secrets, reverse=True))

    def secret(self, epoch: int) -> bytes | None:
        """Return an epoch's secret, if this device holds it."""
        return self._secrets.get(epoch)

    # ------------------------------------------------------------ rights

    def has_proofs(self, record: Record) -> bool:
        """Say whether all delegations that a record names are here."""
        return all(proof in self._delegations for proof in record.invocation.proofs)

    def may_write(self, record: Record, now: float, *, late: int = 0) -> None:
        """Judge a record as of the moment its writer says it was made.

        Args:
            record: who wrote, when, with which right.
            now: when it came.
            late: seconds after the right's end that are borne with: of what was judged before.

        Raises:
            BadToken, AccessExpired, NotAllowed: it may not be here.
        """
        if record.invocation.subject != self._did:
            raise BadToken("a record for another space")
        authority = verify(
            record.invocation,
            self._delegations,
            record.at,
            signatures=self._signatures,
            late=late,
        )
        if authority.until is not None and now > authority.until + GRACE:
            raise AccessExpired("this right ended too long ago", authority.until)

    def role_of(self, did: str, now: float) -> Member | None:
        """Return what a device may do now."""
        grant = best_grant(self._did, did, self._delegations, now, signatures=self._signatures)
        if grant is None or grant.expired:
            return None
        return Member(did, self._agreement(did), grant.role, grant.until)

    def knows(self, did: str) -> bool:
        """Say whether a device was ever given anything here."""
        return any(link.audience == did for link in self._delegations.values())

    def ended(self, did: str, now: float) -> int | None:
        """Return when a device's right ended, if it did."""
        grant = best_grant(self._did, did, self._delegations, now, signatures=self._signatures)
        return grant.until if grant is not None and grant.expired else None

    def proofs_to(self, role: Role, now: float) -> tuple[bytes, ...]:
        """Return this device's chain for doing something.

        Raises:
            AccessExpired: it could until a moment that has passed.
            NotAllowed: its role does not reach that far.
        """
        did = self._device.did
        grant = best_grant(self._did, did, self._delegations, now, signatures=self._signatures)
        if grant is None:
            raise NotAllowed("this device has no access here")
        if grant.expired:
            assert grant.until is not None
            raise AccessExpired("the access of this device has ended", grant.until)
        if grant.role < role:
            raise NotAllowed(f"this device may {grant.role.name.lower()} only")
        return grant.proofs

    def all(self, now: float) -> tuple[Member, ...]:
        """Return every device that may use the space now. Invites are no devices."""
        found: dict[str, Member] = {}
        for delegation in self._delegations.values():
            did = delegation.audience
            if did not in found and agreement_of(delegation) is not None:
                member = self.role_of(did, now)
                if member is not None:
                    found[did] = member
        return tuple(found.values())

    def _agreement(self, did: str) -> bytes | None:
        for delegation in self._delegations.values():
            if delegation.audience == did and (key := agreement_of(delegation)) is not None:
                return key
        return None

    # ------------------------------------------------------------ making

    def found(self, seed: bytes, entropy: Entropy, at: int) -> None:
        """Begin a space: the root delegation to this device, the first epoch, its keys."""
        device = self._device
        self.space_seed = seed
        root = root_grant(SigningKey(seed), device.signing.public, device.agreement_public, entropy)
        self.take(Thing(Kind.TOKEN, root.data))
        self._secrets[1] = entropy.take(32)
        self.meeting_key = entropy.take(32)
        self.keep_keys(entropy)
        self.wrap_to({device.agreement_public}, at)

    def invite(self, role: Role, until: int | None, entropy: Entropy, now: float) -> Invited:
        """Give a role to a new invite: a delegation, a wrap of the keys, an invitation.

        Raises:
            NotAllowed, AccessExpired: this device may not invite.
        """
        proofs = self.proofs_to(Role.MANAGE, now)
        ends = [end for end in (until, self._until(now)) if end is not None]
        until = min(ends, default=None)  # nobody gives what he has not got
        secret = InviteSecret(entropy.take(16))
        key = self._device.signing
        given = role_grant(
            key,
            audience=secret.signing.public,
            space=self._space,
            role=role,
            until=until,
            entropy=entropy,
        )
        self.take(Thing(Kind.TOKEN, given.data))
        self.wrap_to({secret.agreement.public}, int(now))
        invitation = build_invitation(
            key,
            secret,
            space=self._space,
            role=role,
            until=until,
            meeting_key=self.meeting_key,
            proofs=(*proofs, given.cid),
        )
        self.take(Thing(Kind.INVITE, invitation.data))
        return Invited(secret, role, until)

    def _until(self, now: float) -> int | None:
        mine = self.role_of(self._device.did, now)
        return None if mine is None else mine.until

    def wrap_to(self, recipients: set[bytes], at: int) -> None:
        """Wrap the present epoch's keys to those X25519 keys, and keep that as a thing."""
        number, secret = self.current_epoch()
        missing = {key for key in recipients if not self._has_wrap(number, key)}
        if not missing:
            return
        epoch = build_epoch(
            self._device.signing,
            space=self._space,
            number=number,
            at=at,
            recipients=missing,
            keys=EpochKeys(secret, self.meeting_key),
            proofs=self.proofs_to(Role.EDIT, at),
        )
        self.take(Thing(Kind.EPOCH, epoch.data))

    def lacking_wraps(self, now: float) -> set[bytes]:
        """Return the keys of members without a wrap of the epoch, if this device may make one."""
        mine = self.role_of(self._device.did, now)
        if mine is None or mine.role < Role.MANAGE:
            return set()
        number, _ = self.current_epoch()
        keys = {member.agreement_public for member in self.all(now)}
        return {key for key in keys if key is not None and not self._has_wrap(number, key)}

    def wrap_to_members(self, clock: Clock) -> bool:
        """Wrap to members who have no wrap yet; say whether something was made."""
        now = clock.now()
        lacking = self.lacking_wraps(now)
        self.wrap_to(lacking, int(now))
        return bool(lacking)

    def check_invite(self, invite_id: bytes, now: float) -> Invitation:
        """Return an invitation that is good now.

        Raises:
            NotFound: there is none.
            BadToken, AccessExpired, NotAllowed: it is not good any more.
        """
        invitation = self._invitations.get(invite_id)
        if invitation is None:
            raise NotFound("no such invite")
        verify_invitation(invitation, self._delegations, now, signatures=self._signatures)
        return invitation

    def redeem(self, secret: InviteSecret, entropy: Entropy) -> None:
        """Turn what was handed over for an invite into this device's own access.

        Raises:
            BadToken: the invitation is not among the things, or they do not fit.
            NotAllowed: the keys were not wrapped to this invite.
        """
        invitation = self._invitations.get(secret.id)
        if invitation is None:
            raise BadToken("the invitation is not here")
        device = self._device
        self.meeting_key = invitation.meeting_key(secret)
        joined = join_grant(
            secret, invitation, device.signing.public, device.agreement_public, entropy
        )
        self.take(Thing(Kind.TOKEN, joined.data))
        for digest, kind in list(self._digests.items()):
            if kind == Kind.EPOCH:
                epoch = parse_epoch(self._blocks.get(digest))
                if epoch.is_for(secret.agreement.public):
                    self._secrets[epoch.number] = epoch.unwrap(secret.agreement).secret
        self.current_epoch()
        self.keep_keys(entropy)

    def keep_keys(self, entropy: Entropy) -> None:
        """Keep this device's secrets of the space, sealed to this device."""
        salt = entropy.take(_SALT_SIZE)
        body = [[n, key] for n, key in sorted(self._secrets.items())]
        plain = encode([1, body, self.meeting_key, self.space_seed])
        sealed = aead_seal(self._keyring_key(salt), plain, _KEYRING)
        self._keep(Thing(Kind.KEYRING, encode([1, salt, sealed])))

    # ------------------------------------------------------------ taking in

    def take(self, thing: Thing) -> bool:
        """Judge and keep a token, epoch or invitation; say whether it was new.

        Raises:
            BadToken, NotAllowed, AccessExpired: it does not hold.
        """
        if thing.digest in self._digests:
            return False
        if len(self._digests) >= MAX_TOKENS:
            raise NotAllowed("more tokens than a space may have")
        match thing.kind:
            case Kind.TOKEN:
                self._take_delegation(thing)
            case Kind.EPOCH:
                self._take_epoch(thing)
            case Kind.INVITE:
                self._take_invitation(thing)
            case _:
                raise BadToken("a thing of this kind is not taken")
        self._keep(thing)
        return True

    def _take_delegation(self, thing: Thing) -> None:
        delegation = parse_delegation(thing.data)
        if delegation.subject != self._did or delegation.policy:
            raise BadToken("a delegation for another space")
        agreement_of(delegation)
        if not self._signatures.good(delegation):
            raise BadToken("a delegation that its issuer did not sign")
        held = best_grant(
            self._did, delegation.issuer, self._delegations, 0, signatures=self._signatures
        )
        if held is None and delegation.issuer != self._did:
            raise BadToken("a delegation by someone who was given nothing")
        self._delegations[delegation.cid] = delegation

    def _take_epoch(self, thing: Thing) -> None:
        epoch = parse_epoch(thing.data)
        if epoch.space != self._space:
            raise BadToken("an epoch of another space")
        verify_epoch(epoch, self._delegations, epoch.at, signatures=self._signatures)
        self._learn(thing)

    def _learn(self, thing: Thing) -> None:
        epoch = parse_epoch(thing.data)
        self._wrapped |= {(epoch.number, hint) for hint, _ in epoch.wraps}
        if epoch.is_for(self._device.agreement_public) and epoch.number not in self._secrets:
            keys = epoch.unwrap(self._device.agreement)
            self._secrets[epoch.number] = keys.secret
            self.meeting_key = self.meeting_key or keys.meeting or b""

    def _has_wrap(self, number: int, key: bytes) -> bool:
        return (number, blake3(key).digest()[:8]) in self._wrapped

    def _take_invitation(self, thing: Thing) -> None:
        """Keep an invitation that was good; whether it still is is asked when somebody comes."""
        invitation = parse_invitation(thing.data)
        if invitation.space != self._space:
            raise BadToken("an invitation to another space")
        moment = float(invitation.until or 0)
        verify_invitation(invitation, self._delegations, moment, signatures=self._signatures)
        self._invitations[invitation.id] = invitation

    def _keep(self, thing: Thing) -> None:
        if thing.digest in self._damaged:
            self._damaged.discard(thing.digest)
            self._blocks.forget(thing.digest)
        self._blocks.add(thing)
        self._digests[thing.digest] = thing.kind
        self._connection.execute(
            "INSERT OR IGNORE INTO auth(digest, kind) VALUES (?, ?)", (thing.digest, thing.kind)
        )

    # ------------------------------------------------------------ reading back

    def _load(self) -> None:
        rows = self._connection.execute("SELECT digest, kind FROM auth ORDER BY pos").fetchall()
        for row in rows:
            digest, kind = bytes(row[0]), Kind(row[1])
            try:
                self._recall(Thing(kind, self._blocks.get(digest)))
            except (BlockNotFound, CorruptBlock, DecodeError, AccessError):
                self._damaged.add(digest)  # what is left may still be enough
            else:
                self._digests[digest] = kind

    def recover(self, thing: Thing) -> None:
        """Take back a thing found in a pack, that was judged when it came."""
        if thing.digest not in self._digests:
            self._recall(thing)
            self._keep(thing)

    def _recall(self, thing: Thing) -> None:
        match thing.kind:
            case Kind.TOKEN:
                delegation = parse_delegation(thing.data)
                self._delegations[delegation.cid] = delegation
            case Kind.EPOCH:
                self._learn(thing)
            case Kind.INVITE:
                invitation = parse_invitation(thing.data)
                self._invitations[invitation.id] = invitation
            case _:
                self._open_keyring(thing.data)

    def _open_keyring(self, data: bytes) -> None:
        match items_of(decode(data)):
            case [1, bytes() as salt, bytes() as sealed]:
                plain = decode(aead_open(self._keyring_key(salt), sealed, _KEYRING))
            case _:
                raise DecodeError("a keyring that is malformed")
        match items_of(plain):
            case [1, body, bytes() as meeting, bytes() as seed]:
                for pair in items_of(body):
                    match items_of(pair):
                        case [int() as number, bytes() as secret]:
                            self._secrets[number] = secret
                        case _:
                            raise DecodeError("a keyring that is malformed")
                self.meeting_key, self.space_seed = meeting, seed
            case _:
                raise DecodeError("a keyring that is malformed")

    def _keyring_key(self, salt: bytes) -> bytes:
        return hkdf(self._device.derive(f"keyring/{self._space.hex()}"), _KEYRING, salt=salt)


def card_entry(did: str) -> EntryId:
    """Return the id of the entry that holds a device's card: its name for the other members."""
    return EntryId(blake3(b"atoll/card/1" + public_of(did)).digest()[:16])


def space_of(seed: bytes) -> bytes:
    """Return the public key of the space that a seed makes."""
    return SigningKey(seed).public
