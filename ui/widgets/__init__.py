"""The few widgets of our own, each a stock one with a little more."""
