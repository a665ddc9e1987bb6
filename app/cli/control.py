"""The terminal's side of the control socket, and the messages both sides speak.

A message is a 32-bit big-endian length and that much JSON. The terminal sends one request
{command, params}; the owner answers with any number of {heard}, {progress} and {bytes}, and
one {result} or {error: {code, sentence, hint}}, and is never silent for long. The terminal may
send {cancel} in between; closing the connection means the same. Both sides check that the other
is the same user.

Blocking, and light to import: nothing here may load the event loop.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.complaints import process_words
from app.errors import NotAnswering, NotRunning, Refused
from app.loose import list_in, mapping_in, number_in, text_in
from app.progress import Progress, Report, silent
from storage.errors import AtollError, DecodeError

MAX_MESSAGE = 256 << 20
"""A generous bound; both ends are the same person."""
PIECE = 1 << 20
HEAD = struct.Struct(">I")
CONNECT_SECONDS = 2.0
LISTEN = 1.0
BEAT = 2.0
"""The owner says so often that it is at work, so that silence means something."""
SAY_AFTER = 3.0
PATIENCE = 10.0
"""Seconds of silence after which the owner is not waited for."""
NO_ANSWER = "Atoll is running here but does not answer"
LOCAL_PEERCRED = 1
"""macOS's name for SO_PEERCRED; `socket` does not know it."""

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found: a value for programs, and bytes when it is about content."""

    value: object = None
    body: bytes = field(default=b"", repr=False)


def pack(message: Json) -> bytes:
    """Return a message as it travels."""
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    return HEAD.pack(len(body)) + body


def unpack(body: bytes) -> Json:
    """Return the message in a body.

    Raises:
        DecodeError: no JSON object.
    """
    try:
        message = json.loads(body.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise DecodeError("a message that is no JSON") from error
    found = mapping_in(message)
    if not found:
        raise DecodeError("a message that is no object, or an empty one")
    return found


def size_of(head: bytes) -> int:
    """Return the length that a head announces.

    Raises:
        DecodeError: more than a message may have.
    """
    (size,) = HEAD.unpack(head)
    if size > MAX_MESSAGE:
        raise DecodeError("a message that is too long")
    return int(size)


def progress_message(progress: Progress) -> Json:
    """Return the message for a step of progress."""
    return {
        "progress": [
            progress.task,
            progress.item,
            progress.done,
            progress.total,
            progress.done_bytes,
            progress.total_bytes,
        ]
    }


def peer_uid(connection: socket.socket) -> int:
    """Return which user is at the other end, as the kernel knows it."""
    linux_name: int | None = getattr(socket, "SO_PEERCRED", None)
    if linux_name is not None:
        credentials = connection.getsockopt(socket.SOL_SOCKET, linux_name, 12)
        return int(struct.unpack("iII", credentials)[1])
    return int(struct.unpack_from("II", connection.getsockopt(0, LOCAL_PEERCRED, 76))[1])


def peer_process(connection: socket.socket) -> int:
    """Return which process listens at the other end, 0 where the system does not say."""
    linux_name: int | None = getattr(socket, "SO_PEERCRED", None)
    if linux_name is None:
        return 0
    credentials = connection.getsockopt(socket.SOL_SOCKET, linux_name, 12)
    return int(struct.unpack("iII", credentials)[0])


class Connection:
    """A conversation with the owner of the data folder."""

    def __init__(self, address: Path) -> None:
        """Connect.

        Raises:
            NotRunning: nobody of this user listens there.
        """
        self._report: Report = silent
        self._said = False
        self._process = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(CONNECT_SECONDS)
            self._socket.connect(str(address))
            self._socket.settimeout(LISTEN)
            ours = peer_uid(self._socket) == os.getuid()
            self._process = peer_process(self._socket)
        except OSError as error:
            self._socket.close()
            raise NotRunning("nobody listens there") from error
        if not ours:
            self._socket.close()
            raise NotRunning("another user listens there")

    def ask(self, command: str, params: Json, report: Report) -> Answer:
        """Have a command done.

        Raises:
            Refused: it could not be done.
            NotRunning: the owner went away before it answered.
            NotAnswering: it is there, and says nothing.
            KeyboardInterrupt: after the owner has stopped the work, by Ctrl-C.
        """
        self._report = report
        self._send({"command": command, "params": params})
        try:
            return self._until_answered(report)
        except KeyboardInterrupt:
            self._cancel()
            raise

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _until_answered(self, report: Report) -> Answer:
        pieces: list[bytes] = []
        while True:
            message = self._receive()
            if "progress" in message:
                report(_progress(message["progress"]))
            elif "heard" in message:
                pass
            elif "bytes" in message:
                pieces.append(base64.b64decode(text_in(message["bytes"])))
            elif "result" in message:
                return Answer(message["result"], b"".join(pieces))
            else:
                raise _refused(mapping_in(message.get("error")))

    def _cancel(self) -> None:
        """Ask the owner to stop, and wait until the work is whole."""
        self._send({"cancel": True})
        try:
            self._until_answered(lambda _progress: None)
        except (Refused, NotRunning, NotAnswering):
            return

    def _send(self, message: Json) -> None:
        try:
            self._socket.sendall(pack(message))
        except OSError as error:
            raise NotRunning("the app went away") from error

    def _receive(self) -> Json:
        return unpack(self._exactly(size_of(self._exactly(HEAD.size))))

    def _exactly(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            part = self._some(min(size, PIECE))
            if not part:
                raise NotRunning("the app went away")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _some(self, size: int) -> bytes:
        """Wait for bytes, but not for ever: whoever is stopped or stuck still holds the folder."""
        quiet = 0.0
        while True:
            try:
                return self._socket.recv(size)
            except TimeoutError:
                quiet += LISTEN
            except OSError as error:
                raise NotRunning("the app went away") from error
            if quiet >= PATIENCE:
                raise NotAnswering(self._process)
            if quiet >= SAY_AFTER and not self._said:
                self._said = True
                self._report(Progress(NO_ANSWER, process_words(self._process)))


def pieces_of(body: bytes) -> Iterator[Json]:
    """Walk the messages that carry content."""
    for at in range(0, len(body), PIECE):
        yield {"bytes": base64.b64encode(body[at : at + PIECE]).decode()}


def _progress(value: object) -> Progress:
    task, item, *numbers = [*list_in(value), "", ""]
    counts = [number_in(number) for number in numbers[:4]]
    return Progress(text_in(task), text_in(item), *counts)


def _refused(error: Json) -> AtollError:
    code, sentence = text_in(error.get("code")), text_in(error.get("sentence"))
    if not code or not sentence:
        return DecodeError("the app answered what is no answer")
    return Refused(code, sentence, text_in(error.get("hint")))
