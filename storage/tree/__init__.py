"""The tree: the canonical, sealed, content-addressed encoding of a state."""
