"""The machine's dice, behind the port."""

from __future__ import annotations

import secrets


class SystemEntropy:
    """Rolls what the operating system rolls."""

    def take(self, size: int) -> bytes:
        """Return that many unpredictable bytes."""
        return secrets.token_bytes(size)
