"""Syncthing for measuring: processes of its own that talk to each other only, over loopback.

No discovery, relays, NAT, reports or upgrades, and its API listens on a Unix socket, so that what
crosses the loopback is what its devices say to each other.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from tests.bench.devices import wait_until
from tests.bench.keepers import has, run

PROGRAM = "syncthing"
FOLDER = "notes"
PATIENCE = 300.0
GLANCE = 0.05
_LONGEST_ADDRESS = 100
_QUIET = {
    "globalAnnounceEnabled": "false",
    "localAnnounceEnabled": "false",
    "relaysEnabled": "false",
    "natEnabled": "false",
    "startBrowser": "false",
    "urAccepted": "-1",
    "autoUpgradeIntervalH": "0",
    "crashReportingEnabled": "false",
    "stunKeepaliveStartS": "0",
}
_QUICK = {"setLowPriority": "false", "progressUpdateIntervalS": "-1"}
_QUICK_FOLDER: dict[str, object] = {
    "disableFsync": True,
    "caseSensitiveFS": True,
    "scanProgressIntervalS": -1,
    "weakHashThresholdPct": 101,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """How Syncthing is set up."""

    name: str
    quick: bool
    """What costs time and is not needed is off; its watcher waits as little as it can."""
    told: bool = False
    """A program tells it by its API what was saved: sooner than any watcher."""


DEFAULT = Setting("Syncthing", quick=False)
TUNED = Setting("Syncthing tuned", quick=True)
TOLD = Setting("Syncthing told", quick=True, told=True)


class Syncthing:
    """One device: a home of its own, and the process while the context is open."""

    def __init__(self, home: Path, setting: Setting) -> None:
        self.home = home
        self.setting = setting
        self.port = _free_port()
        self._address = home / "api"
        if len(os.fsencode(self._address)) > _LONGEST_ADDRESS:
            raise ValueError("choose a shorter path for ATOLL_BENCH_DIR: a socket lies below it")
        run([PROGRAM, "generate", f"--home={home}", "--no-default-folder",
             "--skip-port-probing"], dict(os.environ))  # fmt: skip
        made = home / "config.xml"
        config, self._key = configured(
            made.read_text(encoding="utf-8"), self._address, self.port, quick=setting.quick
        )
        made.write_text(config, encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        self.id = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def process(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Start it, and return the seconds until its API answers."""
        begun = time.perf_counter()
        self._process = subprocess.Popen(
            [PROGRAM, "serve", f"--home={self.home}", "--no-browser", "--no-restart",
             "--no-upgrade"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"STNOUPGRADE": "1"},
            start_new_session=True,  # it starts a second process; both end together
        )  # fmt: skip
        try:
            return wait_until(self._answers, PATIENCE, "Syncthing's API") - begun
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it and what it started."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        """Ask its API.

        Raises:
            RuntimeError: it refused.
        """
        connection = _ToSocket(self._address)
        try:
            headers = {"X-API-Key": self._key, "Content-Type": "application/json"}
            given = None if body is None else json.dumps(body)
            connection.request(method, f"/rest/{path}", given, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != http.client.OK:
                raise RuntimeError(f"{path}: {answer.status} {text.decode()[:200]}")
        finally:
            connection.close()
        return dict(json.loads(text)) if text else {}

    def meet(self, other: Syncthing) -> None:
        """Know another device and where it is."""
        address = f"tcp://127.0.0.1:{other.port}"
        device = {"deviceID": other.id, "addresses": [address]}
        if self.setting.quick:
            device["compression"] = "always"
        self.ask("PUT", f"config/devices/{other.id}", device)

    def keep(self, folder: Path, *others: Syncthing) -> None:
        """Keep a folder in step with these devices."""
        wanted: dict[str, object] = {
            "id": FOLDER,
            "path": str(folder),
            "devices": [{"deviceID": device.id} for device in (self, *others)],
        }
        if self.setting.quick:
            wanted |= _QUICK_FOLDER | {"fsWatcherDelayS": self._least_delay()}
        self.ask("PUT", f"config/folders/{FOLDER}", wanted)

    def tell(self, *paths: str) -> None:
        """Say that something below these paths changed."""
        self.ask("POST", f"db/scan?{scan_query(paths)}")

    def until_whole(self, files: int) -> float:
        """Return the moment at which so many files are there and nothing is left to do."""
        return wait_until(lambda: self.settled() == files, PATIENCE, "all files", GLANCE)

    def settled(self) -> int | None:
        """Return how many files are there once nothing is left to do; None before that."""
        with suppress(RuntimeError):  # the folder is not known yet
            state = self.ask("GET", f"db/status?folder={FOLDER}")
            if (state["state"], state["needTotalItems"]) == ("idle", 0):
                return int(str(state["localFiles"]))
        return None

    def knows(self, other: Syncthing) -> bool:
        """Say whether it is connected with another."""
        found = self.ask("GET", "system/connections")["connections"]
        assert isinstance(found, dict)
        return bool(found.get(other.id, {}).get("connected"))

    def _answers(self) -> bool:
        with suppress(OSError, RuntimeError, http.client.HTTPException):
            self.id = str(self.ask("GET", "system/status")["myID"])
            return True
        return False

    def _least_delay(self) -> float:
        """Return the least its watcher can wait: newer versions take parts of a second."""
        with suppress(RuntimeError):
            self.ask("PATCH", "config/defaults/folder", {"fsWatcherDelayS": 0.01})
            return 0.01
        return 1


class _ToSocket(http.client.HTTPConnection):
    """A connection to a Unix socket."""

    def __init__(self, address: Path) -> None:
        super().__init__("localhost", timeout=60)
        self._path = address

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


@contextmanager
def two(home: Path, setting: Setting) -> Iterator[tuple[Syncthing, Syncthing]]:
    """Let two devices be connected, without a folder yet."""
    with Syncthing(home / "A", setting) as a, Syncthing(home / "B", setting) as b:
        a.meet(b)
        b.meet(a)
        wait_until(lambda: a.knows(b) and b.knows(a), PATIENCE, "a connection", GLANCE)
        yield a, b


def configured(text: str, address: Path, port: int, *, quick: bool) -> tuple[str, str]:
    """Return a configuration that reaches nobody but its peer, and the key of its API."""
    top = ET.fromstring(text)  # noqa: S314 - written by the program that we started
    gui, options = _child(top, "gui"), _child(top, "options")
    _set(gui, "address", str(address))
    _set(options, "listenAddress", f"tcp://127.0.0.1:{port}")
    for name, value in (_QUIET | (_QUICK if quick else {})).items():
        _set(options, name, value)
    return ET.tostring(top, encoding="unicode"), _child(gui, "apikey").text or ""


def legend() -> str:
    """Say what the settings mean, for whoever reads the tables."""
    return (
        f"{DEFAULT.name}: as it is installed. {TUNED.name}: its watcher waits as little as it can, "
        f"no fsync, all compressed. {TOLD.name}: the same, and its API hears of each save at once."
    )


def scan_query(paths: tuple[str, ...]) -> str:
    """Return what names parts of the folder to its API."""
    return urlencode([("folder", FOLDER), *(("sub", path) for path in paths)], quote_via=quote)


def installed() -> bool:
    """Say whether there is a Syncthing to compare with."""
    return has(PROGRAM)


def _child(element: ET.Element, name: str) -> ET.Element:
    found = element.find(name)
    return found if found is not None else ET.SubElement(element, name)


def _set(element: ET.Element, name: str, value: str) -> None:
    for old in element.findall(name)[1:]:
        element.remove(old)
    _child(element, name).text = value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
