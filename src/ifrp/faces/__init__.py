"""Real faces (RF): download or render, crop, split by person, warp."""
