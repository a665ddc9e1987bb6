"""Reaching who can do a command: the app that runs on this data folder, or this process."""

from __future__ import annotations

import time
from collections.abc import Mapping

from app.cli import late
from app.cli.control import Answer, Connection
from app.cli.entries import Command, Where
from app.errors import AlreadyRunning, NotRunning, NotSetUp
from app.places import Places, known_control
from app.progress import Report

PATIENCE = 10.0
"""Seconds to wait for another command that has the data folder for itself."""
BREATH = 0.05


def have_done(
    places: Places, command: Command, params: Mapping[str, object], report: Report
) -> Answer:
    """Have a command done by whoever can.

    Raises:
        AtollError: it could not be done. Nothing is half done.
    """
    if not places.is_set_up():
        raise NotSetUp("this data folder is not set up yet")
    given_up = time.monotonic() + PATIENCE
    while True:
        try:
            return _by_the_app(places, command.name, params, report)
        except NotRunning:
            if command.where is Where.APP and not params.get("alone"):
                raise
        try:
            answer: Answer = late.alone().do(places, command, params, report)
        except AlreadyRunning:
            if time.monotonic() > given_up:
                raise
            time.sleep(BREATH)
        else:
            return answer


def _by_the_app(
    places: Places, command: str, params: Mapping[str, object], report: Report
) -> Answer:
    address = known_control(places)
    if address is None:
        raise NotRunning("no app has this data folder open")
    connection = Connection(address)
    try:
        return connection.ask(command, params, report)
    finally:
        connection.close()
