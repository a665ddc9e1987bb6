"""The mirror: the person's plain folder, and the space it shows, kept as one."""
