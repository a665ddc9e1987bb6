"""What a computer does to a program: taken locks, full disks, drives that go, no network."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from app.cli.control import HEAD, pack
from app.cli.exits import Exit
from app.complaints import words_of
from app.loose import mapping_in
from tests.e2e.conditions import (
    assert_plain,
    content_of,
    done,
    listed,
    needs_root,
    says,
    says_only,
    small_disk,
    whole,
)
from tests.e2e.devices import Device, environment, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
SECONDS = 5.0


def begun(name: str, home: Path) -> Device:
    """Return a device that shows a folder with two notes."""
    home.mkdir(parents=True, exist_ok=True)
    device = Device(name, home)
    done(device, "init", "--name", name)
    device.folder.mkdir()
    (device.folder / "bread.md").write_text("flour\n", "utf-8")
    (device.folder / "soup.md").write_text("leek\n", "utf-8")
    told = done(device, "add", str(device.folder))
    assert told.returncode == Exit.OK, told
    return device


@pytest.fixture
def ana(tmp_path: Path) -> Iterator[Device]:
    """Return a device with a folder; whatever runs of it in the end is stopped."""
    device = begun("Ana", tmp_path / "ana")
    yield device
    if device.runs():
        device.stop()


@pytest.fixture
def mina(tmp_path: Path) -> Iterator[Device]:
    """Return another device, with nothing yet."""
    (tmp_path / "mina").mkdir()
    device = Device("Mina", tmp_path / "mina")
    done(device, "init", "--name", "Mina")
    yield device
    if device.runs():
        device.stop()


def met(ana: Device, mina: Device) -> None:
    """Let both run and share Ana's folder."""
    ana.start()
    mina.start()
    code = ana.value("share", "Notes", "--can", "edit")["code"]
    mina.ask("join", str(code), "--into", str(mina.folder))
    until(lambda: ana.where() == mina.where() == "everywhere", "all is everywhere")


