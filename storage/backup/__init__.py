"""Backups: the packs of all spaces with the keys to them, sealed under a passphrase, proved."""
