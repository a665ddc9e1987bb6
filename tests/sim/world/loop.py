"""An event loop whose time is a number: waiting costs nothing, and the same seed runs the same.

Nothing outside the loop ever wakes it, so when nothing is due nothing ever will be.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Generator, Mapping
from contextvars import Context
from typing import Any

BEGINNING = 1000.0
TURN = 1e-6
"""What a turn of the loop takes: no clock stands still while a program runs."""
MOST_TURNS = 300_000


class Stuck(AssertionError):
    """Everybody waits, and nobody will ever wake anybody."""


class _Jump(selectors.BaseSelector):
    """Waits for nothing: lets time jump to the next thing that is due."""

    def __init__(self) -> None:
        self.now = BEGINNING
        self.turns = 0
        self._known: dict[Any, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Remember the loop's own pipe. Nobody writes to it."""
        key = selectors.SelectorKey(fileobj, int(fileobj), events, data)
        self._known[fileobj] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Forget it."""
        return self._known.pop(fileobj)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Let time pass."""
        if timeout is None:
            raise Stuck("nothing is due any more")
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise Stuck("it never ends")
        self.now += max(TURN, timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """Return what is remembered."""
        return self._known

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """Return what is remembered of one."""
        return self._known[fileobj]


class _Numbered(asyncio.Task[Any]):
    """A task whose place in a set does not depend on where it lies in memory."""

    number = 0

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return self is other


class WorldLoop(asyncio.SelectorEventLoop):
    """A loop in simulated time. It keeps the first fault that nobody caught."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)
        self.faults: list[BaseException] = []
        self.set_exception_handler(self._keep)
        self._tasks = 0
        self.set_task_factory(self._task)

    def time(self) -> float:
        """Return simulated seconds."""
        return self._jump.now

    def check(self) -> None:
        """Raise the first fault that nobody caught."""
        if self.faults:
            raise self.faults[0]

    def go_on(self) -> None:
        """Let it run on, after it seemed not to end."""
        self._jump.turns = 0

    def _task(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Coroutine[Any, Any, Any] | Generator[Any, None, Any],
        context: Context | None = None,
    ) -> asyncio.Future[Any]:
        self._tasks += 1
        task = _Numbered(work, loop=loop, context=context)
        task.number = self._tasks
        return task

    def _keep(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        del loop
        error = context.get("exception")
        self.faults.append(error or AssertionError(str(context.get("message"))))
