"""What a shell completes: asked of a real bash; the others read the script where they are."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from app.cli.completion import script
from app.cli.table import COMMANDS, GLOBAL, flags

NAMES = [command.name for command in COMMANDS]
SPACES = ["Recipes", "Two words", "$(touch made)", "`touch made`", "a'b\"c"]


def completed(tmp_path: Path, lines: list[list[str]]) -> list[list[str]]:
    """Return what bash offers for the last word of each line."""
    asks = [
        f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}; _atoll; "
        'for each in "${COMPREPLY[@]}"; do printf "%s\\n" "$each"; done; printf "\\0"'
        for words in lines
    ]
    spaces = "\n".join(f"printf '%s\\n' {shlex.quote(name)}" for name in SPACES)
    program = "\n".join([script("bash"), f"_atoll_spaces() {{\n{spaces}\n}}", *asks])
    done = subprocess.run(
        ["bash", "--norc", "-eu"],
        input=program,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [offered.splitlines() for offered in done.stdout.split("\0")[:-1]]


def test_every_beginning_of_a_command_is_completed(tmp_path: Path) -> None:
    """And nothing else is offered."""
    beginnings = sorted({name[:size] for name in NAMES for size in (1, 2, len(name))})
    offered = completed(tmp_path, [["atoll", beginning] for beginning in beginnings])
    for beginning, found in zip(beginnings, offered, strict=True):
        assert found == [name for name in NAMES if name.startswith(beginning)], beginning


def test_every_option_of_a_command_is_completed(tmp_path: Path) -> None:
    """Those of all commands before it, its own after it."""
    (first,) = completed(tmp_path, [["atoll", "--"]])
    assert {option.name for option in GLOBAL} <= set(first)
    offered = completed(tmp_path, [["atoll", name, "--"] for name in NAMES])
    for command, found in zip(COMMANDS, offered, strict=True):
        assert set(found) == {option.name for option in flags(command)} | {"--help"}


def test_a_name_of_a_folder_is_offered_and_never_run(tmp_path: Path) -> None:
    """Others choose the names; a shell that expanded them would do what they say."""
    (found,) = completed(tmp_path, [["atoll", "leave", ""]])
    assert set(SPACES) <= set(found)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_names_every_command_and_is_whole(shell: str) -> None:
    """Where that shell is, it reads it itself."""
    text = script(shell)
    assert all(name in text for name in NAMES)
    assert all(text.count(one) == text.count(other) for one, other in ("{}", "[]"))
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=text, text=True, check=True)
