"""Stories of the plain folder: looked at, written to, marked, and added as a person adds it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

from app import compose
from app.accounts import Account, set_up
from app.compose import RealMirrors, build_node
from app.config import Config
from app.folder.ignore import REPLACED, TEMPORARY
from app.folder.mirror import Mirror
from app.opened import Mirrored
from app.places import Places, prepare
from app.progress import silent
from storage.errors import AtollError
from storage.facts.change import TOP
from storage.identity.device import DeviceKeys
from storage.vault import Vault
from tests.access import Dice
from tests.crash.stories import Look, Say, Told, add, all_lasts, move, remove, save
from tests.helpers.mirrored import disk
from tests.helpers.vaults import META, Place, core_of, exchange

FOLDER = "folder"
OTHER = "other folder"
REMOVED = "d/n3.md"
MANY = 10
"""More files than are made to last one by one."""

compose.BOOT_ID = Path("/nowhere")  # after a power cut the machine is started anew


@dataclass(frozen=True, slots=True)
class Someone:
    """The part of an account that mirrors need."""

    keys: DeviceKeys
    name: str = "Desk"


@dataclass(slots=True)
class Shown:
    """A vault and the folder that shows it."""

    vault: Vault
    mirrored: Mirrored
    folder: Path

    @property
    def mirror(self) -> Mirror:
        """The mirror."""
        return self.mirrored.mirror

    def look(self) -> None:
        """Tell the space what is in the folder; what is missing is missing."""
        self.mirror.look(silent, grace=0.0)

    def bring(self) -> None:
        """Write to the folder."""
        self.mirror.bring(silent)

    def close(self) -> None:
        """End as a program ends."""
        self.mirror.close()
        self.mirrored.close()
        self.vault.close()


def shown_by(vault: Vault, place: Place, folder: Path, again: str = "") -> Shown:
    """Put a vault and a folder together, as the app does."""
    folder.mkdir(exist_ok=True)
    someone = cast("Any", Someone(core_of(vault).device))
    dice = cast("Any", Dice(f"{folder.name} {again}"))
    mirrors = RealMirrors(someone, cast("Any", place.clock), dice)
    return Shown(vault, mirrors.make(vault, place.folder / "owner", folder), folder)


@contextmanager
def opened(place: Place, folder: Path, again: str) -> Iterator[Shown]:
    """Open a vault and its folder, as a start does."""
    shown = shown_by(place.open("owner", again), place, folder, again)
    try:
        shown.mirror.attach()
        yield shown
    finally:
        shown.close()


def files(folder: Path) -> dict[str, str]:
    """Return path to digest of what a person sees."""
    return {path: _digest(data) for path, data in disk(folder).items()}


def tree(vault: Vault) -> dict[str, str]:
    """Return the same of what a space shows."""
    return {
        "/".join(path) + ("" if node.version else "/"): _digest(
            b"".join(vault.read(node)) if node.version else b""
        )
        for path, node in vault.tree().walk()
    }


def is_ours(name: str) -> bool:
    """Say whether a name is one under which a file is written, or waits to go."""
    return bool(TEMPORARY.match(name) or REPLACED.match(name))


def records(vault: Vault) -> list[str]:
    """Return the names of all records."""
    return sorted(step.cid.hex() for step in vault.history(limit=-1))


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def judge_rest(shown: Shown, look: Look | None = None) -> None:
    """Look that nothing is left to do, nor to be published, and that all verifies."""
    if shown.vault.is_complete():
        assert files(shown.folder) == tree(shown.vault), "it does not show the space"
    before = records(shown.vault)
    looked, brought = shown.mirror.look(silent, grace=0.0), shown.mirror.bring(silent)
    assert not looked.changed, f"something looked like a change: {looked}"
    assert not (brought.written or brought.moved or brought.removed), brought
    assert records(shown.vault) == before
    leftover = [p.name for p in shown.folder.rglob("*") if is_ours(p.name)]
    assert not leftover, leftover
    if look is not None and look.check:
        found = [it for it in shown.vault.check().found if it.severity == "damaged"]
        assert not found, found


class Importing:
    """A person's files are taken in; then some are edited, renamed, removed."""

    def tell(self, base: Path, say: Say) -> None:
        """Look, change, look again."""
        root, noise = base / "root", Random(5)  # noqa: S311
        place = Place(root)
        shown = shown_by(place.create(), place, root / FOLDER)
        shown.mirror.attach()
        (root / FOLDER / "d").mkdir()
        for number in range(8):
            (root / FOLDER / "d" / f"n{number}.md").write_bytes(b"a line\n" * (number + 1))
        (root / FOLDER / "long.bin").write_bytes(noise.randbytes(30_000))
        all_lasts(root)
        say(begin=True)
        shown.look()
        say(records=records(shown.vault))
        shown.bring()
        say(person=True)
        (root / FOLDER / "d" / "n1.md").write_bytes(b"an edit\n")
        (root / FOLDER / "long.bin").write_bytes(noise.randbytes(20_000))
        (root / FOLDER / "d" / "n2.md").rename(root / FOLDER / "moved.md")
        (root / FOLDER / REMOVED).unlink()
        (root / FOLDER / "new.md").write_bytes(b"new\n")
        all_lasts(root)
        say(person=False)
        shown.look()
        say(records=records(shown.vault))
        shown.bring()
        shown.close()

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Look again: the folder stays as the person left it, and all of it is in the space."""
        place, folder = Place(base / "root"), base / "root" / FOLDER
        as_left = files(folder)
        with opened(place, folder, "once") as shown:
            held = set(records(shown.vault))
            said = told.last("records")
            assert said is None or held.issuperset(cast("list[str]", said)), "a record is lost"
            shown.look()
            shown.bring()
            now = files(folder)  # after a power cut nothing missing is taken for removed
            assert {p: now[p] for p in now if p != REMOVED or p in as_left} == as_left
            assert files(folder) == tree(shown.vault), "not all of it is in the space"
        if look.check:
            with opened(place, folder, "twice") as shown:
                judge_rest(shown, look)


class CheckingOut:
    """What others changed is written to the folder: many files, edits, moves, removals."""

    def tell(self, base: Path, say: Say) -> None:
        """Take in what another device changed, and bring it, three times."""
        root, noise = base / "root", Random(6)  # noqa: S311
        place = Place(root)
        vault = place.create()
        for name in ("edited.md", "moved.md", "gone.md"):
            add(vault, name, f"{name} as it was\n".encode())
        add(vault, "edited.bin", b"\0" + noise.randbytes(5_000))
        other = Place(base / "away").join(vault, "editor")
        exchange(vault, other)
        shown = shown_by(vault, place, root / FOLDER)
        shown.mirror.attach()
        shown.bring()
        all_lasts(root)
        say(begin=True, done=tree(vault))
        for step in (self._first, self._second, self._third):
            step(other, noise)
            exchange(vault, other)
            say(coming=tree(vault))
            shown.bring()
            say(done=tree(vault))
        shown.close()

    def _first(self, other: Vault, noise: Random) -> None:
        save(other, "edited.md", b"edited.md as it was\nand more\n")
        save(other, "edited.bin", b"\0" + noise.randbytes(6_000))
        add(other, "new.bin", b"\0" + noise.randbytes(3_000))
        move(other, "moved.md", "moved away.md")
        remove(other, "gone.md")

    def _second(self, other: Vault, noise: Random) -> None:
        change = other.change()
        folder = change.add_folder(TOP, "many")
        other.commit(change, "a folder")
        for number in range(MANY):
            change = other.change()
            content = core_of(other).contents.store_bytes(b"\0" + noise.randbytes(700 + number))
            change.add_file(folder, f"{number}.bin", content, META)
            other.commit(change, "one of many")

    def _third(self, other: Vault, noise: Random) -> None:
        save(other, "edited.md", b"edited.md as it was\nand more\nand still more\n")
        save(other, "edited.bin", b"\0" + noise.randbytes(4_000))
        remove(other, "many")
        add(other, "gone.md", b"here again\n")

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Look at the folder as a person would, before anything is opened; then open all."""
        place, folder = Place(base / "root"), base / "root" / FOLDER
        self._judge_raw(folder, told)
        with opened(place, folder, "once") as shown:
            before = records(shown.vault)
            looked = shown.mirror.look(silent, grace=0.0)
            assert records(shown.vault) == before, f"something was published: {looked}"
            shown.bring()
            judge_rest(shown)
        if look.check:
            with opened(place, folder, "twice") as shown:
                judge_rest(shown, look)

    def _judge_raw(self, folder: Path, told: Told) -> None:
        versions: dict[str, set[str]] = {}
        for words in told.all:
            for shown in (words.get("done"), words.get("coming")):
                for path, digest in cast("dict[str, str]", shown or {}).items():
                    versions.setdefault(path, set()).add(digest)
        here = {p: d for p, d in files(folder).items() if not is_ours(Path(p).name)}
        for path, digest in here.items():
            assert digest in versions.get(path, set()), f"{path} is not whole"
        start = max(n for n, words in enumerate(told.before) if "done" in words)
        later = [words.get("done") or words.get("coming") for words in told.all[start:]]
        for path, digest in cast("dict[str, str]", told.before[start]["done"]).items():
            if all(cast("dict[str, str]", shown).get(path) == digest for shown in later if shown):
                assert here.get(path) == digest, f"{path}, which was written, is lost"


