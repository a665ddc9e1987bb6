"""Opening a moment costs what changed since, and looking into it what somebody looks at."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import pytest

from storage.facts.change import TOP
from storage.facts.node import Node
from storage.index import then
from storage.index.line import Line, line_from
from storage.records.ledger import Step
from storage.records.record import Payload
from storage.vault import Vault
from tests.helpers.vaults import META, core_of, save

FOLDERS, INSIDE = 8, 30


@pytest.fixture
def nodes(vault: Vault) -> dict[str, Node]:
    """Folders of files, by path."""
    change = vault.change()
    for folder in range(FOLDERS):
        parent = change.add_folder(TOP, f"folder {folder}")
        for number in range(INSIDE):
            data = BytesIO(b"%d in %d" % (number, folder))
            change.add_file(parent, f"{number}.md", vault.store(data), META)
    vault.commit(change, "made")
    return {"/".join(path): node for path, node in vault.tree().walk()}


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is read of the catalog for moments."""
    found: list[object] = []

    def noting(row: Sequence[object]) -> Line:
        found.append(row[0])
        return line_from(row)

    monkeypatch.setattr(then, "line_from", noting)
    return found


def test_a_moment_reads_only_the_folders_that_are_looked_at(
    vault: Vault, nodes: dict[str, Node], rows: list[object]
) -> None:
    """A space of 100,000 files would take seconds and hundreds of megabytes to look back."""
    seen = vault.seen
    save(vault, nodes["folder 3/7.md"].id, b"changed")
    moment = vault.moment(seen)
    assert not rows
    assert len(moment.tree.children(TOP)) == len(rows) == FOLDERS
    found = moment.tree.find(("folder 3", "7.md"))
    assert found is not None
    assert b"".join(moment.read(found)) == b"7 in 3"
    assert len(rows) == FOLDERS + INSIDE - 1, "the changed one is not read from the present"


def test_what_came_later_is_not_replayed_to_know_what_was(
    vault: Vault, nodes: dict[str, Node], rows: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long history only what had been seen then is opened."""
    opened: list[int] = []
    history = core_of(vault).history
    payload = history.payload
    seen = vault.seen
    for number in range(5):
        save(vault, nodes["folder 1/1.md"].id, b"later %d" % number)

    def noting(step: Step) -> Payload:
        opened.append(step.pos)
        return payload(step)

    monkeypatch.setattr(history, "payload", noting)
    moment = vault.moment(seen)
    assert len(opened) == 1
    found = moment.tree.find(("folder 1", "1.md"))
    assert found is not None
    assert b"".join(moment.read(found)) == b"1 in 1"
    assert rows
