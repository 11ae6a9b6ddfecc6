"""What a score is worth, beside the best of ours and the published values of the paper's method."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ifrp import config as settings
from ifrp import paths
from ifrp.paper.grid import Grid, number, printed

if TYPE_CHECKING:
    import pandas as pd

CAPTION = "What a score is worth: faces that nobody recovered"
METRIC = "PSNR, SSIM, FSIM, FSIMc, FRR"
DECIMALS = {"psnr": 2, "ssim": 3, "fsim": 3, "fsimc": 3, "frr": 2}
HEADINGS = {"psnr": "PSNR (dB)", "ssim": "SSIM", "fsim": "FSIM", "fsimc": "FSIMc", "frr": "FRR (%)"}
