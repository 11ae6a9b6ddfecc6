"""Tables and figures, made from artifacts alone."""

TABLES = ("quality", "ceilings", "exposure", "identity", "likeness", "timing", "yardsticks")
"""tables of the main experiments; those of ablations are in the configuration"""
FIGURES = {
    "teaser": "portraits, what IFRP recovers, and the truth",
    "network": "the networks, drawn from the shapes that a face has after each stage",
    "samples": "the data set: faces, warped faces, portraits in training and test styles",
    "distance": "log-Euclidean distance of each artwork from real faces",
    "seen": "portraits in training styles, what each method recovers, truth",
    "unseen": "portraits in other styles, what each method recovers, truth",
    "sketch": "sketches, what each method recovers, truth",
    "own": "portraits of your own, and what is recovered",
    "consistency": "one person in all styles, and what each method recovers",
    "angles": "PSNR, SSIM and FRR against the rotation of the portrait",
    "retrieval": "the share of faces whose person is among the k nearest, without and with distractors",
    "cost": "FRR against milliseconds per face and seconds of training",
    "curves": "losses and validation PSNR over training",
    "worst": "the faces that are recovered worst, by SSIM",
}
"""figures of the main experiments, and what each shows; each of `paper.ablations` is one more"""
DOCUMENTS = ("paper", "ablations")
"""documents that are printed, and have numbers of their own"""
