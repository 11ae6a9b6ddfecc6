"""How close recovered faces are to the true ones (Table 2)."""

from ifrp.paper.tables.comparison import comparison

TABLES = (
    comparison(
        name="quality",
        module=__name__,
        shows="PSNR, SSIM, FSIM for seen and unseen styles and sketches",
        of_paper="Table 2",
        caption="Quality of recovered faces",
        cells=(("", "psnr", "PSNR (dB)"), ("", "ssim", "SSIM"), ("", "fsim", "FSIM"), ("", "fsimc", "FSIMc")),
    ),
)
