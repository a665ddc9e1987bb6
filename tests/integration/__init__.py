"""Parts put together with the real network, on the loopback only."""
