"""Whole devices in one thread on one seed: real parts below simulated ports, and their judge."""
