"""What we wrote for people agrees with the code, and lacks nothing."""

from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from tests.house.source import ROOT

PAPERS = ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "SECURITY")
FIRST_STEPS = ("init", "add", "share", "join", "serve", "status", "log", "restore")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


def text(*parts: str) -> str:
    """Return a paper."""
    path = ROOT.joinpath(*parts)
    assert path.is_file(), f"{path.relative_to(ROOT)} is missing"
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAPERS)
def test_a_paper_is_there_and_says_something(name: str) -> None:
    """A stranger starts with these."""
    assert len(text(f"{name}.md").split()) > 40


def test_the_page_of_commands_is_the_table() -> None:
    """Run `python packaging/guide.py` when this fails."""
    spec = importlib.util.spec_from_file_location("guide", ROOT / "packaging" / "guide.py")
    assert spec is not None and spec.loader is not None
    guide = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(guide)
    assert text("docs", "commands.md") == guide.page()


@pytest.mark.parametrize("command", FIRST_STEPS)
def test_the_readme_shows_the_first_steps(command: str) -> None:
    """Each is a command that exists."""
    table = importlib.import_module("app.cli.table")
    assert command in table.BY_NAME
    assert f"atoll {command}" in text("README.md")


def test_every_wire_message_is_in_the_protocol() -> None:
    """A second program must be able to speak it from the paper alone."""
    types = importlib.import_module("sync.protocol.messages").Type
    protocol = text("sync", "PROTOCOL.md")
    missing = [kind.name for kind in types if not re.search(rf"\b{kind.name}\b", protocol)]
    assert types and not missing


def test_the_format_is_written_down() -> None:
    """Formats outlive programs."""
    assert len(text("storage", "FORMAT.md").split()) > 200


def papers() -> list[Path]:
    """Return every paper of ours."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "assets").glob("*.md")]
    return sorted(found)


@pytest.mark.parametrize("path", papers(), ids=lambda path: path.name)
def test_no_link_leads_nowhere(path: Path) -> None:
    """Within the checkout, at least."""
    links = LINK.findall(path.read_text(encoding="utf-8"))
    assert not [link for link in links if not (path.parent / link).exists()]


def test_the_map_of_promises_names_tests_that_are_there() -> None:
    """A promise whose proof was moved looks proven and is not."""
    named = re.findall(r"`([a-z0-9]+/[a-z0-9_/]+\.py)`", text("tests", "README.md"))
    assert len(named) > 50
    assert not [path for path in named if not (ROOT / "tests" / path).is_file()]


def test_every_decision_is_listed() -> None:
    """In the order in which they were made."""
    listing = text("docs", "decisions", "README.md")
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [page.name for page in pages if page.name not in listing] == []


def test_every_runtime_dependency_has_its_licence_listed() -> None:
    """Whoever ships Atoll needs to know."""
    names = re.findall(r'^    "([A-Za-z0-9-]+)>=', text("pyproject.toml"), re.MULTILINE)
    listing = text("docs", "licences.md").lower()
    runtime = names[: names.index("zxing-cpp") + 1]
    assert len(runtime) > 15
    assert not [name for name in runtime if name.lower() not in listing]


def test_every_row_of_the_table_has_someone_who_does_it_and_words_for_it() -> None:
    """A command that parses and then fails in a KeyError was never tried."""
    table = importlib.import_module("app.cli.table")
    doing = importlib.import_module("app.cli.commands").DOING
    words = importlib.import_module("app.cli.output").WORDS
    here = {row.name for row in table.COMMANDS if row.where is table.Where.HERE}
    rows = {row.name for row in table.COMMANDS} - here
    assert rows == set(doing) - {"look"}
    assert rows - {"show"} <= set(words)  # `show` prints the file
    assert not {name for name in words if name not in {*table.BY_NAME, "look", "shared"}}


def test_no_option_of_a_command_is_taken_for_one_of_the_program() -> None:
    """Both end in one namespace: a version to compare with was once taken for --version."""
    table = importlib.import_module("app.cli.table")
    arguments = importlib.import_module("app.cli.arguments")
    ours = {"command", arguments.PRINT_VERSION, *(option.key for option in table.GLOBAL)}
    taken = {option.key for row in table.COMMANDS for option in row.options}
    assert not taken & ours
    assert "version" in taken
