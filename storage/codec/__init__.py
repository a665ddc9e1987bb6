"""Bytes to values and back, through one strict gate."""
