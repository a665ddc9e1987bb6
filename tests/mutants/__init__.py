"""Faults put into the program on purpose: the suite has to find each of them."""
