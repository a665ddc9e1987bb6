"""Every example that we show to people, typed as it stands there: none is wrong."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.cli.arguments import FIRST_STEPS
from app.cli.island import ROOT
from app.cli.table import COMMANDS
from app.loose import list_in, mapping_in
from tests.e2e.devices import Device, environment, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
LONGEST = 60.0
NARROW = "serve --listen 127.0.0.1 --no-discovery"
"""As `serve`, for a test that is to reach nobody but itself."""
QUERY = """
import json, sys
(flag, name) = sys.argv[1:]
assert flag == "-r"
print(json.load(sys.stdin)[name.removeprefix(".")])
"""
"""As much of jq as the examples need: not every machine has it."""
SLOW_TO_GUESS = "four words that nobody guesses"
FENCED = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IN_WORDS = re.compile(r"^(?:bash|zsh|fish): +(atoll .*)$", re.MULTILINE)


class Person(Device):
    """A device whose person types whole lines into a shell, at home."""

    def __init__(self, name: str, home: Path) -> None:
        super().__init__(name, home)
        self.home, self.folder = home, home / "Recipes"
        self._env = {
            **environment(),
            "HOME": str(home),
            "ATOLL_DATA": str(self.data),
            "PATH": f"{tools(home.parent)}:{os.environ['PATH']}",
        }
        home.mkdir(parents=True)

    def begun(self) -> Person:
        """Set the device up."""
        self.ask("init", "--name", self.name)
        return self

    def cooking(self) -> Person:
        """Set the device up, with a folder of recipes that has a past."""
        self.begun()
        self.folder.mkdir()
        for number, text in enumerate(("rye\n", "rye\nsourdough\n", "rye, sourdough\nsalt\n")):
            (self.folder / "bread.md").write_text(text, encoding="utf-8")
            (self.folder / "lost.md").write_text("soup\n", encoding="utf-8")
            if number:
                self.says("scan")
            else:
                self.says("add", folder=str(self.folder))
        (self.folder / "lost.md").unlink()
        self.says("scan")
        return self

    def versions(self) -> list[str]:
        """Return the versions of the bread, the latest first."""
        steps = list_in(self.says("log", path=str(self.folder / "bread.md")))
        return [str(mapping_in(step)["version"])[:10] for step in steps]

    def code(self) -> str:
        """Return a code for the recipes."""
        return str(mapping_in(self.says("share", space="Recipes", can="edit"))["code"])

    def types(self, line: str) -> subprocess.CompletedProcess[str]:
        """Type a line, and wait until it is done."""
        return subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.home,
            env=self._env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )

    def lets_run(self, line: str) -> subprocess.Popen[str]:
        """Type a line that goes on until it is stopped; return when it says that it is there."""
        program = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {line}"],
            cwd=self.home,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert program.stderr is not None
        assert "is here" in program.stderr.readline(), line
        return program


def tools(where: Path) -> Path:
    """Return a folder with the programs that examples type."""
    made = where / "bin"
    if not made.is_dir():
        made.mkdir(parents=True)
        python = shlex.quote(sys.executable)
        for name, words in (("atoll", "-P -m app.cli"), ("jq", f"-c {shlex.quote(QUERY)}")):
            (made / name).write_text(f'#!/bin/sh\nexec {python} {words} "$@"\n', encoding="utf-8")
            (made / name).chmod(0o755)
    return made


def ends(program: subprocess.Popen[str]) -> None:
    """Stop what runs; it has to end whole."""
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=LONGEST)
    assert program.returncode == 0


# -- the guide -----------------------------------------------------------------------------
def lines_of(text: str) -> list[str]:
    """Return the lines to be typed in a paper's frames."""
    framed = "".join(FENCED.findall(text)).splitlines()
    return [line for line in [*framed, *IN_WORDS.findall(text)] if line.startswith("atoll ")]


