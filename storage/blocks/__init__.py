"""Content-addressed things and the places that keep them."""
