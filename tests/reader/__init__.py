"""A second reader of the format, written from storage/FORMAT.md alone; it shares no code."""
