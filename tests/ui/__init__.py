"""The window, its models and its words, without a screen."""
