"""TCP with TLS 1.3 on asyncio. The certificate lives as long as the program and names nobody."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import tempfile
from collections.abc import Callable
from pathlib import Path

from storage.crypto.certificate import Certificate, make_certificate
from storage.crypto.sealed import address as hash_of
from storage.ports import Entropy
from sync.errors import PeerUnreachable, PortInUse
from sync.transport.doorway import Doorway, Visitor
from sync.transport.stream import Address, Talk

READ_SIZE = 128 * 1024
WRITE_AHEAD = 64 * 1024
"""Bytes that may wait in our own buffer: what goes first can change only before it."""
HANDSHAKE_PATIENCE = 5.0
DIAL_PATIENCE = 5.0
CLOSE_PATIENCE = 1.0
_BACKLOG = 128
_MAPPED = "::ffff:"
_BREATH = 0.1


class TcpStream:
    """One TLS connection."""

    def __init__(
        self,
        ends: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        binding: bytes,
        remote: Address,
        leave_doorway: Callable[[], None],
    ) -> None:
        self._reader, self._writer = ends
        self._binding = binding
        self._remote = remote
        self._leave_doorway = leave_doorway
        self._closed = False
        self._writer.transport.set_write_buffer_limits(high=WRITE_AHEAD)

    @property
    def binding(self) -> bytes:
        """The hash of the certificate that the answering end showed."""
        return self._binding

    @property
    def remote(self) -> Address:
        """Where the other end is."""
        return self._remote

    async def read(self) -> bytes:
        """Return some bytes; b"" at the end."""
        try:
            return await self._reader.read(READ_SIZE)
        except (OSError, ssl.SSLError):
            return b""

    async def write(self, data: bytes) -> None:
        """Send bytes; return when there is room for more."""
        if self._writer.is_closing():
            raise PeerUnreachable("the connection is closed")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (OSError, ssl.SSLError) as error:
            raise PeerUnreachable("the connection broke") from error

    def known(self) -> None:
        """Take no stranger's place any more."""
        self._leave_doorway()

    async def close(self) -> None:
        """End it: politely for a moment, then at once."""
        self._leave_doorway()
        if self._closed:
            return  # a second close would break the TLS layer of asyncio
        self._closed = True
        self._writer.close()
        try:
            async with asyncio.timeout(CLOSE_PATIENCE):
                await self._writer.wait_closed()
        except (OSError, ssl.SSLError, TimeoutError):
            self._writer.transport.abort()


class TcpListening:
    """A listening socket, and the strangers at its door."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext, binding: bytes) -> None:
        self._listener = listener
        self._context = context
        self._binding = binding
        self._doorway = Doorway()
        self._visits: dict[Visitor, asyncio.Task[None]] = {}

    @property
    def port(self) -> int:
        """The port that was chosen."""
        return int(self._listener.getsockname()[1])

    async def serve(self, talk: Talk) -> None:
        """Talk with everyone who comes, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as visits:
                while True:
                    try:
                        connection, remote = await loop.sock_accept(self._listener)
                    except OSError:  # gone again, or no more files: others may go meanwhile
                        await asyncio.sleep(_BREATH)
                        continue
                    self._let_in(connection, (plain(remote[0]), int(remote[1])), talk, visits)
        finally:
            self.close()

    def close(self) -> None:
        """Let nobody in any more."""
        self._listener.close()

    def _let_in(
        self, connection: socket.socket, remote: Address, talk: Talk, visits: asyncio.TaskGroup
    ) -> None:
        visitor, must_go = self._doorway.enter(remote[0])
        for other in must_go:
            if (task := self._visits.pop(other, None)) is not None:
                task.cancel()
        task = visits.create_task(self._visit(connection, visitor, remote, talk))
        self._visits[visitor] = task
        task.add_done_callback(lambda _: self._leave(visitor))

    def _leave(self, visitor: Visitor) -> None:
        self._doorway.leave(visitor)
        self._visits.pop(visitor, None)

    async def _visit(
        self, connection: socket.socket, visitor: Visitor, remote: Address, talk: Talk
    ) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(READ_SIZE, loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        try:
            send_at_once(connection)
            async with asyncio.timeout(HANDSHAKE_PATIENCE):
                transport, _ = await loop.connect_accepted_socket(
                    lambda: protocol, connection, ssl=self._context
                )
        except (OSError, ssl.SSLError, TimeoutError):
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        stream = TcpStream((reader, writer), self._binding, remote, lambda: self._leave(visitor))
        try:
            await talk(stream)
        finally:
            await stream.close()


class TcpTransport:
    """Reaches others by address, and lets them reach us."""

    def __init__(self, entropy: Entropy, host: str = "") -> None:
        """Begin with a new certificate. `host` limits where to listen; empty: everywhere."""
        certificate = make_certificate(entropy)
        self._host = host
        self._binding = hash_of(certificate.der)
        self._answering = _answering_context(certificate)
        self._dialling = _dialling_context()

    async def listen(self, port: int) -> TcpListening:
        """Let others come in."""
        try:
            listener = _listener(self._host, port)
        except OSError as error:
            raise PortInUse(f"port {port} cannot be listened on") from error
        listener.setblocking(False)
        return TcpListening(listener, self._answering, self._binding)

    async def dial(self, address: Address) -> TcpStream:
        """Reach a device."""
        host, port = address
        try:
            async with asyncio.timeout(DIAL_PATIENCE):
                reader, writer = await asyncio.open_connection(
                    host, port, ssl=self._dialling, server_hostname="", limit=READ_SIZE
                )
        except (OSError, ssl.SSLError, TimeoutError, ValueError, OverflowError) as error:
            raise PeerUnreachable(f"nobody answers at {host}:{port}") from error
        send_at_once(writer.get_extra_info("socket"))
        shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return TcpStream((reader, writer), hash_of(shown), (host, port), _nothing)


def send_at_once(connection: socket.socket) -> None:
    """Let small frames leave at once: the system would hold one back for 40 ms at times.

    asyncio does so only for sockets that name their protocol, which accepted ones do not.
    """
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def plain(host: str) -> str:
    """Return an IPv4 address that came in by an IPv6 socket as people write it."""
    return host.removeprefix(_MAPPED)


def _nothing() -> None:
    """Leave no doorway: who dials stands in none."""


def _listener(host: str, port: int) -> socket.socket:
    if host:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    if socket.has_dualstack_ipv6():
        with contextlib.suppress(OSError):
            return socket.create_server(
                ("", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True
            )
    return socket.create_server(("", port), backlog=_BACKLOG)


def _answering_context(certificate: Certificate) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.num_tickets = 0
    # ssl takes them from files only: for a moment, in a folder of our own, the key sealed
    with tempfile.TemporaryDirectory(prefix="atoll-") as folder:
        shown, key = Path(folder) / "shown.pem", Path(folder) / "key.pem"
        shown.write_bytes(certificate.pem)
        key.write_bytes(certificate.key_pem)
        context.load_cert_chain(shown, key, certificate.password)
    return context


def _dialling_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # who is there is proved inside, over the hash of what is shown: see sync.protocol.hello
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
