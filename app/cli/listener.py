"""The owner's side of the control socket: answers terminals of the same user."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path

from app.cli.control import (
    BEAT,
    HEAD,
    Answer,
    Json,
    pack,
    peer_uid,
    pieces_of,
    progress_message,
    size_of,
    unpack,
)
from app.complaints import say
from app.loose import mapping_in, text_in
from app.progress import Progress, Report, Stopped
from storage.errors import AtollError, DecodeError

Work = Callable[[str, Json, Report], Coroutine[object, object, Answer]]
"""Does a command: its name, what was typed, whom to tell."""
BACKLOG = 128
"""Terminals that may knock while the app is busy; one too many hears that nobody is there."""
SOON = 4
"""Turns of the loop in which a terminal that was let in already becomes a conversation."""


def bind(address: Path) -> socket.socket:
    """Return a listening socket that only this user can reach.

    Terminals may connect at once and are answered when `Listener` runs. Whoever calls holds
    the lock of the data folder, so what lies there is left over from a process that died.
    """
    address.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(address))
    finally:
        os.umask(before)
    listening.listen(BACKLOG)
    return listening


class Listener:
    """Answers terminals until closed."""

    def __init__(self, listening: socket.socket, work: Work) -> None:
        self._listening = listening
        self._work = work
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to answer."""
        self._server = await asyncio.start_unix_server(
            self._begin, sock=self._listening, backlog=BACKLOG
        )

    async def close(self) -> None:
        """Take no more terminals, and stop what they asked for."""
        if self._server is not None:
            # a server that is closed drops, unclosed, what it let in and has not met yet
            asyncio.get_running_loop().remove_reader(self._listening)
            for _ in range(SOON):
                await asyncio.sleep(0)
            self._server.close()
        for talk in self._talks:
            talk.cancel()
        if self._talks:
            await asyncio.wait(self._talks)
        await asyncio.sleep(0)  # in which their sockets are closed
        self._listening.close()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.ensure_future(self._meet(reader, writer))
        self._talks.add(talk)

        def over(talk: asyncio.Task[None]) -> None:
            self._talks.discard(talk)
            writer.close()  # here, for what is cancelled before its first step does nothing itself

        talk.add_done_callback(over)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._talk(reader, writer)
        except asyncio.CancelledError:
            pass  # the app ends; so does this conversation, without a trace in the log
        except (ConnectionError, asyncio.IncompleteReadError, DecodeError):
            pass  # the terminal went away, or speaks something else: nothing to tell it

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection: socket.socket = writer.get_extra_info("socket")
        if peer_uid(connection) != os.getuid():
            return
        message = await _receive(reader)
        command, params = text_in(message.get("command")), mapping_in(message.get("params"))
        work = self._work(command, params, _speaker(writer))
        try:
            answer = await _unless_cancelled(work, reader, lambda: _beat(writer))
        except AtollError as error:
            words = say(error)
            writer.write(_error(error.code, words.sentence, words.hint))
        else:
            for message in pieces_of(answer.body):
                writer.write(pack(message))
                await writer.drain()
            writer.write(pack({"result": answer.value}))
        await writer.drain()


def _speaker(writer: asyncio.StreamWriter) -> Report:
    def report(progress: Progress) -> None:
        if not writer.is_closing():
            writer.write(pack(progress_message(progress)))

    return report


def _beat(writer: asyncio.StreamWriter) -> None:
    if not writer.is_closing():
        writer.write(pack({"heard": True}))


async def _unless_cancelled(
    work: Coroutine[object, object, Answer],
    reader: asyncio.StreamReader,
    beat: Callable[[], None],
) -> Answer:
    """Do work, tell that it goes on, and stop it when the terminal says so or hangs up."""
    doing = asyncio.ensure_future(work)
    listening = asyncio.ensure_future(_receive(reader))
    try:
        while not (doing.done() or listening.done()):
            both = {doing, listening}
            await asyncio.wait(both, timeout=BEAT, return_when=asyncio.FIRST_COMPLETED)
            beat()
        if not doing.done():
            doing.cancel()
            await asyncio.wait({doing})
        if doing.cancelled():
            raise Stopped("the person asked to stop")
        return doing.result()
    finally:
        doing.cancel()
        listening.cancel()
        await asyncio.gather(doing, listening, return_exceptions=True)


async def _receive(reader: asyncio.StreamReader) -> Json:
    return unpack(await reader.readexactly(size_of(await reader.readexactly(HEAD.size))))


def _error(code: str, sentence: str, hint: str) -> bytes:
    return pack({"error": {"code": code, "sentence": sentence, "hint": hint}})
