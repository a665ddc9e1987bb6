"""How bytes travel between two devices."""
