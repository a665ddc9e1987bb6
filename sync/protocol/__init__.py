"""What peers say to each other. No sockets, clocks or threads: bytes in, events and bytes out."""
