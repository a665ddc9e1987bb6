"""Codes, folders and names as people and disks bring them: refused in words, or taken whole."""

from __future__ import annotations

import os
import shutil
import socket
from base64 import b32encode
from binascii import crc_hqx
from dataclasses import replace
from pathlib import Path

import pytest

from app.cli.exits import Exit
from storage.access.invite import SCHEME, code_from_text
from tests.e2e.conditions import (
    NOBODY,
    as_nobody,
    assert_plain,
    content_of,
    copy_of,
    done,
    listed,
    needs_root,
    open_place,
    says,
    whole,
)
from tests.e2e.devices import Device, until

pytestmark = pytest.mark.e2e
LONG = 300.0
DAMAGED = "This code is damaged, or it is not for here."


class Given:
    """What Ana hands out: a code, a code with an end, and a hand-over file."""

    def __init__(self, home: Path) -> None:
        self.ana = Device("Ana", home)
        self.ana.ask("init", "--name", "Ana")
        self.ana.folder.mkdir()
        (self.ana.folder / "bread.md").write_text("flour\n", "utf-8")
        (self.ana.folder / "both.md").write_text("by Ana\n", "utf-8")
        (self.ana.folder / "both.bin").write_bytes(b"\0by Ana")
        done(self.ana, "add", str(self.ana.folder))
        self.file = home / "notes.atoll"
        told = done(self.ana, "share", "Notes", "--can", "edit", "--file", str(self.file))
        self.code = told.stdout.split()[0]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Given:
    """Return what Ana handed out."""
    return Given(tmp_path_factory.mktemp("ana"))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Device:
    """Return a device without folders, to make copies of."""
    device = Device("Mina", tmp_path_factory.mktemp("fresh"))
    device.ask("init", "--name", "Mina")
    return device


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Device:
    """Return another one."""
    device = Device("Jo", tmp_path_factory.mktemp("other"))
    device.ask("init", "--name", "Jo")
    return device


@pytest.fixture
def mina(fresh: Device, tmp_path: Path) -> Device:
    """Return a device that has nothing yet."""
    device = copy_of(fresh, tmp_path / "mina")
    device.folder = tmp_path / "mina/Notes"
    return device


# -- codes ---------------------------------------------------------------------------------
def rewritten(code: str, at: int, value: int) -> str:
    """Return a code with another byte, and a check that fits: forged, not mistyped."""
    body = bytearray(code_from_text(code).to_bytes()[:-2])
    body[at] = value
    payload = bytes(body) + crc_hqx(bytes(body), 0xFFFF).to_bytes(2)
    return SCHEME + b32encode(payload).decode().rstrip("=")


def test_a_code_that_is_none_is_said(given: Given, mina: Device) -> None:
    """As an argument or on standard input; nothing is made, not even the folder."""
    code = given.code
    at = next(at for at in range(40, len(code)) if code[at] != code[at + 1])
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    bad = {
        "missing": ["", "  \n", "\n\n\n"],
        "neither a code nor a hand-over file": ["A" * 1_000_000, code * 50, "\x00" * 9000],
        DAMAGED: [
            code[:-3],
            code[:20],
            swapped,
            "hello",
            "ATOLL:",
            "ATOLL:é",
            "A" * 300,
            "\x1b[31m",
        ],
        "made by a newer Atoll": [rewritten(code, 0, 9)],
    }
    for words, texts in bad.items():
        for text in texts:
            told = done(mina, "join", "-", "--into", str(mina.folder), given=text)
            exits = Exit.NOT_ALLOWED if words in {DAMAGED, "made by a newer Atoll"} else Exit.USAGE
            says(told, words, exits)
            if text.isprintable() and len(text) < 100_000:
                says(done(mina, "join", text, "--into", str(mina.folder)), words, exits)
    assert not mina.folder.exists()
    assert listed(mina, "spaces") == []


def test_a_code_is_not_for_its_giver_nor_for_whom_has_the_folder(
    given: Given, mina: Device, tmp_path: Path
) -> None:
    """Each is told what is the case, and no second copy is begun."""
    says(
        done(given.ana, "join", given.code, "--into", str(tmp_path / "own")),
        "made on this very device",
        Exit.USAGE,
    )
    told = done(mina, "join", str(given.file), "--into", str(mina.folder))
    assert told.returncode == Exit.OK, told
    says(
        done(mina, "join", given.code, "--into", str(tmp_path / "second")),
        "What this code gives is on this computer already.",
        Exit.WRONG,
    )
    assert not (tmp_path / "own").exists() and not (tmp_path / "second").exists()
    assert len(listed(mina, "spaces")) == 1


