"""Portraits: stacks of stylised faces."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ifrp import stacks
from ifrp.errors import IfrpError
from ifrp.portraits.stylise import check, stylise
from ifrp.styles.network import StyleNetwork, apply


@pytest.fixture
def warped(tmp_path: Path) -> stacks.Stack:
    rng = np.random.default_rng(0)
    with stacks.create(tmp_path / "test-warped.npy", (7, 32, 32)) as (images, rows):
        images[:] = rng.integers(0, 256, images.shape)
        rows.extend({"file": f"{i:03}.jpg", "person": f"{i // 2:05}", "rotation": 1.5 * i} for i in range(7))
    return stacks.read(tmp_path / "test-warped.npy")


def network() -> StyleNetwork:
    torch.manual_seed(0)
    return StyleNetwork(0.125).eval()


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_portraits_do_not_depend_on_the_batch(tmp_path: Path, warped: stacks.Stack, batch: int) -> None:
    target = tmp_path / "portraits" / "sweets.npy"
    stylise(warped, network(), "sweets", target, batch)
    found = stacks.read(target)
    single = np.concatenate([apply(network(), warped.images[i : i + 1]) for i in range(7)])
    assert np.abs(found.images.astype(int) - single).max() <= 1  # a level of rounding
    assert len(np.unique(found.images.reshape(7, -1), axis=0)) == 7


def test_rows_are_those_of_the_faces_with_the_style(tmp_path: Path, warped: stacks.Stack) -> None:
    target = tmp_path / "sweets.npy"
    stylise(warped, network(), "sweets", target, 4)
    table = stacks.read(target).table
    assert (table.pop("style") == "sweets").all()
    assert table.equals(warped.table)


def test_no_half_written_stack(tmp_path: Path, warped: stacks.Stack) -> None:
    class Breaking(StyleNetwork):
        def forward(self, faces: torch.Tensor) -> torch.Tensor:
            if len(faces) < 4:
                raise RuntimeError("last batch")
            return super().forward(faces)

    with pytest.raises(RuntimeError, match="last batch"):
        stylise(warped, Breaking(0.125).eval(), "sweets", tmp_path / "out" / "sweets.npy", 4)
    assert not list((tmp_path / "out").iterdir())


def test_useless_networks_are_refused() -> None:
    broken = network()
    with torch.no_grad():
        next(broken.parameters()).fill_(float("nan"))
    with pytest.raises(IfrpError, match=r"sweets\.safetensors holds values that are not finite"):
        check(broken, Path("models/styles/sweets.safetensors"))
