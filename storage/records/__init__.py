"""Signed commits, and the history they make."""
