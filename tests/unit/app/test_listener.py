"""What the control socket lets in it also lets go, whenever it closes."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from app.cli.control import Answer
from app.cli.listener import Listener, bind
from app.progress import Report

TURNS = 10


async def never(command: str, params: object, report: Report) -> Answer:
    """Do nothing at all."""
    raise AssertionError((command, params, report))


@pytest.mark.parametrize("turns", range(TURNS))
def test_a_terminal_that_was_let_in_as_the_app_ends_hears_so(tmp_path: Path, turns: int) -> None:
    """However far it came: not let in, let in, met, waiting for its request."""
    address = tmp_path / "control"

    async def story() -> bytes:
        listener = Listener(bind(address), never)
        await listener.start()
        with socket.socket(socket.AF_UNIX) as terminal:
            terminal.connect(str(address))
            for _ in range(turns):
                await asyncio.sleep(0)
            await listener.close()
            terminal.setblocking(False)
            try:
                return terminal.recv(1)
            except ConnectionResetError:
                return b""

    assert asyncio.run(story()) == b""
