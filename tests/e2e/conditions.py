"""Hard conditions: what a device has to say, somebody else's rights, small disks."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from app.cli import alone
from app.cli.exits import Exit
from app.cli.main import main
from app.complaints import words_of
from app.config import Config
from app.loose import list_in, mapping_in
from tests.e2e.devices import Device, environment

NOBODY = 65534
LONGEST = 60.0
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become someone else, and make disks and networks"
)
_AS_NOBODY = f"""
import contextlib, io, os, sys, tempfile
from app.cli import late
from app.cli.main import main

# Where Python lies in a folder of root's, nothing can be loaded once the rights are gone:
# so all that a command may need is loaded by doing one.
late.serve()
with tempfile.TemporaryDirectory() as top, contextlib.redirect_stdout(io.StringIO()):
    os.mkdir(top + "/Notes")
    open(top + "/Notes/a.md", "w").close()
    for words in (["init", "--name", "Warm"], ["add", top + "/Notes"], ["bin"]):
        main(["--data", top + "/data", *words])
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
sys.exit(main(sys.argv[1:]))
"""
Done = subprocess.CompletedProcess[str]


def says_only(done: Done, code: str, exits: Exit) -> None:
    """Assert that a command ended with one sentence, its words and its exit code, and no trace."""
    assert_plain(done)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"atoll: {words_of(code).sentence}"), done.stderr
    assert done.returncode == exits, done
    assert not done.stdout, done


def says(done: Done, words: str, exits: Exit) -> None:
    """Assert that a command ended with words of its own."""
    assert_plain(done)
    assert words in done.stderr.strip().splitlines()[-1], done.stderr
    assert done.returncode == exits, done


def assert_plain(done: Done) -> None:
    """Assert that nobody is shown a trace or a code."""
    for text in (done.stdout, done.stderr):
        assert "Traceback" not in text, text
        assert "Error" not in text, text


def done(device: Device, *words: str, given: str = "") -> Done:
    """Do a command in this process, as a terminal would see it: quicker than a program."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
    given_stream = io.TextIOWrapper(io.BytesIO(given.encode()), "utf-8")
    with (
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", given_stream)
        patch.setattr(alone, "Config", partial(Config, discovery=False, listen="127.0.0.1"))
        code = main(["--data", str(device.data), *words])
    out, err = (stream.buffer.getvalue().decode() for stream in streams)
    return subprocess.CompletedProcess(words, code, out, err)


def as_nobody(data: Path, *words: str) -> Done:
    """Do a command as a user who owns nothing. The program is loaded before the rights go."""
    return subprocess.run(
        [sys.executable, "-P", "-c", _AS_NOBODY, "--data", str(data), *words],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment(),
        timeout=LONGEST,
        check=False,
    )


@contextmanager
def open_place() -> Iterator[Path]:
    """Return a temporary folder that any user can reach; pytest's are closed."""
    with tempfile.TemporaryDirectory(prefix="atoll-open-") as top:
        Path(top).chmod(0o755)
        yield Path(top)


@contextmanager
def small_disk(at: Path, size: str) -> Iterator[Path]:
    """Put a disk of some size at a folder, and take it away in the end."""
    at.mkdir(parents=True, exist_ok=True)
    options = f"size={size},mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "atoll-test", str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def content_of(folder: Path) -> dict[str, bytes | str]:
    """Return all that lies below a folder, links as their text; nothing is followed."""
    found: dict[str, bytes | str] = {}
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(root, name)
            inside = path.relative_to(folder).as_posix()
            if path.is_symlink():
                found[inside] = path.readlink().as_posix()
            elif path.is_file():
                found[inside] = path.read_bytes()
            else:
                found[inside] = "folder" if path.is_dir() else "special"
    return found


def whole(device: Device) -> None:
    """Assert that a check of everything finds nothing."""
    found = mapping_in(device.says("check"))
    assert not found["findings"], found


def listed(device: Device, command: str, **params: object) -> list[dict[str, object]]:
    """Return the list that a command answers, asked without a terminal."""
    return [mapping_in(each) for each in list_in(device.says(command, **params))]


def copy_of(device: Device, home: Path) -> Device:
    """Return a device on a copy of the data folder of another, which showed the same folder."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copytree(device.data, home / "data")
    copied = Device(device.name, home)
    copied.folder = device.folder
    return copied


def only(folder: Path, pattern: str) -> Path:
    """Return the one path that a pattern finds."""
    (found,) = folder.glob(pattern)
    return found
