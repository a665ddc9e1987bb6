"""The errors of talking to a peer.

AtollError
└── SyncError
    ├── LocalProtocolError     we asked our own side for a step it cannot take: our bug
    ├── RemoteProtocolError    the peer said what the protocol does not allow: drop it, back off
    ├── PeerUnreachable        nobody answered at that address, or at all
    ├── PeerRefused            the peer does not know us, or will not talk
    ├── Declined               the peer does not take something that we have
    ├── PortInUse              another program listens where we wanted to
    ├── NoMulticast            devices nearby cannot be searched for on this network
    └── NoNetwork              this machine is on no network
"""

from __future__ import annotations

from storage.errors import AtollError


class SyncError(AtollError):
    """A conversation with a peer failed."""

    code = "sync"


class LocalProtocolError(SyncError):
    """We asked our own side for a step it cannot take now. Our bug."""

    code = "sync.local-protocol"


class RemoteProtocolError(SyncError):
    """The peer said something that the protocol does not allow. Drop it."""

    code = "sync.remote-protocol"


class PeerUnreachable(SyncError):
    """Nobody answered at that address, or at all."""

    code = "sync.unreachable"


class PeerRefused(SyncError):
    """The peer does not know us, or will not talk to us."""

    code = "sync.refused"


class Declined(SyncError):
    """The peer does not take something that we have. Never raised: it is how a space stands."""

    code = "sync.declined"


class PortInUse(SyncError):
    """Another program listens where we wanted to."""

    code = "sync.port-in-use"


class NoMulticast(SyncError):
    """Devices nearby cannot be searched for: no multicast gets through here."""

    code = "sync.no-multicast"


class NoNetwork(SyncError):
    """This machine is on no network where devices could be searched for."""

    code = "sync.no-network"
