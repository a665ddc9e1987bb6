"""Names stand in storage.facts.names; this door is for those who look here."""

from __future__ import annotations

from storage.facts.names import MAX_NAME, check_name, collision_key

__all__ = ["MAX_NAME", "check_name", "collision_key"]
