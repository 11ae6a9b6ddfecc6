"""All scores of a recovered face against scikit-image and piq, called for each picture: `python benchmarks/evaluation.py`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from common import Figure, alternating, machine, report
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from ifrp.compat import prepare_torchvision
from ifrp.evaluation import quality
from ifrp.stacks import Images

CLOCKS = {"ms": time.perf_counter, "ms of a processor": time.process_time}


def skimages(truth: Images, recovered: dict[str, Images]) -> None:
    """PSNR and SSIM of each face."""
    for images in recovered.values():
        for true, face in zip(truth, images, strict=True):
            peak_signal_noise_ratio(true, face, data_range=255)
            structural_similarity(
                true, face, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
                channel_axis=2,
            )  # fmt: skip


def piqs(truth: Images, recovered: dict[str, Images], device: torch.device) -> None:
    """FSIM and FSIMc of each face."""
    prepare_torchvision()
    import piq

    for images in recovered.values():
        for pair in zip(truth, images, strict=True):
            true, face = (torch.tensor(image, device=device).permute(2, 0, 1)[None].float() for image in pair)
            for chromatic in (False, True):
                piq.fsim(true, face, data_range=255, chromatic=chromatic).item()


def main() -> None:
    """Prints and writes time per face, on the clock and of all threads, and its ratio to the two libraries in the same run."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--faces", type=int, default=16, help="true faces [default: 16]; 128 fill a GPU's batch"
    )
    parser.add_argument("--styles", type=int, default=10, help="recoveries of each of them [default: 10]")
    parser.add_argument("--size", type=int, default=128, help="side of a face, in pixels [default: 128]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="of torch [default: 1]")
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    parser.add_argument("--output", type=Path, help="a CSV")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    draw = np.random.default_rng(0)
    shape = (given.faces, given.size, given.size, 3)
    truth = draw.integers(0, 256, shape, np.uint8)
    recovered = {str(style): draw.integers(0, 256, shape, np.uint8) for style in range(given.styles)}
    tasks = {
        "ours": lambda: quality.score(truth, recovered, str(given.device)),
        "scikit-image": lambda: skimages(truth, recovered),
        "piq": lambda: piqs(truth, recovered, given.device),
    }
    figures = []
    for unit, clock in CLOCKS.items():
        found = {
            name: seconds / (given.faces * given.styles) * 1000
            for name, seconds in alternating(tasks, given.rounds, clock).items()
        }
        peer = found["scikit-image"] + found["piq"]
        figures.append(
            Figure(
                "scores of a face", unit, found["ours"], machine(given.device),
                "scikit-image (PSNR, SSIM) and piq (FSIM, FSIMc)", peer, peer / found["ours"],
                f"{given.size}×{given.size}, {given.styles} recoveries of each face; ours with two ceilings of PSNR",
            )
        )  # fmt: skip
    report(figures, given.output)


if __name__ == "__main__":
    main()
