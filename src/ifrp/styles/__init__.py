"""Artworks, style distance, and one feed-forward style network per artwork."""