EXAMPLES = lines_of((ROOT / "docs" / "commands.md").read_text(encoding="utf-8"))
SHOWS = {
    "init": "is called",
    "add": "2 files",
    "status": "Recipes",
    "share": "ATOLL:",
    "join": "1 file",
    "dial": "Met Ana",
    "log": "Ana",
    "show": "",  # into a file
    "diff": r"(?s)^--- bread\.md@.*^\+\+\+ bread\.md@.*^-rye|^added +bread\.md",
    "restore": "Brought back|as it was",
    "at": 'Recipes as it was|"moment"',
    "undo": "what .* did",
    "search": "bread.md",
    "check": "all good",
    "repair": r"made anew from nothing|\"rebuilt\": true",
    "backup": "is good|No backup was made|good$",
    "restore-backup": "This is Ana again",
    "export": "Wrote [12] file",
    "attach": "In step at",
    "completion": "",  # into a file
    "forget": "bread.md",
    "versions": "every version for",
    "space": 'in the store|"total"',
    "bin": "lost|deleted file|Empty",
    "collect": "Recipes: ",
    "held": "Nothing is held|Put back: 3|Let through: 3",
    "guard": "held when more than|nothing is held",
    "keep": "kept here",
    "fetch": r"files? (is|are) here",
    "together": "All clear|Settled, on every device|This is what --merge would make",
}
"""What has to be on the screen after an example of each command."""


def test_every_example_of_the_table_is_on_the_page() -> None:
    """Else some would not be tried here."""
    shown = {line for command in COMMANDS for line in command.examples}
    assert shown <= set(EXAMPLES)
    assert len(EXAMPLES) > len(shown) > 20


@pytest.fixture(scope="module")
def ana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """Return a device that runs, with recipes."""
    person = Person("Ana", tmp_path_factory.mktemp("examples") / "Ana").cooking()
    person.start()
    try:
        yield person
    finally:
        person.stop()


def twice_named(person: Person) -> None:
    """Put files into the folder of which each has the name of another one, but for its letters."""
    for names in (("plan.md", "oven.pdf"), ("Plan.md", "Oven.pdf")):
        for name in names:
            (person.folder / name).write_text(name, encoding="utf-8")
        person.says("scan")


def emptied(person: Person) -> None:
    """Let very many files of a folder go at once: that waits for a person."""
    person.folder.mkdir()
    notes = [person.folder / f"{number}.md" for number in range(30)]
    for note in notes:
        note.write_text(note.name, encoding="utf-8")
    person.says("add", folder=str(person.folder))
    for note in notes:
        note.unlink()
    person.says("scan")


def fresh(  # noqa: C901 - one case a command
    ana: Person, home: Path, command: str, line: str
) -> Person:
    """Return the device on which an example makes sense, made ready for it."""
    other = Person("Mina", home / "Mina")
    match command:
        case "init":
            return other
        case "add":
            other.begun().folder.mkdir()
            for name in ("bread.md", "soup.md"):
                (other.folder / name).write_text(name, encoding="utf-8")
        case "join":
            (other.begun().home / "code.txt").write_text(ana.code(), encoding="utf-8")
        case "dial":
            other.begun().ask("join", ana.code(), "--into", str(other.folder))
        case "attach":
            other.cooking()
            moved = other.home / "Documents" / "Recipes"
            moved.parent.mkdir()
            other.folder.rename(moved)
        case "backup" | "restore-backup":
            return backed_up(ana, other, command)
        case "serve" if "--data" in line:
            other.ask("--data", str(other.home / "srv"), "init", "--name", "Mina")
        case "serve" | "restore" | "undo" | "keep":
            other.cooking()
        case "held" if "--" in line:
            emptied(other.begun())
        case "together" if "~" in line:
            twice_named(other.cooking())
        case _:
            return ana
    return other


def backed_up(ana: Person, other: Person, command: str) -> Person:
    """Return who makes a backup, or who lost everything but that."""
    on = ana if command == "backup" else other
    (on.home / ".backup-words").write_text(f"{SLOW_TO_GUESS}\n", encoding="utf-8")
    if on is other:
        stick = other.home / "stick" / "atoll"
        ana.ask("backup", str(stick), "--passphrase-file", "-", given=SLOW_TO_GUESS)
    return on


