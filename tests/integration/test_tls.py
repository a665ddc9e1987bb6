"""Real sockets and real TLS, on the loopback."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable

import pytest

from storage.crypto.certificate import make_certificate
from sync import events as told
from sync.errors import PeerUnreachable, PortInUse
from sync.transport.doorway import IN_ALL
from sync.transport.stream import Stream
from sync.transport.tcp import TcpStream, TcpTransport, plain
from tests.integration.devices import SPACE, Dice, over_tls, running
from tests.integration.test_sync_service import equal
from tests.sim.people import friends

HOST = "127.0.0.1"


async def with_server(
    talk: Callable[[Stream], Awaitable[None]], client: Callable[[int], Awaitable[None]]
) -> None:
    """Run a client against a listening transport."""
    listening = await TcpTransport(Dice(1), HOST).listen(0)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(listening.serve(talk))
        try:
            await client(listening.port)
        finally:
            serving.cancel()


async def echo(stream: Stream) -> None:
    """Say back what is heard."""
    while data := await stream.read():
        await stream.write(data)


async def test_both_ends_see_the_same_certificate() -> None:
    """What is proved is bound to it; it says nothing about anybody."""
    bindings: list[bytes] = []

    async def talk(stream: Stream) -> None:
        bindings.append(stream.binding)
        await echo(stream)

    async def client(port: int) -> None:
        stream = await TcpTransport(Dice(2)).dial((HOST, port))
        await stream.write(b"hello")
        assert await stream.read() == b"hello"
        bindings.append(stream.binding)
        await stream.close()
        await stream.close()
        assert await stream.read() == b""
        with pytest.raises(PeerUnreachable):
            await stream.write(b"too late")

    await with_server(talk, client)
    assert bindings[0] == bindings[1] and len(bindings[0]) == 32


async def test_small_frames_leave_at_once_from_both_ends() -> None:
    """The system would hold a small write back until another was acknowledged: 40 ms a time."""
    quick: list[int] = []

    def note(stream: Stream) -> None:
        assert isinstance(stream, TcpStream)
        connection = stream._writer.get_extra_info("socket")  # noqa: SLF001
        quick.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def talk(stream: Stream) -> None:
        note(stream)
        await echo(stream)

    async def client(port: int) -> None:
        stream = await TcpTransport(Dice(2)).dial((HOST, port))
        note(stream)
        await stream.write(b"hello")
        assert await stream.read() == b"hello"
        await stream.close()

    await with_server(talk, client)
    assert len(quick) == 2 and all(quick)


async def test_nothing_older_than_tls_1_3_is_spoken() -> None:
    """And nothing in clear."""

    async def client(port: int) -> None:
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(HOST, port, ssl=old)
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n" + bytes(2000))
        answer = await reader.read()
        assert b"HTTP" not in answer
        writer.close()

    await with_server(echo, client)


async def test_nobody_there_is_said_at_once() -> None:
    """Refused, unknown or nonsense: one error."""
    transport = TcpTransport(Dice(3))
    for address in ((HOST, 1), ("no such host.invalid", 5), (HOST, 70_000), ("", 0)):
        with pytest.raises(PeerUnreachable):
            await transport.dial(address)


async def test_a_port_that_is_taken_is_said() -> None:
    """The person can choose another."""
    first = await TcpTransport(Dice(4), HOST).listen(0)
    port = first.port
    with pytest.raises(PortInUse):
        await TcpTransport(Dice(5), HOST).listen(port)
    serving = asyncio.create_task(first.serve(echo))
    await asyncio.sleep(0)
    serving.cancel()
    await asyncio.wait([serving])
    again = await TcpTransport(Dice(5), HOST).listen(port)
    assert again.port == port
    again.close()


async def test_two_devices_become_equal_over_tls() -> None:
    """All of it together: certificates, greeting, records, content."""
    one, other = over_tls(friends(Dice(6), "a", "b"))
    for number in range(20):
        one.held.commit([bytes([number, n]) * 3000 for n in range(20)])
    async with running(one, other):
        await other.until(lambda: equal(other))
        assert one.held.same(other.held)
        assert one.service.peers()[0].host == HOST
        one.held.commit(words=b"live")
        one.service.announce(SPACE)
        await other.until(lambda: other.held.same(one.held))


async def test_silent_strangers_lock_nobody_out() -> None:
    """Two hundred open connections from the same address, and a friend still comes in."""
    people = friends(Dice(7), "a", "b")
    one, other = over_tls(people, near=False)
    async with running(one, other):
        silent = [
            await asyncio.open_connection(HOST, one.service.port) for _ in range(6 * IN_ALL + 8)
        ]
        began = asyncio.get_running_loop().time()
        await other.service.dial(HOST, one.service.port)
        assert asyncio.get_running_loop().time() - began < 2.0
        await one.event(told.PeerMet)
        for _, writer in silent:
            writer.close()
        await other.until(lambda: equal(other))


async def test_garbage_inside_tls_is_refused_with_words() -> None:
    """The answer says so, and the service goes on."""
    one, _ = over_tls(friends(Dice(8), "a", "b"), near=False)
    async with running(one):
        for junk in (b"\xff" * 100, b"\0\0\0\1\xf6", b"\0\0\0\0"):
            stream = await TcpTransport(Dice(9)).dial(one.address)
            await stream.write(junk)
            heard = b""
            while data := await stream.read():
                heard += data
            assert b"sync.remote-protocol" in heard
            await stream.close()
        assert not one.heard(told.PeerMet)


def test_a_certificate_names_nobody_and_is_another_each_time() -> None:
    """No host, no person, no time of making; its key never lies on disk in clear."""
    one, other = make_certificate(Dice(10)), make_certificate(Dice(11))
    assert one.der != other.der and one.pem != other.pem
    assert b"ENCRYPTED" in one.key_pem and one.password not in one.key_pem
    assert make_certificate(Dice(10)).der == one.der
    assert repr(one).count("=") == 1


def test_addresses_are_shown_as_people_write_them() -> None:
    """A socket for both kinds of address wraps the older ones."""
    assert plain("::ffff:127.0.0.1") == HOST
    assert plain("fe80::1") == "fe80::1"
