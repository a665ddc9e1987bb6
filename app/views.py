"""From what a vault holds to what people see: entries, steps, deleted things."""

from __future__ import annotations

from app.delivering import Standing, reach_of
from app.values import EntryInfo
from storage.facts.change import TOP, EntryId
from storage.facts.dots import Writer
from storage.facts.node import Node
from storage.facts.values import EntryKind
from storage.records.ledger import Binned, Step
from storage.vault import Vault

BILLION = 1_000_000_000
Shown = tuple[tuple[str, ...], Node]
"""A path from the top down, and what lies there."""


class Looking:
    """Describes entries of one space at one moment. Made and used on the vault's thread."""

    def __init__(
        self, vault: Vault, standing: Standing, near: frozenset[str], drafts: frozenset[bytes]
    ) -> None:
        self._vault = vault
        self._space = vault.space.hex()
        self._standing = standing
        self._near = near
        self._drafts = drafts
        self._unkept: frozenset[EntryId] | None = None
        """What is not to be here, of those that are described now."""
        # thousands of entries come from few commits of few devices
        self._names: dict[Writer, str] = {}

    def entry(self, path: tuple[str, ...], node: Node) -> EntryInfo:
        """Describe one."""
        unkept = self._vault.unkept([node.id]) if self._unkept is None else self._unkept
        kept = node.id not in unkept
        here = self._standing.complete or (kept and self._vault.is_here(node))
        return EntryInfo(
            self._space,
            node.id.hex(),
            path,
            is_folder=node.kind is EntryKind.FOLDER,
            is_text=node.is_text,
            size=node.size,
            mtime=node.mtime_ns / BILLION,
            by=self._name(node.dot.writer),
            reach=reach_of(self._standing, node.entry, here=here, near=self._near),
            here=here,
            draft=node.id in self._drafts,
            kept=kept,
        )

    def _name(self, writer: Writer) -> str:
        name = self._names.get(writer)
        if name is None:
            name = self._names[writer] = self._vault.device_name(writer)
        return name

    def top(self) -> EntryInfo:
        """Describe the space's own top folder."""
        return EntryInfo(
            self._space,
            TOP.hex(),
            (),
            is_folder=True,
            is_text=False,
            size=0,
            mtime=0.0,
            by="",
            reach=reach_of(self._standing, None, here=self._standing.complete, near=self._near),
            here=self._standing.complete,
        )

    def gone(self, binned: Binned) -> EntryInfo:
        """Describe something deleted, as it was."""
        return EntryInfo(
            self._space,
            binned.entry.hex(),
            binned.path,
            is_folder=binned.is_folder,
            is_text=False,
            size=binned.size,
            mtime=float(binned.step.at),
            by=device_of(self._vault, binned.step),
            reach=reach_of(self._standing, binned.step.dot, here=True, near=self._near),
            here=True,
        )

    def sorted(self, shown: list[Shown]) -> tuple[EntryInfo, ...]:
        """Describe several, folders first, then by name."""
        self._unkept = self._vault.unkept([node.id for _, node in shown])
        shown.sort(key=lambda pair: (pair[1].kind is not EntryKind.FOLDER, pair[0]))
        return tuple(self.entry(path, node) for path, node in shown)


def device_of(vault: Vault, step: Step) -> str:
    """Return the name of the device that made a step."""
    return vault.device_names().get(step.issuer) or device_by_end(step.issuer)


def device_by_end(did: str) -> str:
    """Return what to call a device that has no name."""
    return f"device {did[-4:]}"