def as_here(line: str, ana: Person, on: Person, whose: Person) -> str:
    """Put what is so here, and whose versions there are, in place of what the page makes up."""
    latest, *_, first = whose.versions()
    for told, here in (
        ("ATOLL:…", ana.code()),
        ("3fa92c", first),
        ("81bb04", latest),
        ("192.168.1.20:4242", f"127.0.0.1:{ana.port()}"),
        ("--port 4242", "--port 0"),
        ("/tmp/second", str(on.home / "second")),  # noqa: S108  the page's own
        ("/srv/atoll", str(on.home / "srv")),
        ("/media/", f"{on.home}/"),
        ("serve", NARROW),
    ):
        line = line.replace(told, here)
    return line


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_of_the_guide_does_what_it_says(line: str, ana: Person, tmp_path: Path) -> None:
    """Whoever types it as it stands there must not be the first to do so."""
    command = next(word for word in line.split() if word in {it.name for it in COMMANDS})
    on = fresh(ana, tmp_path, command, line)
    typed = as_here(line, ana, on, on if command in {"restore", "undo"} else ana)
    if command == "serve":
        ends(on.lets_run(typed))
        return
    for target in re.findall(r"> (~?\S+)", typed):
        (on.home / target.removeprefix("~/")).parent.mkdir(parents=True, exist_ok=True)
    done = on.types(typed)
    assert done.returncode == 0, done.stderr
    assert re.search(SHOWS[command], done.stdout, re.MULTILINE), done.stdout
    if "--json" in typed and "|" not in typed:
        json.loads(done.stdout)


# -- first steps ---------------------------------------------------------------------------
def steps_of_the_readme() -> tuple[list[str], list[str], list[str]]:
    """Return what Ana types, what Mina types, and what both do then."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    tour = text.partition("## First steps in the terminal")[2].partition("\n## ")[0]
    first, second, other, both = (block.splitlines() for block in FENCED.findall(tour))
    return [*first, *second], other, both


def steps_of_the_help() -> tuple[list[str], list[str], list[str]]:
    """Return the same of `atoll --help`, where one line says what goes before it."""
    lines = [re.split(r" {2,}", line.strip())[0] for line in FIRST_STEPS.splitlines()[1:]]
    return lines[:-1], ['atoll init --name "Mina\'s laptop"', lines[-1]], []


@pytest.mark.parametrize("steps", [steps_of_the_readme, steps_of_the_help])
def test_first_steps_lead_to_a_shared_folder(
    steps: Callable[[], tuple[list[str], list[str], list[str]]], tmp_path: Path
) -> None:
    """In the order in which they stand there; the first thing that anybody tries."""
    anas, minas, both = steps()
    ana, mina = Person("Ana", tmp_path / "Ana"), Person("Mina", tmp_path / "Mina")
    ana.folder.mkdir()
    (ana.folder / "bread.md").write_text("rye\n", encoding="utf-8")
    code, running = "", list[subprocess.Popen[str]]()
    try:
        for person, line in [*((ana, it) for it in anas), *((mina, it) for it in minas)]:
            if "atoll serve" in line:
                running.append(person.lets_run(line.replace("serve", NARROW)))
                continue
            done = person.types(line.replace("CODE", code))
            assert done.returncode == 0, f"{line}: {done.stderr}"
            assert "not running" not in done.stderr, line
            code = "".join(re.findall(r"^ATOLL:\S+", done.stdout, re.MULTILINE)) or code
        assert (mina.folder / "bread.md").read_text(encoding="utf-8") == "rye\n"
        for person in (ana, mina) if both else ():
            (first,) = person.versions()[-1:]
            for line in both:
                done = person.types(line.replace("3fa92c", first))
                assert done.returncode == 0, f"{line}: {done.stderr}"
        if both:
            until(lambda: mina.where() == "everywhere", "all is everywhere")
    finally:
        for program in running:
            ends(program)
