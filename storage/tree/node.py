"""Nodes stand in storage.facts.node; this door is for those who look here."""

from __future__ import annotations

from storage.facts.node import Node, Tree

__all__ = ["Node", "Tree"]
