"""How much of what PSNR lacks is colour and exposure."""

from ifrp.paper.tables.comparison import comparison

TABLES = (
    comparison(
        name="ceilings",
        module=__name__,
        shows="PSNR as it is, with the true mean colour put in, and with the true mean colour and contrast",
        caption="What PSNR would be if each face had the mean colour of the true one, and its contrast",
        cells=(
            ("", "psnr", "PSNR (dB)"),
            ("", "psnr-colour", "PSNR, true colour"),
            ("", "psnr-contrast", "PSNR, true colour and contrast"),
        ),
    ),
)
