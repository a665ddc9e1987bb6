"""Examples and laws of one module each."""
