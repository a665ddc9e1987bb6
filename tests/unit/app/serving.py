"""An app that is none, answering a terminal."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO

from app.cli.commands import Commands
from app.cli.listener import Listener, bind
from app.clock import SystemClock
from app.places import Places, control_address, forget_control, prepare
from tests.unit.app.fake_app import FakeApp

NOTE = "/home/ana/Recipes/bread.md"
Run = Callable[..., int]


class Terminal(StringIO):
    """Text at whose other end a person sits."""

    def isatty(self) -> bool:
        """Somebody does."""
        return True


@contextmanager
def serving(places: Places, app: FakeApp) -> Iterator[asyncio.AbstractEventLoop]:
    """Let an app answer on a loop of its own."""
    prepare(places)
    places.device_key.touch()
    address = control_address(places)
    loop = asyncio.new_event_loop()
    listener = Listener(bind(address), Commands(app, SystemClock()))  # type: ignore[arg-type]
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(listener.start(), loop).result(10)
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(listener.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
        forget_control(places, address)
