"""Giving access and accepting it: codes, hand-over files, joining."""
