"""Whole programs, as a person runs them."""
