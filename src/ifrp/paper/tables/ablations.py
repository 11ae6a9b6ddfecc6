"""Tables of ablations: which columns each has. Its rows are those of `paper.ablations`."""

from functools import partial

from ifrp.paper.tables.comparison import TIME, comparison

BOTH = (
    ("seen", "ssim", "SSIM seen"),
    ("unseen", "ssim", "SSIM unseen"),
    ("seen", "fsim", "FSIM seen"),
    ("unseen", "fsim", "FSIM unseen"),
    ("seen", "frr", "FRR seen"),
    ("unseen", "frr", "FRR unseen"),
)
OVERALL = (
    ("all", "psnr", "PSNR (dB)"),
    ("all", "ssim", "SSIM"),
    ("seen", "frr", "FRR seen"),
    ("unseen", "frr", "FRR unseen"),
)
GAINS = (
    ("seen", "psnr", "PSNR (dB) seen"),
    ("unseen", "psnr", "PSNR (dB) unseen"),
    ("seen", "frr", "FRR seen"),
    ("unseen", "frr", "FRR unseen"),
    ("sketch", "frr", "FRR sketch"),
)
NEW_STYLES = (
    ("unseen", "psnr", "PSNR (dB) unseen"),
    ("sketch", "psnr", "PSNR (dB) sketch"),
    ("unseen", "ssim", "SSIM unseen"),
    ("unseen", "fsim", "FSIM unseen"),
    ("unseen", "frr", "FRR unseen"),
    ("sketch", "frr", "FRR sketch"),
)


_table = partial(comparison, module=__name__, ablation=True)

TABLES = (
    _table(
        name="losses",
        caption="Losses",
        cells=BOTH,
        shows="pixel, adversarial, identity loss; FaceNet against VGG-19 features",
        of_paper="loss ablation, Figures 3 and 5",
    ),
    _table(
        name="architecture",
        caption="Architecture of the style removal network",
        cells=BOTH,
        shows="no skips, all skips, two skips, two skips with residual blocks",
        of_paper="architecture ablation, Figure 4",
    ),
    _table(
        name="training-styles",
        caption="Number of training styles",
        cells=(*BOTH, ("train", TIME, "Time per epoch (ours in s)")),
        shows="1 to 5 training styles, and the time of an epoch",
        of_paper="number of training styles",
    ),
    _table(
        name="rotation",
        caption="Spatial transformers, by the rotations of the training portraits",
        cells=OVERALL,
        shows="with and without spatial transformers, for two sets of training rotations",
        of_paper="rotation ablation",
    ),
    _table(
        name="alignment",
        caption="What removing the style gains, and what aligning gains",
        cells=OVERALL,
        shows="no recovery, without and with spatial transformers, and portraits aligned by their true parameters",
    ),
    _table(
        name="budget",
        caption="What more training gains, by the pairs of portrait and face that were seen",
        cells=GAINS,
        shows="the same experiments after more and more training",
    ),
    _table(
        name="calibration",
        caption="What unlabelled portraits of each new style tell a trained network",
        cells=NEW_STYLES,
        shows="a trained network before and after a look at unlabelled portraits of each new style",
    ),
    _table(
        name="copies",
        caption="What more misalignments of each training face gain, from as many pairs",
        cells=GAINS,
        shows="training faces misaligned once and several times",
    ),
)
