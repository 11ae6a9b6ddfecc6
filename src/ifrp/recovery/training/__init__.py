"""Training experiments: pairs, losses, schedules, and an experiment as the training loop sees it."""
