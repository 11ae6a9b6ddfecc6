"""Pairs of portrait and face for training: memory-mapped, in an order that depends on seed and epoch alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ifrp import paths, runtime, stacks
from ifrp.config.experiments import Experiment
from ifrp.errors import IfrpError
from ifrp.faces.warp import forward, unwarp
from ifrp.recovery.method import Batch
from ifrp.recovery.training.augmentation import recoloured
from ifrp.stacks import Images, to_range

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Source:
    """Where a split's pictures lie.

    Attributes:
        faces: stack of aligned faces.
        portraits: one stack per style, row by row the same; the column `index` of their tables is the row of the face.
        aligned: warp portraits back by their true parameters.
    """

    faces: Path
    portraits: tuple[Path, ...]
    aligned: bool = False

    @classmethod
    def of(cls, split: str, experiment: Experiment) -> Source:
        """What an experiment sees of a split, train or val."""
        styles = (split == "val" and experiment.training.validation_styles) or experiment.styles
        portraits = tuple(paths.portraits(split, style, experiment.warp) for style in styles)
        return cls(paths.faces(split), portraits, experiment.aligned)


class Pairs:
    """Portraits of all training styles and their faces.

    An epoch shows each portrait once: each face in every copy (misalignment, `faces.warp.copies`) and style. It has as many
    passes as there are copies and styles together; a pass shows each face once, so that a batch inside it never holds the
    same face twice. What does not fill a batch at an epoch's end is left out. Schedules that go by epoch count these epochs:
    with twice as many copies, they change half as often.

    Args:
        source: the stacks.
        batch: pairs in a batch.
        seed: seed of the order.
        paired: false draws a batch's faces independently of its portraits.
        flip: mirror every other pair at random.
        recolour: share of portraits that are recoloured at random.
        device: where batches go; whole stacks go there if it is a GPU with room for them.
        share: rank and number of devices among which each batch is split.

    Raises:
        IfrpError: stacks are missing, do not match, or do not fill one batch.
    """

    def __init__(
        self, source: Source, batch: int, seed: int, paired: bool, flip: bool, recolour: float, device: torch.device,
        share: tuple[int, int] = (0, 1),
    ) -> None:  # fmt: skip
        faces = stacks.read(source.faces).images
        opened = [stacks.read(path) for path in source.portraits]
        portraits = [stack.images for stack in opened]
        self.warps = opened[0].table  # the same in all styles
        self.aligned = source.aligned
        self.rows = _rows(source, len(faces), self.warps)
        shape = (self.rows.size, *faces.shape[1:])
        for path, images in zip(source.portraits, portraits, strict=True):
            if images.shape != shape:
                raise IfrpError(f"{path} is {images.shape}, but {shape} by {source.faces}: make it again.")
        self.count, self.styles = len(faces), len(portraits)
        self.copies = self.rows.size // self.count
        self.per_epoch = self.rows.size * self.styles // batch
        if self.per_epoch == 0:
            raise IfrpError(
                f"{source.faces} gives {self.rows.size * self.styles} pairs, fewer than a batch of {batch}: "
                "lower training.batch or use more faces."
            )
        self.batch, self.seed, self.paired, self.flip, self.recolour = batch, seed, paired, flip, recolour
        self.device, self.share = device, share
        self._order = (-1, *self.order(-1))
        room = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else 0
        held = sum(images.nbytes for images in (faces, *portraits)) < 0.6 * room
        self.faces = _Stacks([faces], device, held)
        self.portraits = _Stacks(portraits, device, held)

    def order(self, epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Face, style and portrait (its row in the stack of the style) of every pair of an epoch, in the order they are shown."""
        random = runtime.generator(self.seed, "order", epoch)
        faces = [random.permutation(self.count) for _ in range(self.styles * self.copies)]
        style = random.integers(self.styles, size=self.count)
        copy = random.integers(self.copies, size=self.count)
        # From pass to pass a face changes both its style and its copy; once both are back at the first, it skips a copy.
        back = math.lcm(self.styles, self.copies)
        styles = [(style[index] + turn) % self.styles for turn, index in enumerate(faces)]
        copies = [(copy[index] + turn + turn // back) % self.copies for turn, index in enumerate(faces)]
        index = np.concatenate(faces)
        return index, np.concatenate(styles), self.rows[index, np.concatenate(copies)]

    def __call__(self, step: int) -> Batch:
        """The batch of a step: a function of the seed and the step alone."""
        epoch, position = divmod(step, self.per_epoch)
        if self._order[0] != epoch:
            self._order = (epoch, *self.order(epoch))
        rank, devices = self.share
        window = slice(position * self.batch + rank, (position + 1) * self.batch, devices)
        faces, styles, rows = (part[window] for part in self._order[1:])
        random = runtime.generator(self.seed, "batch", step)
        other = faces if self.paired else random.integers(self.count, size=self.batch)[rank::devices]
        mirrored = random.random(self.batch)[rank::devices] < (0.5 if self.flip else 0)
        portraits = self.portraits(rows, styles)
        warps = self.warps.iloc[rows]
        if self.aligned:
            portraits = runtime.sent(unwarp(portraits.cpu().numpy(), warps), self.device)
        some = runtime.sent(mirrored, self.device) if mirrored.any() else None
        images = _flipped(to_range(portraits), some)
        if self.recolour:
            images = recoloured(images, self.recolour, runtime.subseed(self.seed, "colours", step, rank))
        return Batch(
            portraits=images,
            faces=_flipped(to_range(self.faces(other)), some),
            style=runtime.sent(styles, self.device),
            places=runtime.sent(places(warps, mirrored, self.aligned), self.device),
        )


def _rows(source: Source, faces: int, table: pd.DataFrame) -> NDArray[np.int64]:
    """Rows of the portraits of each face, (faces, copies).

    Raises:
        IfrpError: not every face has as many portraits.
    """
    index = table["index"].to_numpy() if "index" in table else np.full(len(table), -1)
    if not np.array_equal(np.sort(index), np.repeat(np.arange(faces), len(index) // faces)):
        raise IfrpError(
            f"{source.portraits[0].with_suffix('.csv')} does not tell (column index) as many portraits of each of the {faces} "
            f"faces of {source.faces}: make it again."
        )
    return np.argsort(index, kind="stable").reshape(faces, -1)


def places(warps: pd.DataFrame, mirrored: NDArray[np.bool_], aligned: bool) -> NDArray[np.float32]:
    """Where aligned faces lie in their portraits.

    Args:
        warps: N rows with rotation (degrees), scale, shift_x and shift_y (fractions of the side), see `ifrp.faces.warp`.
        mirrored: (N,) which pairs were mirrored since.
        aligned: portraits were warped back since.

    Returns:
        (N, 2, 3), from the aligned face to the portrait, both in [-1, 1].
    """
    shift = warps[["shift_x", "shift_y"]].to_numpy()
    maps = forward(warps["rotation"].to_numpy(), warps["scale"].to_numpy(), shift, 2)
    maps[:, :, 2] = 2 * shift  # about the centre, which is 0
    if aligned:
        maps[:] = np.eye(2, 3)
    maps[mirrored] *= [[1, -1, -1], [-1, 1, 1]]
    return maps.astype(np.float32)


def _flipped(images: Tensor, mirrored: Tensor | None) -> Tensor:
    return images if mirrored is None else torch.where(mirrored[:, None, None, None], images.flip(3), images)


class _Stacks:
    """Pictures of stacks that are alike, as uint8 tensors on a device; whole stacks are moved there if they are to be held."""

    def __init__(self, stacks: Sequence[Images], device: torch.device, held: bool) -> None:
        self.stacks, self.device = stacks, device
        self.held = [torch.from_numpy(np.array(images)).to(device) for images in stacks] if held else None

    def __call__(self, rows: NDArray[np.int64], stack: NDArray[np.int64] | None = None) -> Tensor:
        """Some rows, each of the stack named or all of the first, (N, H, W, 3)."""
        which = np.zeros_like(rows) if stack is None else stack
        if self.held is None:
            found = np.empty((len(rows), *self.stacks[0].shape[1:]), np.uint8)
            for number in np.unique(which):
                found[which == number] = self.stacks[number][rows[which == number]]
            return runtime.sent(found, self.device)
        pictures = torch.empty(len(rows), *self.held[0].shape[1:], dtype=torch.uint8, device=self.device)
        for number in np.unique(which):
            members = np.flatnonzero(which == number)
            chosen = self.held[number][runtime.sent(rows[members], self.device)]
            pictures[runtime.sent(members, self.device)] = chosen
        return pictures


def held_out(source: Source, count: int) -> list[tuple[Tensor, Tensor]] | None:
    """The first portraits of each style and their faces, uint8 (N, H, W, 3) each; none where the stacks are not there."""
    if not all(path.exists() for path in (source.faces, *source.portraits)):
        return None
    faces = torch.from_numpy(np.array(stacks.read(source.faces).images[:count]))
    pairs = []
    for path in source.portraits:
        opened = stacks.read(path)
        images = np.array(opened.images[:count])
        if source.aligned:
            images = unwarp(images, opened.table[:count])
        pairs.append((torch.from_numpy(images), faces))
    return pairs
