"""Colours, measures, letters and icons."""
