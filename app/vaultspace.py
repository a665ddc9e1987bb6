"""A vault as a mirror sees it: the part that it uses, with the types that it asks for."""

from __future__ import annotations

from collections.abc import Iterator

from app.folder.space import Changes, Source
from storage.changes import ChangeSet
from storage.facts.node import Node, Tree
from storage.facts.values import Content
from storage.vault import Vault


class VaultSpace:
    """Hands on to a vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def may_edit(self) -> bool:
        """Say whether this device may change the space now."""
        return self._vault.may_edit()

    def tree(self) -> Tree:
        """Return all that is shared, as it is now."""
        return self._vault.tree()

    def store(self, source: Source) -> Content:
        """Keep bytes; durable with the commit that names them."""
        return self._vault.store(source)

    def read(self, node: Node) -> Iterator[bytes]:
        """Return a file's bytes as they are now."""
        return self._vault.read(node)

    def base(self, node: Node) -> bytes:
        """Return a token of a text as it is now."""
        return self._vault.base(node)

    def is_here(self, node: Node) -> bool:
        """Say whether all bytes of a file are on this device."""
        return self._vault.is_here(node)

    def change(self) -> ChangeSet:
        """Begin a change."""
        return self._vault.change()

    def commit(self, change: Changes, words: str) -> object | None:
        """Make a change one record, durable on return."""
        if not isinstance(change, ChangeSet):
            raise TypeError("a change that this space did not begin")
        return self._vault.commit(change, words)
