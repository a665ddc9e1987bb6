"""How far a long piece of work is, told at each step and, of large files, inside them."""

from __future__ import annotations

from collections.abc import Iterator

from app.folder.reading import Stream
from app.progress import Progress, Report


class Meter:
    """Counts steps and bytes, and reports them. A report may raise to stop the work."""

    def __init__(self, task: str, report: Report, steps: int, total: int) -> None:
        """`total` bytes are to be moved in so many steps."""
        self._task = task
        self._report = report
        self._steps = steps
        self._total = total
        self._name = ""
        self._done = -1
        self._before = 0
        """Bytes of the steps that ended."""
        self._size = 0
        self._inside = 0
        """Bytes of this step until now, at most its size."""

    def step(self, name: str, size: int) -> None:
        """The next step begins; it moves so many bytes."""
        self._before += self._size
        self._name, self._size, self._inside = name, size, 0
        self._done += 1
        self._say()

    def moved(self, size: int) -> None:
        """Some more bytes of this step were moved."""
        self._inside = min(self._size, self._inside + size)
        self._say()

    def reading(self, stream: Stream) -> Metered:
        """Return a source that tells what is read of it."""
        return Metered(stream, self)

    def passing(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield pieces, telling each."""
        for piece in pieces:
            yield piece
            self.moved(len(piece))

    def _say(self) -> None:
        moved = self._before + self._inside
        told = Progress(self._task, self._name, self._done, self._steps, moved, self._total)
        self._report(told)


class Metered:
    """A source that tells how much was read."""

    def __init__(self, stream: Stream, meter: Meter) -> None:
        self._stream = stream
        self._meter = meter

    def read(self, size: int) -> bytes:
        """Return at most size bytes, none at the end."""
        data = self._stream.read(size)
        self._meter.moved(len(data))
        return data
