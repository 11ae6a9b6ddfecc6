"""The drawn artworks and the two style tables."""

import dataclasses
import hashlib

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, sobel

from ifrp.config import STYLE_SPLITS, Config, Style, Styles, styles
from ifrp.errors import IfrpError
from ifrp.stacks import Images
from ifrp.styles.drawing import DRAWINGS, SIZE, draw

PAPER = {
    "seen": {"scream", "candy", "mosaic"},
    "unseen": {"wave", "feathers", "composition-vii", "starry-night", "udnie", "la-muse"},
    "sketch": {"sketch"},
}


@pytest.fixture(scope="module")
def drawn() -> dict[str, Images]:
    return {name: draw(name) for name in DRAWINGS}


def table(path: str) -> list[Style]:
    return styles(Config(styles=Styles(table=path)))


def test_drawing_is_deterministic(drawn: dict[str, Images]) -> None:
    digest = hashlib.sha256(drawn["sweets"].tobytes()).hexdigest()
    assert hashlib.sha256(draw("sweets").tobytes()).hexdigest() == digest
    assert all(picture.shape == (SIZE, SIZE, 3) and picture.dtype == np.uint8 for picture in drawn.values())


def test_drawings_differ_in_colour_and_stroke(drawn: dict[str, Images]) -> None:
    """Nearest pair by statistics that any two crops of one artwork share: colours, and edge energy by scale."""

    def description(picture: Images) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        pixels = picture / 255.0
        colour = [*np.quantile(pixels, (0.1, 0.5, 0.9), axis=(0, 1)).ravel()]
        edges = []
        for sigma in (1, 2, 4, 8):
            smooth = gaussian_filter(pixels.mean(axis=2), sigma)
            edges += [2 * np.log10(np.abs(sobel(smooth, axis)).mean() + 1e-4) for axis in (0, 1)]
        return np.array(colour + edges)

    half = SIZE // 2
    whole = {name: description(picture) for name, picture in drawn.items()}
    within = {name: description(picture[half:, half:]) for name, picture in drawn.items()}
    nearest = {
        name: min(whole, key=lambda other: np.linalg.norm(whole[other] - within[name])) for name in drawn
    }
    right = sum(name == found for name, found in nearest.items())
    assert right >= 6, nearest  # a quarter of a picture is mostly known by its style alone; by chance 1 in 10
    for a in drawn:
        for b in drawn:
            assert a == b or np.linalg.norm(whole[a] - whole[b]) > 0.3


def test_pencil_is_grey_and_sweets_are_not(drawn: dict[str, Images]) -> None:
    chroma = {name: float(np.ptp(picture.astype(float), axis=2).mean()) for name, picture in drawn.items()}
    assert min(chroma, key=lambda name: chroma[name]) == "hatching"
    assert max(chroma, key=lambda name: chroma[name]) == "sweets"


def test_unknown_drawing_names_the_known_ones() -> None:
    with pytest.raises(IfrpError, match=r"whirl, .*hatching"):
        draw("whirly")


def test_tables_have_the_papers_ten_and_ten_of_our_own() -> None:
    rows = table("config/styles.csv")
    for split, names in PAPER.items():
        assert {row.name for row in rows if row.split == split} == names
    assert all(row.address.startswith("https://") and len(row.sha256) == 64 for row in rows)
    ours = table("config/styles-drawn.csv")
    assert {row.address.removeprefix("drawn:") for row in ours} == set(DRAWINGS)
    assert [sum(row.split == split for row in ours) for split in STYLE_SPLITS] == [3, 6, 1]
    assert {row.licence for row in ours} == {"MIT"}
    assert all(dataclasses.asdict(row)["sha256"] == "" for row in ours)
