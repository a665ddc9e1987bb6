"""Facts: what a space is made of, how states join, and what a person sees of them."""
