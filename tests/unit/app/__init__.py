"""Tests of the floor `app`."""