def test_a_code_whose_time_is_over_says_when(given: Given, mina: Device) -> None:
    """The device asks nobody: the code says it."""
    over = replace(code_from_text(given.code), until=1_700_000_000).text()
    told = done(mina, "join", over, "--into", str(mina.folder))
    says(told, "This access ended on", Exit.NOT_ALLOWED)
    assert not mina.folder.exists()


def test_moments_and_numbers_that_make_no_sense_are_said(given: Given) -> None:
    """Whatever can be typed."""
    for moment in ("yesterday", "2001-01-01", "7", "-1d", "99999999999d", "10000-01-01", ""):
        told = done(given.ana, "share", "Notes", f"--until={moment}")
        says(told, "--until", Exit.USAGE)
    assert_plain(done(given.ana, "share", "Notes", "--until=999999w"))
    for limit in ("0", "-5", "1" + "0" * 30):
        says(done(given.ana, "log", f"--limit={limit}"), "has to be a number", Exit.USAGE)
    for address in ("nowhere", ":1", "host:0", "host:99999", "1.2.3.4:x"):
        says(done(given.ana, "dial", address), "HOST:PORT", Exit.USAGE)
    whole(given.ana)


def test_a_damaged_hand_over_file_is_refused(given: Given, mina: Device, tmp_path: Path) -> None:
    """Cut anywhere, changed anywhere: nothing of it is believed that does not prove itself."""
    good = given.file.read_bytes()
    file = tmp_path / "damaged.atoll"
    for size in (15, 16, 100, len(good) // 2, len(good) - 1):
        file.write_bytes(good[:size])
        says(done(mina, "join", str(file), "--into", str(mina.folder)), DAMAGED, Exit.NOT_ALLOWED)
    for junk in (os.urandom(100_000), bytes(100_000)):
        file.write_bytes(junk)
        says(done(mina, "join", str(file), "--into", str(mina.folder)), "neither", Exit.USAGE)
    says(
        done(mina, "join", str(tmp_path / "none.atoll"), "--into", str(mina.folder)),
        "could not be read",
        Exit.WRONG,
    )
    assert not mina.folder.exists() and listed(mina, "spaces") == []


def test_a_bit_turned_over_in_a_hand_over_file_changes_nothing_that_counts(
    given: Given, fresh: Device, tmp_path: Path
) -> None:
    """Refused, or what came is what was given: a part that was hurt is fetched later."""
    good, file = given.file.read_bytes(), tmp_path / "hurt.atoll"
    for turn, at in enumerate(range(20, len(good), len(good) // 12)):
        file.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        mina = copy_of(fresh, tmp_path / f"mina-{turn}")
        into = tmp_path / f"into-{turn}"
        told = done(mina, "join", str(file), "--into", str(into))
        assert_plain(told)
        assert told.returncode in {Exit.OK, Exit.NOT_ALLOWED, Exit.WRONG}, told
        had = content_of(given.ana.folder)
        assert all(had.get(name, body) == body for name, body in content_of(into).items())
        assert done(mina, "check").returncode == Exit.OK


# -- folders -------------------------------------------------------------------------------
def test_joining_a_folder_that_holds_something_is_refused_without_merge(
    given: Given, mina: Device
) -> None:
    """Nothing is mixed up that nobody asked to mix, and the code stays good."""
    mina.folder.mkdir()
    (mina.folder / ".hidden").write_text("mine\n", "utf-8")
    before = content_of(mina.folder)
    told = done(mina, "join", str(given.file), "--into", str(mina.folder))
    says(told, "This folder holds something already.", Exit.WRONG)
    assert content_of(mina.folder) == before and listed(mina, "spaces") == []
    told = done(mina, "join", str(given.file), "--into", str(mina.folder), "--merge")
    assert told.returncode == Exit.OK, told


def test_merging_unites_both_and_overwrites_nothing(
    given: Given, fresh: Device, other: Device
) -> None:
    """On both ends all contents of both are there, to the last byte."""
    with open_place() as top:
        ana, mina = copy_of(fresh, top / "ana"), copy_of(other, top / "mina")
        ana.folder, mina.folder = top / "ana/Notes", top / "mina/Notes"
        shutil.copytree(given.ana.folder, ana.folder, ignore=shutil.ignore_patterns(".atoll"))
        (mina.folder / "deep").mkdir(parents=True)
        mine = {"both.md": b"by Mina\n", "both.bin": b"\0by Mina", "deep/own.md": b"own\n"}
        for name, body in mine.items():
            (mina.folder / name).write_bytes(body)
        theirs = (b"flour\n", b"by Ana\n", b"\0by Ana")
        done(ana, "add", str(ana.folder))
        for device in (ana, mina):
            device.start()
        try:
            code = ana.value("share", "Notes", "--can", "edit")["code"]
            mina.ask("join", str(code), "--into", str(mina.folder), "--merge")
            until(lambda: ana.where() == mina.where() == "everywhere", "all is everywhere")
            for device in (ana, mina):
                every = b"\n".join(
                    body for body in content_of(device.folder).values() if isinstance(body, bytes)
                )
                assert all(body.strip() in every for body in (*mine.values(), *theirs)), every
                assert listed(device, "bin") == []
                whole(device)
        finally:
            for device in (ana, mina):
                device.stop()


def test_folders_that_cannot_be_added_are_refused(given: Given, tmp_path: Path) -> None:
    """Missing, no folder, the whole disk, our own data, around or inside one that is there."""
    inside = given.ana.folder / "inside"
    inside.mkdir(exist_ok=True)
    link = tmp_path / "link"
    link.symlink_to(given.ana.folder)
    kept = content_of(given.ana.data / "spaces").keys()
    for path, words, exits in (
        (tmp_path / "missing", "could not be read", Exit.WRONG),
        (given.ana.folder / "bread.md", "could not be read", Exit.WRONG),
        (Path("/dev/null"), "could not be read", Exit.WRONG),
        (Path("/"), "The root of the disk cannot be shared.", Exit.USAGE),
        (given.ana.data, "is in Atoll already", Exit.WRONG),
        (given.ana.data / "spaces", "is in Atoll already", Exit.WRONG),
        (given.ana.folder.parent, "is in Atoll already", Exit.WRONG),
        (inside, "is in Atoll already", Exit.WRONG),
    ):
        says(done(given.ana, "add", str(path)), words, exits)
    for path in (given.ana.folder, link):  # it is there: an `add` that was stopped goes on
        assert done(given.ana, "add", str(path)).returncode == Exit.OK
    assert len(listed(given.ana, "spaces")) == 1
    assert content_of(given.ana.data / "spaces").keys() == kept
    inside.rmdir()


def test_a_folder_of_another_device_is_not_taken_over(given: Given, mina: Device) -> None:
    """Two programs that keep one folder would each undo what the other does."""
    says(done(mina, "add", str(given.ana.folder)), "is in Atoll already", Exit.WRONG)
    assert listed(mina, "spaces") == []
    assert not list(mina.data.glob("spaces/*"))
    whole(given.ana)


@needs_root
def test_folders_without_rights_are_said_and_nothing_is_left_behind() -> None:
    """To read, to write, or both; by name."""
    with open_place() as top:
        data = top / "data"
        data.mkdir()
        os.chown(data, NOBODY, NOBODY)
        assert as_nobody(data, "init", "--name", "Nobody").returncode == Exit.OK
        for rights in (0o000, 0o400, 0o555):
            folder = top / f"folder-{rights:o}"
            folder.mkdir()
            (folder / "a.md").write_text("a\n", "utf-8")
            os.chown(folder, NOBODY, NOBODY)
            folder.chmod(rights)
            for words in (["add", str(folder)],):
                says(as_nobody(data, *words), f"“{folder}” could not be read", Exit.WRONG)
        assert not list((data / "spaces").iterdir())


@needs_root
def test_what_may_not_be_read_is_named_and_never_taken_for_deleted() -> None:
    """A folder that is closed for a while looks empty; it is not."""
    with open_place() as top:
        data, folder = top / "data", top / "Notes"
        for path in (data, folder, folder / "closed"):
            path.mkdir()
        (folder / "closed/in.md").write_text("in\n", "utf-8")
        (folder / "secret.md").write_text("secret\n", "utf-8")
        (folder / "open.md").write_text("open\n", "utf-8")
        for path in (data, folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        assert as_nobody(data, "init", "--name", "Nobody").returncode == Exit.OK
        assert as_nobody(data, "add", str(folder)).returncode == Exit.OK
        (folder / "closed").chmod(0)
        (folder / "secret.md").chmod(0)
        assert_plain(as_nobody(data, "scan"))
        assert as_nobody(data, "bin").stdout == "Empty. Deleted things wait here.\n"
        assert as_nobody(data, "show", str(folder / "closed/in.md")).stdout == "in\n"
        other = top / "Other"
        other.mkdir()
        (other / "closed").mkdir(mode=0)
        (other / "open.md").write_text("open\n", "utf-8")
        for path in (other, *other.iterdir()):
            os.chown(path, NOBODY, NOBODY)
        told = as_nobody(data, "add", str(other))
        assert told.returncode == Exit.OK and "not shared: closed" in told.stdout


# -- what lies in folders ------------------------------------------------------------------
NAMES = [b"back\\slash.md", b"\xff\xfe.md", b"ctl\x01\x1b[31m.md", b"bidi\xe2\x80\xaegnp.md"]
NAMES += [b"new\nline.md", b" lead", b"trail. ", b"CON", b"a:b", b"x" * 255, b"-rf", b"\xc2\x85"]


def test_odd_names_and_special_files_are_shared_or_named(mina: Device, tmp_path: Path) -> None:
    """Nothing hangs, nothing is followed, and no name moves the cursor of a terminal."""
    folder = mina.folder
    folder.mkdir()
    for name in NAMES:
        (folder / os.fsdecode(name)).write_bytes(name)
    os.mkfifo(folder / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        listening.bind("socket")
    listening.close()
    (folder / "loop").symlink_to(".")
    (folder / "itself").symlink_to("itself")
    (folder / "nowhere").symlink_to("/nowhere")
    (folder / "out").symlink_to("/etc")
    before = content_of(folder)
    told = done(mina, "add", str(folder))
    assert told.returncode == Exit.OK, told
    left_out = {line.removeprefix("  not shared: ") for line in told.stdout.splitlines()[1:]}
    assert left_out == {"pipe", "socket", "back\\slash.md", "\\udcff\\udcfe.md"}
    whole(mina)
    for words in (["spaces"], ["status", "--alone"], ["log"], ["search", "md"], ["scan"]):
        told = done(mina, *words)
        shown = told.stdout + told.stderr
        assert_plain(told)
        assert not set(shown) & {"\x1b", "\x01", "\u202e", "\x85"}, shown
    assert {k: v for k, v in content_of(folder).items() if not k.startswith(".atoll")} == before
    into = tmp_path / "out"
    assert done(mina, "export", "Notes", str(into)).returncode == Exit.OK
    exported = content_of(into)
    assert exported == {name: body for name, body in before.items() if name in exported}
    assert before.keys() - exported.keys() == {
        "pipe",
        "socket",
        "back\\slash.md",
        os.fsdecode(b"\xff\xfe.md"),
    }


@pytest.mark.slow
def test_a_huge_hollow_file_costs_no_memory(mina: Device) -> None:
    """10 GiB of nothing: read piece by piece, kept once."""
    mina.folder.mkdir()
    with (mina.folder / "hollow.img").open("wb") as file:
        file.truncate(10 << 30)
    mina.start()
    assert mina.tries("status").returncode == Exit.OK
    before = peak(mina)
    adding = mina.begins("add", str(mina.folder), "--quiet")
    assert adding.wait(LONG) == Exit.OK, adding.stderr
    adding.communicate()
    assert peak(mina) - before <= 50 << 20
    mina.stop()
    kept = sum(path.stat().st_size for path in mina.data.rglob("*") if path.is_file())
    assert kept < 100 << 20


def peak(device: Device) -> int:
    """Return the most memory that a program ever held, in bytes."""
    program = device._program  # noqa: SLF001  nobody else asks
    assert program is not None
    lines = Path(f"/proc/{program.pid}/status").read_text("ascii").splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(line.split()[1]) << 10
