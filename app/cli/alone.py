"""Commands done in the terminal's own process, when no app runs on the data folder."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from app.cli import late
from app.cli.asking import Params
from app.cli.caring import asked_for, restored_shape
from app.cli.commands import Commands
from app.cli.control import Answer
from app.cli.entries import Command
from app.cli.table import BY_NAME
from app.clock import SystemClock
from app.config import Config
from app.errors import BadUsage
from app.facade import RunningApp
from app.loose import mapping_in
from app.owner import Owner, Ownership
from app.places import Places, prepare
from app.progress import Report


def set_up(places: Places, name: str) -> Answer:
    """Make a device of a data folder.

    Raises:
        BadUsage: it is one already, or the name is no name.
    """
    if not name.strip():
        raise BadUsage("a device needs a name")
    prepare(places)
    owner = Owner(places.lock, Ownership.COMMAND)
    try:
        if places.is_set_up():
            raise BadUsage("this device is set up already")
        did = late.compose().set_up(places, name.strip())
    finally:
        owner.close()
    return Answer({"name": name.strip(), "id": did, "data": str(places.data)})


def restore(places: Places, params: Mapping[str, object], report: Report) -> Answer:
    """Bring a device back from a backup, and fill its plain folders.

    Raises:
        AtollError: it could not be done. The data folder belongs to no device then.
    """
    prepare(places)
    owner = Owner(places.lock, Ownership.COMMAND)
    try:
        source, passphrase, wished = asked_for(Params(params))
        restored = late.compose().restore(places, source, passphrase, wished, report)
        config = Config(places, network=False, watch=False)
        asyncio.run(_do(config, BY_NAME["scan"], {}, report))
    finally:
        owner.close()
    return Answer(restored_shape(restored))


def do(places: Places, command: Command, params: Mapping[str, object], report: Report) -> Answer:
    """Do one command with the data folder to ourselves, and give it back.

    Raises:
        AlreadyRunning: somebody else has it.
    """
    prepare(places)
    owner = Owner(places.lock, Ownership.COMMAND)
    try:
        remembered = late.compose().remember_anew(places) if command.name == "repair" else None
        config = Config(places, network=command.network, watch=False)
        answer = asyncio.run(_do(config, command, params, report))
    finally:
        owner.close()
    return answer if remembered is None else _with(answer, remembered)


def _with(answer: Answer, remembered: Any) -> Answer:
    """Say as well what the device remembers again."""
    said = {"from_copy": remembered.from_copy, "spaces": list(remembered.spaces)}
    return Answer({**mapping_in(answer.value), "remembered": said}, answer.body)


async def _do(
    config: Config, command: Command, params: Mapping[str, object], report: Report
) -> Answer:
    node: RunningApp = late.compose().build_node(config)
    await node.start()
    try:
        answer = await Commands(node, SystemClock())(command.name, params, report)
    finally:
        await node.stop()
    value = mapping_in(answer.value)
    return Answer({**value, "running": False}, answer.body) if "running" in value else answer
