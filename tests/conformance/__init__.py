"""What others published about the formats we speak."""
