"""What people do: with any program in their folder, and in notes that are open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass

from app.folder.memory import Thing
from app.folder.port import Path, Shape
from app.notes import Around, TypedNote, document_of
from storage.errors import AtollError
from storage.facts.change import EntryId
from storage.facts.node import Node
from tests.helpers.crashing_disk import PowerCut
from tests.sim.world.device import Device, Down
from tests.sim.world.promise import Promises, short, tokens_in

NAMES = ("a.md", "A.md", "b.txt", "é.md", "e\u0301.md", "c.bin", "a (2).md", "plan")
FOLDERS = ("d", "e", "d1")
_Act = Callable[["Person"], Coroutine[None, None, None] | None]


@dataclass(slots=True)
class Open:
    """A note that somebody has open."""

    note: TypedNote
    entry: EntryId


class Person:
    """Whoever sits at a device."""

    def __init__(self, device: Device, promises: Promises) -> None:
        self.device = device
        self.promises = promises
        self.random = device.machine.random
        self.lost_hints = 0.0
        """How often the system does not tell of a change."""
        self.open: Open | None = None
        device.heard_live = self._hear

    # -- in the folder -------------------------------------------------------------------
    async def act(self) -> None:
        """Do something in the folder, with any program."""
        if not self.device.folder.there:
            return
        act: _Act = self.random.choice(_ACTS)
        self._note(act.__name__)
        done = act(self)
        if done is not None:
            await done

    def act_at_once(self) -> None:
        """Do something that takes no time."""
        act: Callable[[Person], None] = self.random.choice(_AT_ONCE)
        self._note(f"meanwhile {act.__name__}")
        act(self)

    def _note(self, what: str) -> None:
        self.device.told.trace(f"{self.device.name}: {what}")

    def new(self) -> None:
        """Make a file."""
        at, path = self._some_folder()
        name = self.random.choice(NAMES)
        self.put(at, (*path, name), self._text() if name != "c.bin" else self.sealed())

    def new_folder(self) -> None:
        """Make a folder."""
        at, path = self._some_folder()
        name = self.random.choice(FOLDERS)
        if name not in at.names and len(path) < 4:
            self._names(at, name, self.device.folder.thing(Shape.FOLDER))
            self._hint((*path, name))

    def save_in_place(self) -> None:
        """Write over a file."""
        if (found := self._some_file()) is not None:
            at, path, thing = found
            self.put(at, path, self._edited(thing.data))

    async def save_slowly(self) -> None:
        """Cut a file to nothing, and write it a moment later, as careless editors do."""
        if (found := self._some_file()) is None:
            return
        at, path, thing = found
        data = thing.data
        self.put(at, path, b"", keeps=data)
        await self._pause()
        new = self._edited(data)
        if at.names.get(path[-1]) is not thing or not self.put(at, path, new):
            new = b""  # it is not there any more: the editor says so, and the person gives up
        self.promises.replaced(data, new)

    async def save_by_rename(self) -> None:
        """Write beside, and rename over, as careful editors do."""
        if (found := self._some_file()) is None:
            return
        at, path, thing = found
        data = self._edited(thing.data)
        beside = self.random.choice((".saving~", "4913", f".{path[-1]}.swp"))
        self.put(at, (*path[:-1], beside), data)
        await self._pause()
        if beside in at.names:
            self.rename(at, (*path[:-1], beside), at, path)

    async def save_with_backup(self) -> None:
        """Move the old one aside, write the new one, remove the old one."""
        if (found := self._some_file()) is None:
            return
        at, path, thing = found
        data, aside = thing.data, (*path[:-1], f"{path[-1]}~")
        self.rename(at, path, at, aside)
        await self._pause()
        new = self._edited(data)
        if not self.put(at, path, new):
            new = b""
        self.promises.replaced(data, new)
        await self._pause()
        if at.names.get(aside[-1]) is thing and self.random.random() < 0.7:
            self.take_out(at, aside, keeps=new)

    def move(self) -> None:
        """Move or rename a file."""
        if (found := self._some_file()) is not None:
            at, path, _ = found
            to, folder = self._some_folder()
            self.rename(at, path, to, (*folder, self.random.choice((*NAMES, path[-1]))))

    def move_folder(self) -> None:
        """Move or rename a folder."""
        folders = [found for found in self._all() if found[2].shape is Shape.FOLDER]
        if folders:
            at, path, thing = self.random.choice(folders)
            to, folder = self._some_folder()
            if folder[: len(path)] != path and thing is not to:
                self.rename(at, path, to, (*folder, self.random.choice(FOLDERS)))

    def delete(self) -> None:
        """Delete a file."""
        if (found := self._some_file()) is not None:
            self.take_out(found[0], found[1])

    def delete_folder(self) -> None:
        """Delete a folder with all in it."""
        folders = [found for found in self._all() if found[2].shape is Shape.FOLDER]
        if folders:
            at, path, _ = self.random.choice(folders)
            self.take_out(at, path)

    def edit_all(self) -> None:
        """Change every file of a folder in one go, as search and replace does."""
        at, folder = self._some_folder()
        paths = [(*folder, name) for name, it in at.names.items() if it.shape is Shape.FILE]
        for path in paths:
            self._write(at, path, self._edited(at.names[path[-1]].data))
        self._hint(*paths)

    def copy(self) -> None:
        """Copy a file; what it says is in two places then."""
        if (found := self._some_file()) is not None:
            at, path, thing = found
            target = (*path[:-1], self.random.choice(NAMES))
            if target != path:
                self.put(at, target, thing.data)

    def fill(self, count: int) -> None:
        """Make so many files in a folder."""
        at, path = self._some_folder()
        for number in range(count):
            name = f"{number}.md" if number % 3 else f"{number}.bin"
            if name not in at.names:
                self.put(at, (*path, name), self._text() if number % 3 else self.sealed())

    def files(self) -> list[tuple[Thing, Path, Thing]]:
        """Return all files with the folders that they lie in."""
        return [found for found in self._all() if found[2].shape is Shape.FILE]

    # -- steps on the disk ---------------------------------------------------------------
    def put(self, at: Thing, path: Path, data: bytes, keeps: bytes = b"") -> bool:
        """Write a file as most programs do; say whether it is there. `keeps` comes back soon."""
        done = self._write(at, path, data, keeps)
        if done:
            self._hint(path)
        return done

    def _write(self, at: Thing, path: Path, data: bytes, keeps: bytes = b"") -> bool:
        folder, name = self.device.folder, path[-1]
        thing = at.names.get(name)
        if self._path_of(at) is None or (thing is not None and thing.shape is not Shape.FILE):
            return False
        self._note(f"writes {'/'.join(path)}: {short(data)}")
        self.promises.replaced(b"" if thing is None else thing.data, data, keeps)
        if thing is None:
            thing = folder.thing(Shape.FILE, data)
            self._names(at, name, thing)
        else:
            thing.data, thing.mtime_ns, thing.ctime_ns = data, folder.tick(), folder.tick()
        folder.written(thing, by_person=True)
        return True

    def _path_of(self, place: Thing) -> Path | None:
        """Return where a folder lies now."""
        if place is self.device.folder.root:
            return ()
        return next((path for path, it in self.device.folder.walk() if it is place), None)

    def _names(self, at: Thing, name: str, thing: Thing) -> None:
        self.device.folder.before(at)
        at.names[name] = thing

    def rename(self, at: Thing, path: Path, to: Thing, target: Path) -> None:
        """Rename, over a file too."""
        folder = self.device.folder
        thing, there = at.names.get(path[-1]), to.names.get(target[-1])
        if thing is None or thing is there or (there is not None and there.shape is Shape.FOLDER):
            return
        if there is not None:
            if thing.shape is Shape.FOLDER:
                return
            self.promises.replaced(there.data, thing.data)
        self._note(f"renames {'/'.join(path)} to {'/'.join(target)}")
        folder.before(at, to)
        del at.names[path[-1]]
        thing.ctime_ns = folder.tick()
        to.names[target[-1]] = thing
        self._hint(path, target)

    def take_out(self, at: Thing, path: Path, keeps: bytes = b"") -> None:
        """Remove, with all below it. `keeps` is still somewhere."""
        self._note(f"removes {'/'.join(path)}")
        self.device.folder.before(at)
        todo = [at.names.pop(path[-1])]
        while todo:
            thing = todo.pop()
            self.promises.replaced(thing.data, None, keeps)
            todo += thing.names.values()
        self._hint(path)

    def _hint(self, *paths: Path) -> None:
        """Let the system tell of a change, mostly."""
        if self.random.random() < self.lost_hints:
            return
        after = self.random.choice((0.0, 0.05, 0.3, 1.0))
        asyncio.get_running_loop().call_later(after, self._tell, frozenset(paths))

    def _tell(self, paths: frozenset[Path]) -> None:
        if self.device.runs:
            self.device.in_step.changed(paths)

    async def _pause(self) -> None:
        await asyncio.sleep(self.random.choice((0.0, 0.02, 0.4, 3.0)))

    # -- what to choose from -------------------------------------------------------------
    def _all(self) -> list[tuple[Thing, Path, Thing]]:
        folder = self.device.folder
        places: dict[Path, Thing] = {(): folder.root}
        found: list[tuple[Thing, Path, Thing]] = []
        for path, thing in folder.walk():
            found.append((places[path[:-1]], path, thing))
            places[path] = thing
        return found

    def _some_file(self) -> tuple[Thing, Path, Thing] | None:
        files = self.files()
        return self.random.choice(files) if files else None

    def _some_folder(self) -> tuple[Thing, Path]:
        folders = [(t, path) for _, path, t in self._all() if t.shape is Shape.FOLDER]
        return self.random.choice([(self.device.folder.root, ()), *folders])

    def _text(self) -> bytes:
        lines = self.random.randint(1, 4)
        return "".join(f"{self.promises.token()} line\n" for _ in range(lines)).encode()

    def sealed(self) -> bytes:
        """Return bytes that nobody wrote before, and that are no text."""
        return b"\0" + self.promises.token().encode() * self.random.choice((1, 2, 500))

    def _edited(self, data: bytes) -> bytes:
        """Return what an editor makes of a file: a line more, one less, or another one."""
        if b"\0" in data or self.random.random() < 0.1:
            return self.sealed() if b"\0" in data else self._text()
        lines = data.decode(errors="ignore").splitlines(keepends=True)
        at = self.random.randint(0, len(lines))
        match self.random.randrange(4):
            case 0 if lines:
                del lines[at % len(lines)]
            case 1 if lines:
                lines[at % len(lines)] = f"{self.promises.token()} other\n"
            case _:
                lines.insert(at, f"{self.promises.token()} more\n")
        return "".join(lines).encode()

    # -- in a note -----------------------------------------------------------------------
    async def type(self) -> None:
        """Open a note, type in it, and save it now and then."""
        device = self.device
        if not device.runs:
            return
        try:
            if self.open is None or self.random.random() < 0.2:
                await self._sit_down()
            if self.open is not None:
                await self._type(self.open)
        except (PowerCut, Down):
            self.open = None
        except AtollError as error:
            self._note(f"could not type: {error.code}")

    def stand_up(self) -> None:
        """Leave: the program ended."""
        self.open = None

    async def _sit_down(self) -> None:
        device, vault = self.device, self.device.vault
        texts = [node for _, node in vault.tree().walk() if _is_text(node)]
        self.open = None
        if not texts:
            return
        entry = self.random.choice(texts).id
        document = await device.opened.run(lambda vault: document_of(vault, entry))
        in_step, service, space = device.in_step, device.service, device.opened.key
        around = Around(
            live=lambda update: service.live(space, entry, update),
            saved=lambda: _later(in_step.committed_here(frozenset({entry}))),
            drafted=lambda _text: None,
            closed=lambda: service.close_note(space, entry),
        )
        service.open_note(space, entry)
        note = TypedNote(
            device.opened,
            entry,
            document,
            around=around,
            clock=device.machine,
            entropy=device.machine,
        )
        self.open = Open(note, entry)

    async def _type(self, sitting: Open) -> None:
        note = sitting.note
        self._note(f"types in {short(note.text.encode())}")
        for _ in range(self.random.randint(1, 4)):
            at = self.random.randint(0, len(note.text))
            if note.text and self.random.random() < 0.2:
                at = min(at, len(note.text) - 1)
                self.promises.goes(tokens_in(note.text[at]))
                await note.splice(at, 1, "")
            else:
                await note.splice(at, 0, self.promises.token())
            await asyncio.sleep(self.random.choice((0.0, 0.1)))
        if self.random.random() < 0.3:
            await note.refresh()
        if self.random.random() < 0.8:
            await note.save()

    def _hear(self, event: object) -> None:
        sitting, update = self.open, getattr(event, "update", None)
        if sitting is None or getattr(event, "entry", None) != sitting.entry:
            return
        if isinstance(update, bytes):
            _later(_take(sitting.note, update))
        else:
            sitting.note.say_again()


async def _take(note: TypedNote, update: bytes) -> None:
    with suppress(AtollError):
        await note.receive(update)


def _is_text(node: Node) -> bool:
    return node.is_text and node.side_of is None


_RUNNING: set[asyncio.Future[None]] = set()


def _later(work: Coroutine[None, None, None]) -> None:
    task = asyncio.ensure_future(_quietly(work))
    _RUNNING.add(task)
    task.add_done_callback(_RUNNING.discard)


async def _quietly(work: Coroutine[None, None, None]) -> None:
    with suppress(PowerCut, Down, AtollError):
        await work


_AT_ONCE: tuple[Callable[[Person], None], ...] = (
    Person.new,
    Person.new_folder,
    Person.save_in_place,
    Person.save_in_place,
    Person.move,
    Person.move_folder,
    Person.delete,
    Person.copy,
    Person.edit_all,
)
_ACTS: tuple[_Act, ...] = (
    *_AT_ONCE,
    Person.new,
    Person.save_slowly,
    Person.save_by_rename,
    Person.save_by_rename,
    Person.save_with_backup,
    Person.delete_folder,
)
