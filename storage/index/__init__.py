"""SQLite caches of what packs and records say: deleted at any time, rebuilt from nothing."""
