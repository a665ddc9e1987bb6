"""Reads our own source for the house tests."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("app", "ui", "sync", "storage")


def product() -> list[Path]:
    """Return every module that is shipped."""
    return sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))


def everything() -> list[Path]:
    """Return every module: shipped, test or tool."""
    others = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "packaging").glob("*.py")]
    return sorted([*product(), *others])


def name_of(path: Path) -> str:
    """Return a path as a person writes it."""
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    """Return the dotted name under which a module is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a module."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Walk the functions of a tree, inner ones too."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Walk the names of imported modules, each with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module, node.lineno
            case _:
                pass
