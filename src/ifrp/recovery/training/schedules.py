"""What changes while training: loss weights, learning rate, warm-up and the balance of the two networks."""

from __future__ import annotations


def weight(initial: float, epoch: int, decay: float = 0.995, floor: float = 0.5) -> float:
    """Weight of a loss in an epoch: max(λ·0.995ⁿ, λ/2) [form: paper, values: authors]."""
    return max(initial * decay**epoch, initial * floor)


def learning_rate(initial: float, epoch: int, decay: float = 0.99, floor: float = 1e-6) -> float:
    """Learning rate in an epoch: max(r·0.99ⁿ, 10⁻⁶) [authors]."""
    return max(initial * decay**epoch, floor)


def linear(initial: float, step: int, steps: int, constant: float = 0.5) -> float:
    """Learning rate of a step: constant for a fraction of the steps, then falling to 0 in a line [orig: pix2pix, CycleGAN]."""
    return initial * min(1.0, (1 - step / steps) / (1 - constant)) if constant < 1 else initial


def warm_up(step: int, length: int = 50) -> float:
    """Factor on the learning rate: 1/50 for the first `length` steps, 1/5 for as many more, then 1 [authors]."""
    if step < length:
        return 1 / 50
    return 1 / 5 if step < 2 * length else 1.0


def balance(error_real: float, error_fake: float, margin: float = 0.3) -> tuple[bool, bool]:
    """Which of the two networks to update, so that neither outruns the other [authors].

    Args:
        error_real: the discriminator's cross-entropy on real faces.
        error_fake: the same on recovered faces.
        margin: below it the discriminator is too good, above 1 - margin too bad.

    Returns:
        Whether to update the discriminator, and whether the generator; both if neither would be.
    """
    discriminator = min(error_real, error_fake) >= margin
    generator = max(error_real, error_fake) <= 1 - margin
    if not discriminator and not generator:
        return True, True
    return discriminator, generator
