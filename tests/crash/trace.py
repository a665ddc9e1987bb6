"""Recording what a real program does to one folder: every call that reaches the system.

The program runs under strace, so nothing has to be told to tell: Python, SQLite and whatever
else is inside are recorded alike, unmodified. `Recording.replay` gives the disk at each
moment; at the end it has to equal the real folder to the last byte, or nothing is proved.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.disk import Disk, Inode, Kind

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120
CHANGES = (
    "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,fallocate,"
    "rename,renameat,renameat2,link,linkat,unlink,unlinkat,rmdir,mkdir,mkdirat,symlink,symlinkat,"
    "fsync,fdatasync,syncfs,sync,sync_file_range,copy_file_range,sendfile,utimensat,fchmod,chmod,"
    "fchmodat,mmap"
)
LOOKS = "fstat,newfstatat,lstat,stat,statx"

_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(.*)", re.DOTALL)
_BEGUN = re.compile(r"(\d+) +(\w+\(.*) <unfinished \.\.\.>$")
_ENDED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)$")
_TEXT = r'"((?:\\x[0-9a-f]{2})*)"'
_FILE = r"(?:\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)>(\(deleted\))?"
_STAT = re.compile(
    r"st_ino=(\d+), st_mode=S_IF(?:REG|DIR|LNK)\|.*st_mtime=(-?\d+)[^,]*, st_mtime_nsec=(\d+),"
    r" st_ctime=(-?\d+)[^,]*, st_ctime_nsec=(\d+)"
)
_SECOND = 1_000_000_000


class Unrecorded(Exception):
    """The program did something to the folder that cannot be replayed."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the program promised, at this moment."""

    words: dict[str, object]


Act = Callable[[Disk], None]
Event = Act | Said


@dataclass(slots=True)
class Recording:
    """What a program did to a folder, in order."""

    events: list[Event] = field(default_factory=list[Event])
    root: Path = field(default_factory=Path)

    def replay(self) -> Iterator[tuple[int, Disk, list[dict[str, object]]]]:
        """Give the disk after each event, and all that was said by then. Always the same disk."""
        disk, said = Disk(), list[dict[str, object]]()
        for number, event in enumerate(self.events):
            if isinstance(event, Said):
                said.append(event.words)
            else:
                event(disk)
            yield number, disk, said

    @property
    def begin(self) -> int:
        """The event with which the interesting part begins."""
        return next(n for n, event in enumerate(self.events) if _begins(event))

    def persons(self) -> set[int]:
        """Return the events while a person's own program was at work: what it loses is its own."""
        found, at_work = set[int](), False
        for number, event in enumerate(self.events):
            if isinstance(event, Said) and "person" in event.words:
                at_work = bool(event.words["person"])
            if at_work:
                found.add(number)
        return found


def _begins(event: Event) -> bool:
    return isinstance(event, Said) and "begin" in event.words


