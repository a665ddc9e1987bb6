"""An app that owns its data folder and answers terminals: what `serve` and the window run.

The lock is taken and the control socket bound before anything heavy is loaded: a terminal
that asks in this moment waits for the answer instead of hearing that nobody is there.
"""

from __future__ import annotations

import gc
import time

from app.cli import late
from app.cli.commands import Commands
from app.cli.listener import Listener, bind
from app.clock import SystemClock
from app.config import Config
from app.errors import AlreadyRunning, NotSetUp, Unreadable
from app.events import Listener as Hears
from app.facade import RunningApp
from app.owner import Owner, Ownership, holder
from app.places import Places, control_address, forget_control, prepare

SELDOM = 20_000
"""So many new objects until Python looks for cycles among them, instead of 700."""
PATIENCE = 10.0
"""Seconds to wait for a command in a terminal that has the data folder for itself."""
BREATH = 0.02


class Running:
    """One app, from taking the data folder to giving it back.

    Made on any thread; `start` and `stop` run on the app's loop, then `close` anywhere.
    """

    def __init__(self, config: Config) -> None:
        """Take the data folder, and let terminals knock.

        Raises:
            NotSetUp: `init` was not done yet.
            AlreadyRunning: another app owns it.
            Unreadable: nothing can be written in it.
        """
        self._config = config
        self._places = config.places
        if not self._places.is_set_up():
            raise NotSetUp("this data folder is not set up yet")
        prepare(self._places)
        self._owner = _own_as_app(self._places)
        try:
            self._address = control_address(self._places)
            self._listening = bind(self._address)
        except OSError as error:
            self._owner.close()
            raise Unreadable(error.strerror or "no socket", str(self._places.data)) from error
        self._listener: Listener | None = None
        self._node: RunningApp | None = None

    async def start(self, hear: Hears | None = None) -> RunningApp:
        """Open everything, and answer; `hear` is told all from the first trouble on."""
        node: RunningApp = late.compose().build_node(self._config)
        _collect_seldom()
        if hear is not None:
            node.events.listen(hear)
        await node.start()
        self._node = node
        self._listener = Listener(self._listening, Commands(node, SystemClock()))
        await self._listener.start()
        return node

    async def stop(self) -> None:
        """Answer no more, and close everything whole."""
        if self._listener is not None:
            await self._listener.close()
        if self._node is not None:
            await self._node.stop()

    def close(self) -> None:
        """Give the data folder back."""
        self._listening.close()
        forget_control(self._places, self._address)
        self._owner.close()


def _own_as_app(places: Places) -> Owner:
    given_up = time.monotonic() + PATIENCE
    while True:
        try:
            return Owner(places.lock, Ownership.APP)
        except AlreadyRunning:
            if holder(places.lock) is Ownership.APP or time.monotonic() > given_up:
                raise
            time.sleep(BREATH)


def _collect_seldom() -> None:
    """Spend less on looking for cycles: frozen values, of which we make many, form none.

    What was loaded until now stays for good, and is not looked through again and again.
    """
    gc.freeze()
    gc.set_threshold(SELDOM, 20, 20)
