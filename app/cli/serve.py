"""`atoll serve`: the app without a window, in the foreground until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from argparse import Namespace

from app.cli.exits import Exit
from app.cli.printing import safe
from app.cli.running import Running
from app.complaints import trouble_words
from app.config import ANY_ADDRESS, Config
from app.errors import BadUsage
from app.events import Event, Trouble
from app.facade import RunningApp
from app.places import Places

MAX_PORT = 65535


def run(places: Places, typed: Namespace) -> int:
    """Run until SIGTERM or Ctrl-C, then close everything whole."""
    if typed.port is not None and not 0 <= typed.port <= MAX_PORT:
        raise BadUsage("a port is a number from 0 to 65535")
    config = Config(
        places,
        discovery=not typed.no_discovery,
        listen=typed.listen or ANY_ADDRESS,
        port=typed.port,
    )
    running = Running(config)
    try:
        asyncio.run(_until_stopped(running, quiet=bool(getattr(typed, "quiet", False))))
    finally:
        running.close()
    return Exit.OK


async def _until_stopped(running: Running, *, quiet: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
    try:
        node = await running.start(_tell_trouble)
        if not quiet:
            await _greet(node)
        broken = asyncio.ensure_future(node.broken())
        waiting = asyncio.ensure_future(stopped.wait())
        await asyncio.wait({broken, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        await _end(broken)
    finally:
        await running.stop()


async def _end(broken: asyncio.Future[None]) -> None:
    """Let a fault inside end the program loudly; else hang up."""
    if broken.done():
        broken.result()
    broken.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await broken


async def _greet(node: RunningApp) -> None:
    name = safe(await node.device_name())
    where = f", reachable at port {node.port}" if node.port else ""
    print(f"atoll: {name} is here{where}. Stop with Ctrl-C.", file=sys.stderr, flush=True)


def _tell_trouble(event: Event) -> None:
    match event:
        case Trouble(code, detail, _, by):
            about = f"{safe(detail)}: " if detail else ""
            print(f"atoll: {about}{trouble_words(code, safe(by))}", file=sys.stderr, flush=True)
        case _:
            pass
