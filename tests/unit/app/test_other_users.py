"""The local socket answers one person only, even where its file lets others in."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.cli.control import Connection, pack, peer_uid
from app.errors import NotRunning
from app.places import Places
from app.progress import silent
from tests.unit.app.fake_app import FakeApp
from tests.unit.app.serving import serving

NOBODY = 65534
_ASK_AS = """
import os, socket, sys

address, uid, request = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3])
if uid != os.getuid():
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
asking = socket.socket(socket.AF_UNIX)
asking.settimeout(20)
asking.connect(address)
try:
    asking.sendall(request)
    print(len(asking.recv(1)))
except ConnectionError:
    print(0)
"""
"""Ask as another user, and print how many bytes of an answer came: 0 or 1."""


def asked_as(uid: int, address: Path) -> str:
    """Ask for the status as a user, with a program of its own."""
    request = pack({"command": "status", "params": {}})
    done = subprocess.run(
        [sys.executable, "-c", _ASK_AS, str(address), str(uid), request.hex()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """Return the socket of an app that answers, in a folder that somebody opened to everyone."""
    with tempfile.TemporaryDirectory() as top:
        places = Places(Path(top) / "data")
        with serving(places, FakeApp()):
            for path, mode in ((Path(top), 0o755), (places.data, 0o755), (places.control, 0o666)):
                path.chmod(mode)
            yield places.control


def test_another_user_is_not_answered(open_to_all: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root can become somebody else for real; for all others the app itself is somebody else."""
    ours = os.getuid()
    assert asked_as(ours, open_to_all) == "1"
    if ours:
        monkeypatch.setattr("app.cli.listener.os.getuid", lambda: ours + 1)
        assert asked_as(ours, open_to_all) == "0"
    else:
        assert asked_as(NOBODY, open_to_all) == "0"


def test_what_the_kernel_says_of_the_other_end_decides(
    open_to_all: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not what it says of itself: it is asked of the socket, on both sides."""
    seen: list[int] = []

    def another(connection: object) -> int:
        seen.append(peer_uid(connection))  # type: ignore[arg-type]
        return os.getuid() + 1

    monkeypatch.setattr("app.cli.listener.peer_uid", another)
    connection = Connection(open_to_all)
    with pytest.raises(NotRunning):
        connection.ask("status", {}, silent)
    connection.close()
    monkeypatch.setattr("app.cli.control.peer_uid", another)
    with pytest.raises(NotRunning):
        Connection(open_to_all)
    assert set(seen) == {os.getuid()}
