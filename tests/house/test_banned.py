"""What product code never does, and what only its rim may do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.house.source import everything, imports, module_of, name_of, product, tree_of

# Each runs code that bytes from outside could choose.
BANNED_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"}
BANNED_CALLS = {"eval", "exec", "compile", "__import__"}
BANNED_METHODS = {"extractall": "paths in an archive may point anywhere"}
SHELL = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"}
YAML_LOADS = {"yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load"}

LOGS = re.compile(r"(_log|logging)\.(debug|info|warning|error|exception|critical|log)\Z")

# The clock, dice and network come in through ports. These make the real ones, or are the rim.
RIM = {
    "time": ("app.compose", "app.clock", "app.cli.*", "app.folder.real", "app.work", "ui.*"),
    "random": ("app.compose", "ui.*"),
    "secrets": ("app.compose", "storage.crypto.*", "app.entropy"),
    "socket": (
        "app.compose",
        "app.cli.*",
        "sync.transport.*",
        "sync.discovery.mdns",
        "sync.relay.*",
    ),
}
# The same by another door.
DOORS = {
    "datetime.now": "time",
    "datetime.utcnow": "time",
    "datetime.datetime.now": "time",
    "datetime.today": "time",
    "date.today": "time",
    "os.urandom": "secrets",
    "uuid4": "secrets",
    "uuid.uuid4": "secrets",
    "asyncio.get_running_loop().time": "time",
}


@pytest.mark.parametrize("path", everything(), ids=name_of)
def test_nothing_runs_what_it_was_given(path: Path) -> None:
    """No pickles, no eval, no shell: data stays data."""
    assert not list(banned(tree_of(path))), name_of(path)


def banned(tree: ast.Module) -> Iterator[str]:
    """Walk what must not be there."""
    for name, line in imports(tree):
        if name.split(".")[0] in BANNED_MODULES:
            yield f"line {line}: import {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (f"line {node.lineno}: {why}" for why in banned_call(node))


def banned_call(call: ast.Call) -> Iterator[str]:
    """Say what is wrong with a call."""
    name = ast.unparse(call.func)
    if name in BANNED_CALLS | SHELL | YAML_LOADS:
        yield name
    if isinstance(call.func, ast.Attribute) and call.func.attr in BANNED_METHODS:
        yield f"{name}: {BANNED_METHODS[call.func.attr]}"
    for keyword in call.keywords:
        no = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        if keyword.arg == "shell" and not no:
            yield f"{name}(shell=...)"


def test_the_ban_is_not_blind() -> None:
    """A rule that finds nothing anywhere would pass as well."""
    source = "import pickle\neval(x)\nsubprocess.run(x, shell=True)\nz.extractall()\nyaml.load(x)\n"
    assert len(list(banned(ast.parse(source)))) == 5
    assert not list(banned(ast.parse("subprocess.run(x, shell=False)\nmodel.exec()\n")))


def told_in_full(tree: ast.AST) -> Iterator[str]:
    """Walk the calls that would write a whole value, an error perhaps, into the log."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not LOGS.match(ast.unparse(call.func)):
            continue
        given = [*call.args, *(word.value for word in call.keywords)]
        if any(isinstance(it, ast.Name | ast.JoinedStr | ast.BinOp) for it in given):
            yield ast.unparse(call)


@pytest.mark.parametrize("path", product(), ids=name_of)
def test_the_log_hears_codes_and_ids_never_a_whole_error(path: Path) -> None:
    """What an error says may come from a code, a name or a note, and logs are handed around."""
    assert not list(told_in_full(tree_of(path)))


def test_the_rule_of_the_log_is_not_blind() -> None:
    """A rule that finds nothing anywhere would pass as well."""
    source = '_log.info("no: %s", error)\n_log.warning(f"no: {code}")\n_log.info("yes", error.code)'
    assert len(list(told_in_full(ast.parse(source)))) == 2


@pytest.mark.parametrize("path", product(), ids=name_of)
def test_only_the_rim_has_a_clock_dice_or_a_socket(path: Path) -> None:
    """Elsewhere they come in as arguments, so that a test decides what they say."""
    module = module_of(path)
    calls = (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call))
    doors = [(DOORS.get(ast.unparse(call.func), ""), call.lineno) for call in calls]
    used = [*imports(tree_of(path)), *doors]
    wrong = [
        f"{name_of(path)}:{line} uses {name}"
        for name, line in used
        if name in RIM and not any(fnmatch(module, allowed) for allowed in RIM[name])
    ]
    assert not wrong
