"""The ports of a transport: a stream of bytes both ways, and how to get one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

Address = tuple[str, int]
"""A host and a port."""


class Stream(Protocol):
    """Bytes both ways, in order, hidden from others. Whose they are is proved inside."""

    @property
    def binding(self) -> bytes:
        """32 bytes: the hash of the certificate that the answering end showed."""
        ...

    @property
    def remote(self) -> Address:
        """Where the other end is, as seen from here."""
        ...

    async def read(self) -> bytes:
        """Return some bytes; b"" once the stream has ended or is broken."""
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes; return when there is room for more.

        Raises:
            PeerUnreachable: the stream is broken.
        """
        ...

    def known(self) -> None:
        """Note that the peer proved who it is: it takes no stranger's place any more."""
        ...

    async def close(self) -> None:
        """End it. Closing twice does nothing."""
        ...


Talk = Callable[[Stream], Awaitable[None]]
"""What is done with a stream that came in. It is closed when this returns."""


class Listening(Protocol):
    """A place where others reach us."""

    @property
    def port(self) -> int:
        """The port that was chosen."""
        ...

    async def serve(self, talk: Talk) -> None:
        """Talk with everyone who comes, until cancelled; then close."""
        ...

    def close(self) -> None:
        """Let nobody in any more. Closing twice does nothing."""
        ...


class Transport(Protocol):
    """Carries streams."""

    async def listen(self, port: int) -> Listening:
        """Let others come in; 0 lets the system choose a port.

        Raises:
            PortInUse: another program listens there.
        """
        ...

    async def dial(self, address: Address) -> Stream:
        """Reach a device.

        Raises:
            PeerUnreachable: nobody answered there in time.
        """
        ...
