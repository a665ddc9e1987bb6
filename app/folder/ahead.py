"""Reading ahead: many new files are read and sealed beside the work that takes them in.

Reading and sealing a file does not hang on any other, while taking it in does. A second
process does the first part, some files ahead. It is a help only: whatever it does not give is
read by who needs it, so nothing hangs on whether it runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path as DiskPath
from typing import IO, Protocol

from app.folder.port import Path, Shape, Stat
from app.folder.reading import Read
from storage.codec.dagcbor import decode_checked, encode_checked
from storage.codec.shape import is_list, items_of
from storage.errors import DecodeError
from storage.facts.values import Content, value_from_cbor

Small = tuple[Path, int]
"""A file, and its size in bytes."""
MANY = 512
"""For fewer files a second process is not worth its start."""
HEAD_START = 256
"""So many are read here while it starts."""
AT_ONCE = 64
"""So many are asked for by one message."""
MOST_AHEAD = 2048
MOST_BYTES = 32 << 20
"""So much is asked for before it is taken; the process holds it."""
FRAME_HEAD = 4


@dataclass(frozen=True, slots=True)
class Early:
    """A file that was read and sealed: what it held, and the blocks that are not kept yet."""

    read: Read
    blocks: tuple[bytes, ...]


class Reader(Protocol):
    """Reads some files ahead."""

    def take(self, path: Path) -> Early | None:
        """Return a file, or None when whoever asks has to read it."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


class Ahead(Protocol):
    """Begins to read files ahead."""

    def begin(self, root: tuple[int, int], secret: bytes, files: Sequence[Small]) -> Reader:
        """Read small files of the folder with that identity, in this order, and seal them.

        Each comes with the size that it had; it may have changed.
        """
        ...


class NotAhead:
    """Everything is read when it is needed."""

    def begin(self, root: tuple[int, int], secret: bytes, files: Sequence[Small]) -> Reader:
        """Read nothing."""
        del root, secret, files
        return self

    def take(self, path: Path) -> Early | None:
        """Have nothing."""
        del path
        return None

    def close(self) -> None:
        """There is nothing to end."""


class ProcessAhead:
    """Reads ahead in a second process, when there is enough to read."""

    def __init__(self, folder: DiskPath, many: int = MANY) -> None:
        self._folder = folder
        self._many = many

    def begin(self, root: tuple[int, int], secret: bytes, files: Sequence[Small]) -> Reader:
        """Start the process, unless there is too little to read or no way to start one."""
        if len(files) < self._many or getattr(sys, "frozen", False):
            return NotAhead()
        try:
            process = _start()
        except OSError:
            return NotAhead()
        reader = ProcessReader(process, files[min(HEAD_START, len(files) // 2) :])
        reader.greet([os.fspath(self._folder), *root, secret])
        return reader


def _start() -> subprocess.Popen[bytes]:
    home = DiskPath(__file__).parents[2]
    way = os.pathsep.join(filter(None, (os.fspath(home), os.environ.get("PYTHONPATH", ""))))
    return subprocess.Popen(
        [sys.executable, "-m", "app.folder.sealing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": way},
    )


class ProcessReader:
    """Asks the process for lists of files, always some ahead of what is taken."""

    def __init__(self, process: subprocess.Popen[bytes], files: Sequence[Small]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._ask: IO[bytes] = process.stdin
        self._answer: IO[bytes] = process.stdout
        self._to_ask = deque(files)
        self._asked: deque[list[Path]] = deque()
        self._sizes = dict(files)
        """Of what is not taken yet, and still expected."""
        self._ahead = 0
        """Files that were asked for and not taken."""
        self._bytes = 0
        """How many bytes these had."""
        self._ready: dict[Path, Early] = {}

    def greet(self, about: list[str | int | bytes]) -> None:
        """Tell the process what it is about, and ask for the first files."""
        self._send(about)
        self._ask_more()

    def take(self, path: Path) -> Early | None:
        """Return a file, waiting for it when it was asked for."""
        while path in self._sizes and path not in self._ready:
            self._hear(path)
        size = self._sizes.pop(path, None)
        if size is None:
            return None
        self._ahead -= 1
        self._bytes -= size
        self._ask_more()
        return self._ready.pop(path)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._give_up()
        self._process.kill()
        with suppress(OSError):
            self._ask.close()
        self._answer.close()
        self._process.wait()

    def _give_up(self) -> None:
        """Expect nothing more: the rest is read by who needs it."""
        self._sizes.clear()
        self._to_ask.clear()

    def _ask_more(self) -> None:
        """Ask for the next files once there is room for a whole list of them."""
        while self._to_ask and self._ahead + AT_ONCE <= MOST_AHEAD and self._bytes < MOST_BYTES:
            part: list[Path] = []
            while self._to_ask and len(part) < AT_ONCE and self._bytes < MOST_BYTES:
                path, size = self._to_ask.popleft()
                part.append(path)
                self._bytes += size
            self._ahead += len(part)
            self._asked.append(part)
            self._send([list(map(os.fsencode, path)) for path in part])

    def _send(self, message: object) -> None:
        try:
            send(self._ask, message)
        except OSError:
            self._give_up()  # it ended

    def _hear(self, awaited: Path) -> None:
        if not self._asked:  # what is taken out of order was not asked for yet
            self._sizes.pop(awaited)
            return
        try:
            found = early_from_cbor(receive(self._answer))
        except (OSError, EOFError, DecodeError):
            self._give_up()
            return
        for path, early in zip(self._asked.popleft(), found, strict=False):
            if early is not None:
                self._ready[path] = early
            elif (size := self._sizes.pop(path, None)) is not None:
                self._ahead -= 1
                self._bytes -= size


def send(to: IO[bytes], message: object) -> None:
    """Write one message, with its length before it."""
    body = encode_checked(message)
    to.write(len(body).to_bytes(FRAME_HEAD, "big") + body)
    to.flush()


def receive(source: IO[bytes]) -> object:
    """Read one message. Raises EOFError at the end, DecodeError when it is none."""
    head = source.read(FRAME_HEAD)
    body = source.read(int.from_bytes(head, "big"))
    if len(head) < FRAME_HEAD or len(body) < int.from_bytes(head, "big"):
        raise EOFError
    return decode_checked(body)


def early_from_cbor(raw: object) -> list[Early | None]:
    """Return the files of an answer.

    Raises:
        DecodeError: it is no such answer.
    """
    if not is_list(raw):
        raise DecodeError("an answer is a list")
    return [None if item is None else _early(item) for item in raw]


def _early(item: object) -> Early:
    match items_of(item):
        case [raw_stat, raw_content, raw_blocks]:
            content = value_from_cbor("content", raw_content)
            blocks = tuple(block for block in items_of(raw_blocks) if isinstance(block, bytes))
            if isinstance(content, Content):
                return Early(Read(_stat(raw_stat), content.digest, b"", content), blocks)
        case _:
            pass
    raise DecodeError("a file that was read ahead has three parts")


def _stat(raw: object) -> Stat:
    numbers = [number for number in items_of(raw) if isinstance(number, int)]
    if len(numbers) != len(Stat._fields):
        raise DecodeError("what the disk says of a file is seven numbers")
    shape, *others = numbers
    try:
        return Stat(Shape(shape), *others)
    except ValueError as error:
        raise DecodeError("a file has a shape that is none") from error