def record(module: str, arguments: list[str], base: Path) -> Recording:
    """Run a module of ours in a folder `base/root`, which is empty, and record what it does to it.

    What it writes to `base/said`, line by line, is what it promises.
    """
    root, log = base / "root", base / "log"
    root.mkdir(mode=0o700, parents=True)
    (base / "said").touch()
    command = [
        *("strace", "-f", "-y", "-v", "-xx", "-s", str(1 << 26), "--seccomp-bpf", "-o", str(log)),
        *("-e", f"trace={CHANGES},{LOOKS}", "-e", "signal=none"),
        *(sys.executable, "-P", "-m", module, str(base), *arguments),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    recording = Recording(list(_Reader(base).events(log)), root)
    log.unlink()
    _check_whole(recording)
    return recording


def _check_whole(recording: Recording) -> None:
    """Look that what was replayed is what is there."""
    disk = Disk()
    for _, disk, _ in recording.replay():  # noqa: B007  the last one
        pass
    here = {
        path.relative_to(recording.root).as_posix(): _on_disk(path)
        for path in recording.root.rglob("*")
    }
    replayed = dict(_in_model(disk.root, ""))
    differ = {path for path in here.keys() | replayed if here.get(path) != replayed.get(path)}
    if differ:
        raise Unrecorded(f"the replay differs from the disk: {sorted(differ)}")


def _on_disk(path: Path) -> tuple[Kind, int, bytes | str]:
    if path.is_symlink():
        return Kind.LINK, 0, str(path.readlink())
    mode = path.stat().st_mode & 0o7777
    if path.is_dir():
        return Kind.FOLDER, 0, b""
    return Kind.FILE, mode, path.read_bytes()


def _in_model(folder: Inode, above: str) -> Iterator[tuple[str, tuple[Kind, int, bytes | str]]]:
    for name, inode in folder.names.items():
        what = inode.target if inode.kind is Kind.LINK else inode.data()
        mode = inode.mode if inode.kind is Kind.FILE else 0
        yield above + name, (inode.kind, mode, what)
        yield from _in_model(inode, f"{above}{name}/")


class _Reader:
    """Reads a log of strace."""

    def __init__(self, base: Path) -> None:
        self._root = str(base / "root")
        self._said = str(base / "said")
        self._mark = _hex(self._root)
        self._said_mark = _hex(self._said)
        self._umask = os.umask(0)
        os.umask(self._umask)

    def events(self, log: Path) -> Iterator[Event]:
        """Walk what was done to the folder, and what was said."""
        for line in self._whole_lines(log):
            found = _LINE.match(line)
            if found is None:
                continue
            _, call, arguments, result, after = found.groups()
            if call in {"write", "pwrite64"} and self._said_mark in arguments:
                yield Said(json.loads(_raw(_one(_TEXT, arguments)[0])))
            elif self._mark in arguments and int(result) >= 0:
                yield from self._event(call, arguments, int(result), after)

    def _whole_lines(self, log: Path) -> Iterator[str]:
        """Walk the lines that matter; a call that others interrupted counts when it ends."""
        begun: dict[str, str] = {}
        with log.open(encoding="ascii") as lines:
            for raw in lines:
                line = raw.rstrip("\n")
                if found := _BEGUN.match(line):
                    begun[found[1]] = f"{found[1]} {found[2]}"
                    continue
                if found := _ENDED.match(line):
                    line = begun.pop(found[1], "") + found[2]
                if self._mark in line or self._said_mark in line:
                    yield line

    def _event(self, call: str, arguments: str, result: int, after: str) -> Iterator[Event]:
        do = getattr(self, f"_{call}", None)
        if do is not None:
            yield from do(arguments, result, after)
        elif call in LOOKS.split(","):
            yield from self._look(arguments)
        else:
            raise Unrecorded(f"{call}({arguments[:200]}")

    # -- where ---------------------------------------------------------------------------------
    def _below(self, path: str) -> str | None:
        """Return a path below the root, '' for the root itself, None for one elsewhere."""
        path = os.path.normpath(path)
        if path == self._root:
            return ""
        return path.removeprefix(f"{self._root}/") if path.startswith(f"{self._root}/") else None

    def _file(self, arguments: str) -> str | None:
        """Return the path of the open file that is the first argument, None when it has none."""
        found = re.match(_FILE, arguments)
        if found is None or found[2]:
            return None
        path = _text(found[1])
        return None if path.endswith(" (deleted)") else self._below(path)

    def _paths(self, arguments: str) -> list[str | None]:
        """Return the paths that are named, each with the folder that it is looked up in."""
        found: list[str | None] = []
        for match in re.finditer(rf"(?:{_FILE}, )?{_TEXT}", arguments):
            name = _text(match[3])
            folder = _text(match[1]) if match[1] else self._root
            found.append(self._below(os.path.join(folder, name)))  # noqa: PTH118
        return found

    # -- calls ---------------------------------------------------------------------------------
    def _openat(self, arguments: str, _result: int, after: str) -> Iterator[Event]:
        path = self._below(_text(_one(r"<((?:\\x[0-9a-f]{2})*)>", after)[0]))
        if path is None:
            return
        mode = re.search(r", 0(\d+)$", arguments)
        made = int(mode[1], 8) & ~self._umask if mode and "O_CREAT" in arguments else None
        empties = "O_TRUNC" in arguments
        if "O_TMPFILE" in arguments:
            raise Unrecorded(arguments[-200:])

        def act(disk: Disk) -> None:
            inode = disk.find(path)
            if inode is None and made is not None:
                disk.name({path: Inode(Kind.FILE, made)})
            elif inode is not None and empties and inode.size:
                disk.cut(inode, 0)

        yield act

    _open = _creat = _openat2 = _openat

    def _write(self, arguments: str, result: int, _after: str) -> Iterator[Event]:
        path, data = self._file(arguments), _raw(_one(_TEXT, arguments)[0])[:result]
        if path is not None:
            yield lambda disk: disk.put(inode := _at(disk, path), inode.size, data)

    def _pwrite64(self, arguments: str, result: int, _after: str) -> Iterator[Event]:
        path, data = self._file(arguments), _raw(_one(_TEXT, arguments)[0])[:result]
        at = int(_one(r", (\d+)$", arguments)[0])
        if path is not None:
            yield lambda disk: disk.put(_at(disk, path), at, data)

    def _ftruncate(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        path, size = self._file(arguments), int(_one(r", (\d+)$", arguments)[0])
        if path is not None:
            yield lambda disk: disk.cut(_at(disk, path), size)

    def _renameat2(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        old, new = self._paths(arguments)
        if old is None or new is None:
            raise Unrecorded(f"a rename over the border of the folder: {arguments[-200:]}")
        if "RENAME_EXCHANGE" in arguments:
            yield lambda disk: disk.name({new: _at(disk, old), old: _at(disk, new)})
            return
        yield lambda disk: disk.name({new: _at(disk, old), old: None})

    _rename = _renameat = _renameat2

    def _linkat(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        old, new = self._paths(arguments)
        if old is None or new is None:
            raise Unrecorded(f"a link over the border of the folder: {arguments[-200:]}")
        yield lambda disk: disk.name({new: _at(disk, old)})

    _link = _linkat

    def _unlinkat(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        (path,) = self._paths(arguments)
        if path is not None:
            yield lambda disk: disk.name({path: None})

    _unlink = _rmdir = _unlinkat

    def _mkdirat(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        (path,) = self._paths(arguments)
        if path:
            yield lambda disk: disk.name({path: Inode(Kind.FOLDER, FOLDER_MADE)})

    _mkdir = _mkdirat

    def _symlinkat(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        target, (path,) = _text(_one(_TEXT, arguments)[0]), self._paths(arguments)[1:]
        if path is not None:
            yield lambda disk: disk.name({path: Inode(Kind.LINK, 0o777, target)})

    _symlink = _symlinkat

    def _fsync(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        path = self._file(arguments)
        if path is not None:
            yield lambda disk: disk.sync(_at(disk, path))

    _fdatasync = _fsync

    def _syncfs(self, _arguments: str, _result: int, _after: str) -> Iterator[Event]:
        yield lambda disk: disk.sync_all()

    def _utimensat(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        path = self._file(arguments) if ", NULL, [" in arguments else self._paths(arguments)[0]
        seconds, nanoseconds = re.findall(r"tv_sec=(-?\d+)[^,]*, tv_nsec=(\d+)", arguments)[1]
        when = int(seconds) * _SECOND + int(nanoseconds)
        if path is not None:
            yield lambda disk: setattr(_at(disk, path), "mtime_ns", when)

    def _fchmod(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        path = self._file(arguments) if arguments[0].isdigit() else self._paths(arguments)[0]
        mode = int(_one(r", 0(\d+)(?:, .*)?$", arguments)[0], 8)
        if path:
            yield lambda disk: setattr(_at(disk, path), "mode", mode)

    _chmod = _fchmodat = _fchmod

    def _mmap(self, arguments: str, _result: int, _after: str) -> Iterator[Event]:
        if "MAP_SHARED" in arguments and "PROT_WRITE" in arguments:
            raise Unrecorded("a file that is written through memory")
        yield from ()

    def _look(self, arguments: str) -> Iterator[Event]:
        """What the disk said of a file is what the program may have believed."""
        found = _STAT.search(arguments)
        before = arguments.partition("{st_")[0]
        paths = self._paths(before)
        named = bool(paths) and not before.endswith('"", ')
        path = paths[0] if named else self._file(arguments)
        if found is None or path is None:
            return
        number, *times = map(int, found.groups())
        changed = times[2] * _SECOND + times[3]

        def act(disk: Disk) -> None:
            inode = disk.find(path)
            if inode is not None:
                inode.told, inode.mtime_ns = (number, changed), times[0] * _SECOND + times[1]

        yield act


FOLDER_MADE = 0o700


def _at(disk: Disk, path: str) -> Inode:
    inode = disk.find(path)
    if inode is None:
        raise Unrecorded(f"nothing was seen to be made at {path}")
    return inode


def _one(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    if found is None:
        raise Unrecorded(text[:200])
    return found.groups()


def _hex(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(text))


def _raw(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _text(text: str) -> str:
    return os.fsdecode(_raw(text))
