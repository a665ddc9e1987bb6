"""The words for how much of a folder a device keeps: what is typed, shown and remembered."""

from __future__ import annotations

WHOLE = "whole"
OPENED = "opened"
NAMES = "names"
