"""What is true without a network or a screen."""
