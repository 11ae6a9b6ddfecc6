"""Tables and figures, made from artifacts alone."""

TABLES = ("quality", "identity", "timing")
FIGURES = ("samples", "distance", "seen", "unseen", "sketch", "curves", "worst")
