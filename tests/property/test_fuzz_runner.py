"""The fuzz targets on all that is kept of them, and the runner itself."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest

from app.loose import number_in
from tests.fuzz import bounds, loop, one
from tests.fuzz.targets import FULL, corpus_of, load
from tests.house.source import ROOT


@pytest.mark.parametrize("name", sorted(FULL))
def test_what_is_kept_of_a_target_does_no_harm(name: str) -> None:
    """Good inputs, and each that was found to do harm once."""
    one.replay(load(name))
    assert len(corpus_of(name)) >= len(load(name).seeds), "run python -m tests.fuzz --write-corpus"


def test_every_target_has_a_name() -> None:
    """One that nobody runs finds nothing."""
    files = {path.stem.removeprefix("fuzz_") for path in (ROOT / "tests/fuzz").glob("fuzz_*.py")}
    assert files == set(FULL)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_json_should_not_hold_counts_as_none(number: float) -> None:
    """`{"n": 1e999}` on the control socket was an OverflowError, and a crash report."""
    assert number_in(number) == 0


def test_the_plain_loop_tells_which_input_did_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no atheris it has to be as good as its word."""
    monkeypatch.setattr(loop, "MAX_MEMORY", 1 << 50)  # of this process, which runs other tests too

    def check(data: bytes) -> None:
        if b"\x00\x00" in data:
            raise ValueError("found")

    with pytest.raises(ValueError, match="found") as caught:
        loop.run(check, [b"\x00", b"abc"], 10_000, Random(1))  # noqa: S311
    assert any(b"\x00\x00" in bytes.fromhex(note.split()[1]) for note in caught.value.__notes__)

    monkeypatch.setattr(loop, "SECONDS", 0.01)

    def hang(_data: bytes) -> None:
        while True:
            pass

    with pytest.raises(bounds.TooSlow):
        loop.run(hang, [b""], 1, Random(1))  # noqa: S311

    monkeypatch.setattr(loop, "MAX_MEMORY", 1)
    with pytest.raises(MemoryError):
        loop.run(lambda _: None, [b""], 1, Random(1))  # noqa: S311


@pytest.mark.slow
@pytest.mark.parametrize("how", [[], ["--plain"]], ids=["watching", "plain"])
def test_the_runner_counts_what_it_ran(how: list[str]) -> None:
    """What it prints is what the papers quote, with atheris or without."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "mdns", "--inputs", "500", *how],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "500 inputs" in done.stdout and "nothing found" in done.stdout
    assert ("WITHOUT coverage" in done.stdout) is not (one.has_atheris() and not how)
