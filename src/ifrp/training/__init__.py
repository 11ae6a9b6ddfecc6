"""The one training loop: what it trains, its checkpoints and its curve."""
