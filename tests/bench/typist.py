"""Two editors on one note, in two processes: how long a keystroke takes from one to the other.

Run by `tests.bench.typing`: `python -m tests.bench.typist DATA NAME write|read COUNT`. Both
print moments of the clock that all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from app.compose import build_node
from app.config import Config
from app.events import Event, TextArrived
from app.facade import OpenNote
from app.node import Node
from app.places import Places

PAUSE = 0.05
PATIENCE = 60.0
"""Seconds after which a reader who still misses a keystroke gives up, instead of hanging."""


async def _main(data: Path, name: str, role: str, count: int) -> None:
    node = build_node(Config(Places(data), listen="127.0.0.1"))
    await node.start()
    try:
        space = (await node.spaces())[0]
        entry = next(e for e in await node.all_entries(space.id) if e.name == name)
        note = await node.open_note(space.id, entry.id)
        _say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        if role == "write":
            await _write(note, count)
        else:
            async with asyncio.timeout(PATIENCE):
                await _read(node, note, count)
        await note.close()
    finally:
        await node.stop()


async def _write(note: OpenNote, count: int) -> None:
    for number in range(count):
        await asyncio.sleep(PAUSE)
        _say(f"typed {number} {time.monotonic_ns()}")
        await note.splice(0, 0, "x")
    await asyncio.to_thread(sys.stdin.readline)  # stay until the reader has the last one


async def _read(node: Node, note: OpenNote, count: int) -> None:
    came: asyncio.Queue[bytes] = asyncio.Queue()

    def hear(event: Event) -> None:
        if isinstance(event, TextArrived):
            came.put_nowait(event.update)

    stop = node.events.listen(hear)
    before = note.text.count("x")
    while (seen := note.text.count("x") - before) < count:
        await note.receive(await came.get())
        after = note.text.count("x") - before
        for number in range(seen, after):
            _say(f"shown {number} {time.monotonic_ns()}")
    stop()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    folder, path, what, times = sys.argv[1:5]
    asyncio.run(_main(Path(folder), path, what, int(times)))
