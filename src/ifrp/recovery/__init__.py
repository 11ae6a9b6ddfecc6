"""Train a method on SF/RF pairs, and turn portraits back into faces."""
