"""Tables and figures, made from artifacts alone."""

TABLES = ("quality", "identity", "timing")
"""tables of the main experiments; those of ablations are in the configuration"""
FIGURES = (
    "teaser", "network", "samples", "distance", "seen", "unseen", "sketch", "own", "consistency", "angles", "retrieval",
    "cost", "curves", "worst",
)  # fmt: skip
"""figures of the main experiments; each of `paper.ablations` is one more"""
DOCUMENTS = ("paper", "ablations")
"""documents that are printed, and have numbers of their own"""
