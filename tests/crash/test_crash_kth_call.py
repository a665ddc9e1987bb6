"""Every single call to the system fails once, on every way in which Atoll writes to a disk.

One clear error comes out, or the work is done in spite of it; nothing that was acknowledged is
lost; and once the fault is over the same work, done again, ends as if nothing had been.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Protocol

import pytest

from app.accounts import Account, set_up
from app.places import Places, prepare
from app.progress import silent
from storage.access.roles import Role
from storage.errors import AtollError, NotKept
from storage.identity.keyfile import load, save
from storage.vault import Vault
from tests.access import Dice, device
from tests.crash.all_stories import STORIES
from tests.crash.caring import BackingUp, ComingBack, Mending
from tests.crash.collecting import collect
from tests.crash.faults import NUMBERS, Fault, faults
from tests.crash.folders import FOLDER, Shown, files, judge_rest, shown_by, tree
from tests.crash.images import MEMORY
from tests.crash.machine import same_machine
from tests.crash.stories import Look, Told, Words, add, entry_of, fingerprint, move, remove
from tests.crash.stories import save as save_file
from tests.crash.trace import ROOT
from tests.helpers.vaults import Place, exchange, things_of

pytestmark = [
    pytest.mark.crash,
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the disk in memory is Linux's"),
]
MOST_CALLS = 2_000
SYNC_EVERY = {"fast": 4, "full": 2, "night": 1}


class Try(Protocol):
    """One try: a fresh copy of the ground, and the work on it."""

    def work(self) -> None:
        """Do the work, or go on with it."""
        ...

    def judge(self) -> None:
        """Look that it is done, that nothing else is lost, and that it can be opened anew."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Ground:
    """Two devices, one of them with news for the other, and a folder with news of its own."""

    def __init__(self, base: Path) -> None:
        self.base = base / "base"
        self.place = Place(self.base)
        vault = self.place.create()
        for name in ("edited.md", "moved.md", "gone.md"):
            add(vault, name, f"{name} as it was\n".encode())
        self.other = Place(base / "away").join(vault, "editor", Role.MANAGE)
        exchange(vault, self.other)
        shown = shown_by(vault, self.place, self.base / FOLDER)
        shown.mirror.attach()
        shown.bring()
        save_file(self.other, "edited.md", b"edited.md as it was\nand more\n")
        add(self.other, "new.bin", b"\0" * 100 + bytes(range(256)) * 20)
        move(self.other, "moved.md", "moved away.md")
        remove(self.other, "gone.md")
        self.news = self.other.things_after(vault.seen, vault.auth, 1 << 20).things
        shown.close()
        invited = self.other.invite(Role.EDIT, None)
        self.invited = invited.secret, self.other.invite_things(invited.secret.id)
        self._tries = base / "try"

    def fresh(self) -> Place:
        """Return a copy to fail on."""
        shutil.rmtree(self._tries, ignore_errors=True)
        shutil.copytree(self.base, self._tries, symlinks=True)
        return Place(self._tries)

    def open(self) -> tuple[Place, Vault]:
        """Return a copy, opened."""
        place = self.fresh()
        return place, place.open()


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """Make the ground once."""
    where = MEMORY if MEMORY.is_dir() else None
    base = Path(tempfile.mkdtemp(prefix="atoll-kth-", dir=where))
    yield Ground(base)
    shutil.rmtree(base)


class OnVault:
    """Work on a vault."""

    def __init__(self, ground: Ground, work: Callable[[Ground, Vault], None]) -> None:
        self._ground = ground
        self._do = work
        self._place, self.vault = ground.open()

    def work(self) -> None:
        """Do it."""
        self._do(self._ground, self.vault)

    def judge(self) -> None:
        """Look at it as it is, and opened anew."""
        now = fingerprint(self.vault), self.vault.root
        self.vault.close()
        self.vault = self._place.open("owner", "after")
        assert (fingerprint(self.vault), self.vault.root) == now
        assert [it for it in self.vault.check().found if it.severity == "damaged"] == []

    def close(self) -> None:
        """Let go."""
        self.vault.close()


def commit(_ground: Ground, vault: Vault) -> None:
    """Commit a file, once."""
    if not any(path == ("ours.bin",) for path, _ in vault.tree().walk()):
        add(vault, "ours.bin", b"\0ours")
    assert ("ours.bin",) in {path for path, _ in vault.tree().walk()}


def take(ground: Ground, vault: Vault) -> None:
    """Take in what the other has."""
    vault.accept(ground.news)
    while wanted := vault.missing(4):
        vault.put_blocks(it for it in ground.other.get_blocks(wanted) if it is not None)
    assert fingerprint(vault) == fingerprint(ground.other)


