"""The command line: reaches the running app, or works alone."""
