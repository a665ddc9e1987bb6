"""The shape of our code: sizes, docstrings, imports, and what stands at the top."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from tests.house.source import ROOT, everything, functions, name_of, tree_of

MAX_LINES = 500
MAX_FUNCTION = 50
TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "app",
    "assets",
    "docs",
    "packaging",
    "pyproject.toml",
    "storage",
    "sync",
    "tests",
    "ui",
}

each_module = pytest.mark.parametrize("path", everything(), ids=name_of)


@each_module
def test_a_file_fits_in_a_head(path: Path) -> None:
    """Quality dies in the tail, so our wall stands there."""
    count = len(path.read_text(encoding="utf-8").splitlines())
    assert count <= MAX_LINES, f"{name_of(path)} has {count} lines"


@each_module
def test_a_function_fits_on_a_screen(path: Path) -> None:
    """Else it does more than its name says."""
    long = [
        f"{name_of(path)}:{function.lineno} {function.name} has {lines} lines"
        for function in functions(tree_of(path))
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION
    ]
    assert not long


@each_module
def test_a_module_says_what_it_is(path: Path) -> None:
    """In its docstring, first thing."""
    assert ast.get_docstring(tree_of(path)), f"{name_of(path)} has no docstring"


@each_module
def test_an_init_is_a_docstring(path: Path) -> None:
    """A name comes from the module that defines it."""
    if path.name == "__init__.py":
        assert len(tree_of(path).body) == 1, f"{name_of(path)} holds more than its docstring"


@each_module
def test_imports_stand_at_the_top(path: Path) -> None:
    """A circle can hide inside a function or in a TYPE_CHECKING block."""
    tree = tree_of(path)
    hidden = [
        f"{name_of(path)}:{node.lineno}"
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    assert not hidden
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "TYPE_CHECKING" not in names, name_of(path)


def test_the_top_level_holds_only_what_belongs_there() -> None:
    """One look at the checkout says where things live."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = {line.split("/", 1)[0] for line in listed.stdout.splitlines()}
    assert found <= TOP_LEVEL, sorted(found - TOP_LEVEL)


def test_packaging_is_no_package() -> None:
    """With an __init__.py it would hide the `packaging` library from our tools."""
    assert not (ROOT / "packaging" / "__init__.py").exists()