class Opening:
    """A vault is opened; with its index, or without."""

    def __init__(self, ground: Ground, *, without_index: bool) -> None:
        self._place = ground.fresh()
        if without_index:
            for path in (self._place.folder / "owner").glob("index.db*"):
                path.unlink()
        self._vault: Vault | None = None

    def work(self) -> None:
        """Open it."""
        if self._vault is None:
            self._vault = self._place.open()
        fingerprint(self._vault)

    def judge(self) -> None:
        """Look that all is there."""
        assert self._vault is not None
        assert {path for path, _ in self._vault.tree().walk()} == {
            ("edited.md",),
            ("moved.md",),
            ("gone.md",),
        }
        assert self._vault.check().found == ()

    def close(self) -> None:
        """Let go."""
        if self._vault is not None:
            self._vault.close()


class Joining:
    """A device enters a space."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._place = ground.fresh()
        self._vault: Vault | None = None

    def work(self) -> None:
        """Enter, and take in all."""
        place, (secret, things) = self._place, self._ground.invited
        if self._vault is None:
            other = self._ground.other
            self._vault = Vault.join(
                place.folder / "joined",
                device("who joins"),
                things,
                secret,
                other.space,
                place.clock,
                Dice("who joins"),
            )
        self._vault.accept(things_of(self._ground.other))
        while wanted := self._vault.missing(4):
            found = self._ground.other.get_blocks(wanted)
            self._vault.put_blocks(it for it in found if it is not None)

    def judge(self) -> None:
        """Look that all is there."""
        assert self._vault is not None
        assert fingerprint(self._vault) == fingerprint(self._ground.other)
        assert self._vault.check().found == ()

    def close(self) -> None:
        """Let go."""
        if self._vault is not None:
            self._vault.close()


class OnFolder:
    """Work between a vault and its folder."""

    def __init__(self, ground: Ground, *, brings: bool) -> None:
        place, vault = ground.open()
        self._place, self._ground = place, ground
        self._shown: Shown | None = shown_by(vault, place, place.folder / FOLDER, "try")
        self._shown.mirror.attach()  # it is a copy, so all is compared anew
        self._shown.look()
        self._shown.bring()
        if brings:
            take(ground, vault)
        else:
            folder = place.folder / FOLDER
            (folder / "edited.md").write_bytes(b"edited.md as it was\nand by the person\n")
            (folder / "moved.md").rename(folder / "moved by the person.md")
            (folder / "gone.md").unlink()
            (folder / "d").mkdir()
            (folder / "d" / "new.bin").write_bytes(b"\0" * 3000)
        self._wanted = tree(vault) if brings else files(place.folder / FOLDER)

    def work(self) -> None:
        """Look and bring, as the app does; what was in the way is tried again."""
        if self._shown is None or self._shown.mirrored.is_damaged():
            self._start_again()
        assert self._shown is not None
        self._shown.mirror.look(silent, grace=0.0)
        self._shown.mirror.bring(silent)

    def judge(self) -> None:
        """Look at both, as they are and opened anew."""
        assert self._shown is not None
        assert files(self._place.folder / FOLDER) == self._wanted
        assert tree(self._shown.vault) == self._wanted
        self._start_again()
        judge_rest(self._shown, Look())

    def close(self) -> None:
        """Let go."""
        shown, self._shown = self._shown, None
        if shown is not None:
            with suppress(AtollError):
                shown.mirror.close()
            shown.mirrored.close()
            shown.vault.close()

    def _start_again(self) -> None:
        self.close()
        vault = self._place.open("owner", "anew")
        try:
            shown = shown_by(vault, self._place, self._place.folder / FOLDER, "anew")
        except BaseException:
            vault.close()
            raise
        try:
            shown.mirror.attach()
        except BaseException:
            shown.mirrored.close()
            vault.close()
            raise
        self._shown = shown


class Attaching:
    """A folder is taken on."""

    def __init__(self, ground: Ground) -> None:
        self._place, self._vault = ground.open()
        self._folder = self._place.folder / "another"
        self._shown = shown_by(self._vault, self._place, self._folder, "try")

    def work(self) -> None:
        """Take it on, and fill it."""
        if self._shown.mirrored.is_damaged():
            self._shown.mirrored.close()
            self._shown = shown_by(self._vault, self._place, self._folder, "again")
        self._shown.mirror.take_on(merge=False)
        self._shown.look()
        self._shown.bring()

    def judge(self) -> None:
        """Look that it shows the space."""
        judge_rest(self._shown, Look())

    def close(self) -> None:
        """Let go."""
        self._shown.mirrored.close()
        self._vault.close()


class Keeping:
    """Keys are written in place of others."""

    def __init__(self, ground: Ground) -> None:
        self._path = ground.fresh().folder / "device.key"
        save(self._path, device("before"))

    def work(self) -> None:
        """Write them."""
        save(self._path, device("after"))

    def judge(self) -> None:
        """Read them."""
        assert load(self._path).did == device("after").did

    def close(self) -> None:
        """Read them: old or new, never none."""
        assert load(self._path).did in {device("before").did, device("after").did}


class SettingUp:
    """A device is set up, and remembers a word."""

    def __init__(self, ground: Ground) -> None:
        self._places = Places(ground.fresh().folder / "data")

    def work(self) -> None:
        """Set it up, unless that is done."""
        asyncio.run(self._work())

    async def _work(self) -> None:
        prepare(self._places)
        if not self._places.is_set_up():
            await set_up(self._places, "Desk", Dice("set up"))
        state = Account.open(self._places).state
        try:
            await state.set("language", "en")
        finally:
            await state.close()

    def judge(self) -> None:
        """Look that it knows its name and the word."""
        state = Account.open(self._places).state
        assert state.settings == {"name": "Desk", "language": "en"}
        asyncio.run(state.close())

    def close(self) -> None:
        """Nothing is held."""


def give_back(_ground: Ground, vault: Vault) -> None:
    """Save a long file over once, and collect what it was."""
    if not any(path == ("long.bin",) for path, _ in vault.tree().walk()):
        add(vault, "long.bin", b"\0" + Random(5).randbytes(30_000))  # noqa: S311
    entry = entry_of(vault, "long.bin")
    if len(vault.history(entry)) == 1:
        save_file(vault, "long.bin", b"\0" + Random(6).randbytes(30_000))  # noqa: S311
    collect(vault)
    with pytest.raises(NotKept):
        list(vault.read_at(entry, vault.history(entry)[1].cid))


TRIES: dict[str, Callable[[Ground], Try]] = {
    "commit": lambda ground: OnVault(ground, commit),
    "intake": lambda ground: OnVault(ground, take),
    "collection": lambda ground: OnVault(ground, give_back),
    "opening": lambda ground: Opening(ground, without_index=False),
    "rebuild": lambda ground: Opening(ground, without_index=True),
    "join": Joining,
    "import": lambda ground: OnFolder(ground, brings=False),
    "checkout": lambda ground: OnFolder(ground, brings=True),
    "attach": Attaching,
    "keys": Keeping,
    "state": SettingUp,
    "repair": Mending,
    "backup": lambda ground: BackingUp(ground, in_one_file=False),
    "backup file": lambda ground: BackingUp(ground, in_one_file=True),
    "restore backup": ComingBack,
}


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", TRIES)
def test_whichever_call_fails_it_is_said_and_the_work_ends_well_after(
    ground: Ground, name: str, number: str, ran: Callable[[str], None]
) -> None:
    """A bad sector, a full disk, a right that was taken away: at every single call."""
    wrong: list[str] = []
    with faults() as fault:
        for k in range(MOST_CALLS):
            hit, trouble = fail_at(TRIES[name](ground), fault, k, NUMBERS[number])
            if trouble:
                wrong.append(f"call {k}, {hit}: {trouble}")
            if not hit:
                break
        else:
            raise AssertionError("it never ends")
    ran(f"{name}: each of {k} calls failed once with {number}")
    assert not wrong, "\n".join(wrong)


def fail_at(tried: Try, fault: Fault, k: int, number: int) -> tuple[str, str]:
    """Let the k-th call fail; return which it was, and what is wrong after it."""
    try:
        with suppress(AtollError), fault.at(k, number):
            tried.work()
        for _ in range(2):  # who looked while something was in the way looks once more
            tried.work()
        tried.judge()
    except Exception as error:  # noqa: BLE001  each is told with its call
        return fault.hit, f"{type(error).__name__}: {error}"
    finally:
        with suppress(AtollError):
            tried.close()
    return fault.hit, ""


def test_whichever_sync_fails_what_was_acknowledged_before_is_there(
    tmp_path: Path, ran: Callable[[str], None]
) -> None:
    """SQLite's syncs as well, which nobody but the system can let fail: strace does it."""
    _, every, _ = told_with(tmp_path / "whole", MOST_CALLS)
    step, syncs = SYNC_EVERY[os.environ.get("ATOLL_TESTS", "fast")], 0
    for k in range(1, MOST_CALLS, step):
        base = tmp_path / str(k)
        injected, said, complaint = told_with(base, k)
        if not injected:
            break
        syncs += 1
        last = complaint.strip().splitlines()[-1] if complaint else ""
        assert not last or last.startswith("storage."), complaint
        with same_machine():
            STORIES["commit"].judge(base, Told(said, every), Look())
    ran(f"commit: {syncs} of {k - 1} syncs failed once with EIO")
    assert syncs


def told_with(base: Path, k: int) -> tuple[bool, Sequence[Words], str]:
    """Tell a story while a call fails; return if it did, what was said, and how it ended."""
    (base / "root").mkdir(parents=True)
    (base / "said").touch()
    fails = ["-e", f"inject=fsync,fdatasync:error=EIO:when={k}"]
    done = subprocess.run(
        [
            *("strace", "-f", "-o", str(base / "log"), "-e", "trace=fsync,fdatasync", *fails),
            *(sys.executable, "-P", "-m", "tests.crash.tell", str(base), "commit"),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = [json.loads(line) for line in (base / "said").read_text("utf-8").splitlines()]
    return "INJECTED" in (base / "log").read_text("utf-8"), said, done.stderr
