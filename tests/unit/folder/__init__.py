"""The mirror of a plain folder."""
