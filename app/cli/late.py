"""The one place where modules are loaded late.

A terminal that asks a running app should answer at once, so the modules that bring the
whole app, the event loop or a drawing library with them are loaded only by the commands that
need them. Each is named here, so that nobody has to guess what a command may load.
"""

from __future__ import annotations

import importlib
from typing import Any


def alone() -> Any:
    """Return `app.cli.alone`: the whole app, in this process."""
    return importlib.import_module("app.cli.alone")


def serve() -> Any:
    """Return `app.cli.serve`: the whole app, until stopped."""
    return importlib.import_module("app.cli.serve")


def compose() -> Any:
    """Return `app.compose`: the one module that knows every real part."""
    return importlib.import_module("app.compose")


def demo() -> Any:
    """Return `app.cli.demo`."""
    return importlib.import_module("app.cli.demo")


def completion() -> Any:
    """Return `app.cli.completion`."""
    return importlib.import_module("app.cli.completion")


def window() -> Any:
    """Return `ui.main`, the floor above: only when a person asked for the window."""
    return importlib.import_module("ui.main")


def segno() -> Any:
    """Return the library that draws codes."""
    return importlib.import_module("segno")


def metadata() -> Any:
    """Return the library that knows our version."""
    return importlib.import_module("importlib.metadata")
