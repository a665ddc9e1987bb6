"""Keys, seals and links. Nothing else in the program touches cryptography."""