class Marking:
    """A folder is taken on and marked; then another one in its place."""

    def tell(self, base: Path, say: Say) -> None:
        """Attach, bring, take another folder on, bring."""
        root = base / "root"
        place = Place(root)
        vault = place.create()
        for number in range(3):
            add(vault, f"n{number}.md", b"a line\n" * (number + 1))
        shown = shown_by(vault, place, root / FOLDER)
        (root / OTHER).mkdir()
        all_lasts(root)
        say(begin=True)
        shown.mirror.attach()
        say(folder=FOLDER)
        shown.bring()
        say(done=tree(vault))
        shown.mirror.close()
        shown.mirrored.close()
        shown = shown_by(vault, place, root / OTHER)
        shown.mirror.take_on(merge=False)
        say(folder=OTHER)
        shown.bring()
        say(done=tree(vault))
        shown.close()

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Open the folder that was taken on last, or take it on now; and the same the other way."""
        place = Place(base / "root")
        for name in {str(told.last("folder") or FOLDER), OTHER if told.last("done") else FOLDER}:
            folder = base / "root" / name
            shown = shown_by(place.open("owner", f"once {name}"), place, folder, "once")
            try:
                before = tree(shown.vault)
                if told.last("folder") == name:
                    shown.mirror.attach()
                else:
                    shown.mirror.take_on(merge=False)
                shown.look()
                shown.bring()
                assert tree(shown.vault) == before, "something was published"
                judge_rest(shown, look)
            finally:
                shown.close()


class Adding:
    """The whole app: a device is set up, and a person's folder is added."""

    def tell(self, base: Path, say: Say) -> None:
        """Do what `atoll init` and `atoll add` do."""
        root = base / "root"
        places = Places(root / "data")
        (root / FOLDER).mkdir()
        for number in range(3):
            (root / FOLDER / f"n{number}.md").write_bytes(b"a line\n" * (number + 1))
        all_lasts(root)
        say(begin=True)
        prepare(places)
        asyncio.run(set_up(places, "Desk", Dice("adding")))
        say(set_up=True)
        asyncio.run(self._add(places, root / FOLDER, say))

    async def _add(self, places: Places, folder: Path, say: Say) -> None:
        node = build_node(Config(places, network=False, watch=False))
        await node.start()
        info = await node.add(folder)
        say(added=info.id)
        await node.stop()

    def judge(self, base: Path, told: Told, look: Look) -> None:
        """Open what is remembered: each space opens, and what was added is all there."""
        del look
        places, folder = Places(base / "root" / "data"), base / "root" / FOLDER
        if told.last("set_up") is None:
            with suppress(AtollError):
                Account.open(places)
            return
        spaces = asyncio.run(_spaces(places))
        added = told.last("added")
        assert added is None or added in spaces, "an added folder is forgotten"
        for held in spaces.values():
            assert added is None or held == files(folder), "what was added is lost"


async def _spaces(places: Places) -> dict[str, dict[str, str]]:
    """Return what each space that is remembered holds."""
    account = Account.open(places)
    clock, dice = Place(places.data).clock, Dice("look")
    found: dict[str, dict[str, str]] = {}
    for row in account.state.spaces.values():
        vault = Vault.open(places.space(row.id), account.keys, clock, dice)
        found[row.id] = tree(vault)
        vault.close()
    await account.state.close()
    return found
