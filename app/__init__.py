"""What a person can do: use cases, the mirrored folder, the command line."""