def serving(device: Device, *words: str) -> subprocess.Popen[str]:
    """Begin `serve` with options of its own, and return it when it has greeted."""
    program = subprocess.Popen(
        device.command("serve", "--listen", "127.0.0.1", "--no-discovery", *words),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    until(device.answers, f"{device.name} answers")
    return program


def ended(program: subprocess.Popen[str]) -> str:
    """Stop a program, and return what it said."""
    program.send_signal(signal.SIGTERM)
    _, said = program.communicate(timeout=60)
    assert program.returncode == Exit.OK, said
    return said


# -- one owner -----------------------------------------------------------------------------
def test_a_second_owner_of_a_data_folder_is_refused(ana: Device) -> None:
    """Two that write in one store would fork its history; terminals still get their answers."""
    ana.start()
    for words in (["serve"], ["serve", "--port", "0"]):
        says_only(ana.tries(*words), "app.already-running", Exit.UNAVAILABLE)
    assert ana.tries("status").returncode == Exit.OK
    whole(ana)


def test_a_socket_left_by_a_killed_program_is_in_nobodys_way(ana: Device) -> None:
    """After a power cut, terminals work alone and the next start takes over."""
    ana.start()
    ana.kill()
    assert (ana.data / "control.sock").exists()
    says_only(done(ana, "status"), "app.not-running", Exit.UNAVAILABLE)
    assert "Notes" in done(ana, "spaces").stdout
    ana.start()
    whole(ana)


def answer_of(speaking: socket.socket) -> bytes:
    """Return what is said after the word that the app heard us."""
    heard, said = pack({"heard": True}), b""
    while said in {b"", heard} and (more := speaking.recv(1000)):
        said += more
    return said.removeprefix(heard)


def test_whatever_is_said_to_the_control_socket_the_app_goes_on_answering(ana: Device) -> None:
    """Noise, half and huge messages, and terminals that hang: none stops another."""
    ana.start()
    closing_later = ExitStack()

    def line() -> socket.socket:
        found = closing_later.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        found.connect(str(ana.data / "control.sock"))
        found.settimeout(SECONDS)
        return found

    hanging = [line() for _ in range(200)]
    hanging[0].sendall(HEAD.pack(1 << 20) + b"{")
    hanging[1].sendall(HEAD.pack(1 << 28) + b" " * 100_000)
    for noise in (
        b"\0",
        b"\xff" * 64,
        os.urandom(4096),
        HEAD.pack(2) + b"{}",
        HEAD.pack(400) + b"[" * 400,
        HEAD.pack(9) + b'{"a": "\xff"',
        HEAD.pack((1 << 28) + 1),
        pack({"command": 5}),
        pack({"cancel": True}),
    ):
        with closing(line()) as speaking:
            speaking.sendall(noise)
            speaking.shutdown(socket.SHUT_WR)
            said = answer_of(speaking)
            assert not said or b'"app.usage"' in said
    for odd in (
        {"command": "add", "params": {"folder": "a\0b"}},
        {"command": "add", "params": {"folder": "\ud800"}},
        {"command": "export", "params": {"space": "Notes", "into": "\0"}},
        {"command": "log", "params": {"limit": 10**30}},
        {"command": "join", "params": {"code": "-", "file": "zz", "into": "/nowhere"}},
        {"command": "share", "params": {"space": "Notes", "can": "own", "until": "x"}},
        {"command": "search", "params": {"words": {"a": 1}}},
    ):
        with closing(line()) as speaking:
            speaking.sendall(pack(odd))
            assert b'"app.usage"' in answer_of(speaking), odd
    assert ana.tries("status").returncode == Exit.OK
    whole(ana)
    closing_later.close()


def test_a_port_in_use_is_said_and_another_one_is_taken(ana: Device) -> None:
    """A second program on the port is no reason to be unreachable."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        program = serving(ana, "--port", str(port))
        listens_at = mapping_in(ana.says("status"))["port"]
        assert listens_at not in {0, port}
        said = ended(program)
    assert words_of("sync.port-in-use").sentence in said and str(port) in said
    assert_plain(subprocess.CompletedProcess([], 0, "", said))


# -- no network ----------------------------------------------------------------------------
@needs_root
@pytest.mark.parametrize("loopback", [False, True], ids=["nothing", "loopback only"])
def test_without_any_network_all_that_is_local_works(
    ana: Device,
    loopback: bool,  # noqa: FBT001  pytest hands it on by name
) -> None:
    """On a plane: it says that nobody is reached, and saves, finds and restores as ever."""
    up = "ip link set lo up; " if loopback else ""
    command = ["unshare", "-n", "sh", "-c", f'{up}exec "$@"', "sh", *ana.command("serve")]
    program = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment()
    )
    until(ana.answers, "it answers without a network")
    (ana.folder / "new.md").write_text("made on a plane\n", "utf-8")
    until(lambda: bool(listed(ana, "search", words=["plane"])), "the new note is found")
    told = done(ana, "status")
    assert told.returncode == Exit.OK and "On this computer only" in told.stdout
    assert done(ana, "share", "Notes").returncode == Exit.OK
    says_only(done(ana, "dial", "192.0.2.1:9"), "sync.refused", Exit.UNAVAILABLE)
    whole(ana)
    said = ended(program)
    assert "Traceback" not in said
    if not loopback:
        assert words_of("sync.no-network").sentence in said


# -- full disks ----------------------------------------------------------------------------
@needs_root
def test_a_full_disk_under_the_data_folder_is_said_and_overcome(tmp_path: Path) -> None:
    """What was saved stays saved, files stay as they are, and with room again all goes on."""
    with small_disk(tmp_path / "disk", "80m") as disk:
        ana = begun("Ana", disk / "ana")
        plain = tmp_path / "Notes"
        shutil.move(ana.folder, plain)
        done(ana, "leave", "Notes")
        shutil.rmtree(plain / ".atoll")
        ana.folder = plain
        assert done(ana, "add", str(plain)).returncode == Exit.OK
        ballast = disk / "ballast"
        fill(disk, ballast)
        big = os.urandom(300_000)
        (plain / "big.bin").write_bytes(big)
        before = content_of(plain)
        says_only(done(ana, "scan"), "storage.full", Exit.WRONG)
        assert "added 2 items" in done(ana, "log").stdout
        assert content_of(plain) == before and listed(ana, "bin") == []
        ballast.unlink()
        told = done(ana, "scan")
        assert told.returncode == Exit.OK, told
        (plain / "big.bin").unlink()
        assert done(ana, "restore", f"{plain}/bread.md").returncode != Exit.OK  # it is there
        whole(ana)


@needs_root
def test_a_disk_that_fills_while_it_runs_is_overcome_by_itself(tmp_path: Path) -> None:
    """Nobody has to restart anything once there is room."""
    with small_disk(tmp_path / "disk", "80m") as disk:
        ana = Device("Ana", disk)
        done(ana, "init", "--name", "Ana")
        ana.folder = tmp_path / "Notes"
        ana.folder.mkdir()
        (ana.folder / "bread.md").write_text("flour\n", "utf-8")
        assert done(ana, "add", str(ana.folder)).returncode == Exit.OK
        program = serving(ana)
        ballast = disk / "ballast"
        fill(disk, ballast)
        (ana.folder / "late.bin").write_bytes(os.urandom(300_000))
        says_only(done(ana, "scan"), "storage.full", Exit.WRONG)
        ballast.unlink()
        until(lambda: len(listed(ana, "log")) >= LATE, "the file is taken once there is room")
        whole(ana)
        assert "Traceback" not in ended(program)


LATE = 4
"""Steps: the folder made, the device named, the first note added, the late file added."""


def fill(disk: Path, ballast: Path) -> None:
    """Leave no room on a disk."""
    with ballast.open("wb") as file:
        try:
            while True:
                file.write(bytes(1 << 16))
                file.flush()
        except OSError:
            pass
    assert os.statvfs(disk).f_bavail == 0


@needs_root
def test_a_full_disk_under_the_folder_leaves_whole_files(
    ana: Device, mina: Device, tmp_path: Path
) -> None:
    """What comes waits in the store until the folder's disk has room; nothing is cut short."""
    with small_disk(tmp_path / "disk", "1m") as disk:
        mina.folder = disk / "Notes"
        met(ana, mina)
        ballast = disk / "ballast"
        fill(disk, ballast)
        big = os.urandom(400_000)
        (ana.folder / "big.bin").write_bytes(big)
        until(lambda: ana.where() == "everywhere", "it is in Mina's store")
        assert not (mina.folder / "big.bin").exists()
        assert content_of(mina.folder)["bread.md"] == b"flour\n"
        ballast.unlink()
        until((mina.folder / "big.bin").exists, "it is written once there is room")
        assert (mina.folder / "big.bin").read_bytes() == big
        assert listed(ana, "bin") == listed(mina, "bin") == []
        mina.stop()


# -- folders that go away ------------------------------------------------------------------
def gone(device: Device) -> bool:
    """Say whether a device says that its folder is not there."""
    return device.space().get("mirroring") == "unavailable"


def renamed(folder: Path, aside: Path) -> None:
    """Move it away."""
    folder.rename(aside)


def replaced(folder: Path, aside: Path) -> None:
    """Put an empty one in its place: how a drive looks that is not plugged in."""
    folder.rename(aside)
    folder.mkdir()


@pytest.mark.parametrize("runs", [True, False], ids=["while it runs", "while it is stopped"])
@pytest.mark.parametrize("how", [renamed, replaced], ids=["moved away", "an empty one"])
def test_a_folder_that_went_away_deletes_nothing_anywhere(
    ana: Device,
    mina: Device,
    tmp_path: Path,
    runs: bool,  # noqa: FBT001  pytest hands it on by name
    how: Callable[[Path, Path], None],
) -> None:
    """The other device keeps every file, and with the folder back all goes on."""
    met(ana, mina)
    before = content_of(mina.folder)
    if not runs:
        ana.stop()
    how(ana.folder, tmp_path / "aside")
    if not runs:
        ana.start()
    until(lambda: gone(ana), "the folder is said to be away")
    assert "Nothing is deleted." in done(ana, "status").stdout
    says_only(done(ana, "scan"), "app.folder-unavailable", Exit.UNAVAILABLE)
    (mina.folder / "while-away.md").write_text("from Mina\n", "utf-8")
    until(lambda: len(listed(ana, "search", words=["Mina"])) == 1, "Mina's note is known")
    assert before.items() <= content_of(mina.folder).items()
    assert listed(mina, "bin") == listed(ana, "bin") == []
    if ana.folder.exists():
        assert content_of(ana.folder) == {}
        ana.folder.rmdir()
    (tmp_path / "aside").rename(ana.folder)
    until((ana.folder / "while-away.md").exists, "all goes on when it is back")
    assert content_of(ana.folder).keys() == content_of(mina.folder).keys()
    assert listed(mina, "bin") == listed(ana, "bin") == []
    whole(ana)


@needs_root
def test_a_disk_that_is_unplugged_deletes_nothing(tmp_path: Path) -> None:
    """A mount point without its disk is an empty folder."""
    ana = Device("Ana", tmp_path / "ana")
    done(ana, "init", "--name", "Ana")
    ana.folder = tmp_path / "drive"
    store = tmp_path / "store"
    store.mkdir()
    (store / "bread.md").write_text("flour\n", "utf-8")
    ana.folder.mkdir()
    subprocess.run(["mount", "--bind", str(store), str(ana.folder)], check=True)
    try:
        done(ana, "add", str(ana.folder))
        ana.start()
        subprocess.run(["umount", "--lazy", str(ana.folder)], check=True)
        until(lambda: gone(ana), "the folder is said to be away")
        assert listed(ana, "bin") == [] and list(ana.folder.iterdir()) == []
    finally:
        subprocess.run(["mount", "--bind", str(store), str(ana.folder)], check=True)
        until(lambda: not gone(ana), "it is back")
        ana.stop()
        subprocess.run(["umount", str(ana.folder)], check=True)


def test_answers_are_json_for_programs_whatever_happens(ana: Device) -> None:
    """A script that asks in a bad moment reads an exit code or a whole object."""
    says(done(ana, "status", "--json", "Nix"), "Atoll is not running here.", Exit.UNAVAILABLE)
    told = done(ana, "spaces", "--json")
    assert json.loads(told.stdout)[0]["name"] == "Notes"
