"""Many devices in one thread, under seeded weather: every failure can be replayed."""
