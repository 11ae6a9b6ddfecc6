"""Tables and figures, made from artifacts alone."""

TABLES = ("quality", "identity", "timing")
"""tables of the main experiments; those of ablations are in the configuration"""
FIGURES = ("samples", "distance", "seen", "unseen", "sketch", "curves", "worst")
