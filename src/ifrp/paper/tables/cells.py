"""What is in the cells of a table: numbers as they are printed, marks, and the paper's own values."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from ifrp import paths, tables

NOT_PUBLISHED, NOT_RUN, WORSE, USELESS, BEST, TIED, LOOKED = "–", "not run", "↓", "‡", "*", "=", "°"
HEADINGS = {
    "psnr": "PSNR (dB)", "ssim": "SSIM", "fsim": "FSIM", "fsimc": "FSIMc", "frr": "FRR (%)",
    "rank1": "Rank-1 (%)", "cosine": "Cosine",
}  # fmt: skip
DECIMALS = {"ssim": 3, "fsim": 3, "fsimc": 3, "cosine": 3, "time-per-epoch": 1}


def digits(metric: str) -> int:
    """Digits after the point of a metric: two, if `DECIMALS` does not say otherwise."""
    return DECIMALS.get(metric, 2)


def printed() -> dict[tuple[str, str, str, str], str]:
    """All values of the paper, as printed, by table, method, split and metric."""
    keys = ("table", "method", "split", "metric")
    rows = [row.cells for row in tables.read(paths.PUBLISHED, (*keys, "value"))]
    return {(row["table"], row["method"], row["split"], row["metric"]): row["value"] for row in rows}


def published(table: str) -> dict[tuple[str, str, str], str]:
    """Values of one table of the paper, as printed, by method, split and metric."""
    return {key[1:]: value for key, value in printed().items() if key[0] == table}


def number(value: float, decimals: int, sign: bool = False) -> str:
    """A number, its half rounded up, with a true minus sign, and a plus sign if asked for."""
    rounded = Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{rounded:{'+' if sign else ''}f}".replace("-", "−")


def bracketed(value: float, low: float, high: float, decimals: int) -> str:
    """A number and, in brackets, the two ends of its range."""
    return f"{number(value, decimals)} [{number(low, decimals)}, {number(high, decimals)}]"
