"""What the configuration and the workflow know of every method without importing it, and torch with it.

Each row of `METHODS` is a module of `ifrp.recovery.methods`, and one of this package with the method's keys, `Settings`; tests
compare the three.
"""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass, field

from ifrp.config.methods.fitting import Settings
from ifrp.config.sections import Training
from ifrp.errors import IfrpError


@dataclass(frozen=True)
class Facts:
    """What must be known of a method before any network is built.

    Attributes:
        trained: whether it has networks that must be trained.
        reference: whether it looks at a real training face when it recovers.
        identity: whether its `losses` may compare features of a face recogniser: see `sections.IdentityLoss`.
        least: pairs that a batch must have.
        training: its own values of the shared keys.
    """

    trained: bool = True
    reference: bool = False
    identity: bool = False
    least: int = 1
    training: Training = field(default_factory=Training)


HALVES = 2  # the discriminator sees the faces of one half of a batch, and the recoveries of the other
METHODS = {
    # [orig, recalled: 200 epochs of 2,975 photographs, Cityscapes]
    "cyclegan": Facts(training=Training(steps=595_000, batch=1, flip=True)),
    "faced": Facts(least=HALVES),
    "gatys": Facts(trained=False, reference=True),
    "ifrp": Facts(least=HALVES, identity=True),
    "ifrp_plus": Facts(least=HALVES, identity=True),
    "input": Facts(trained=False),
    "johnson": Facts(training=Training(steps=40_000, batch=4)),
    # [orig: 5 epochs in batches of 64; of 330,000 pairs here]
    "mgan": Facts(training=Training(steps=25_800)),
    # [orig, recalled: 15 epochs of 137,000 pairs, edges to handbags, the largest of its data sets]
    "pix2pix": Facts(training=Training(steps=513_750, batch=4, flip=True)),
}


def settings_class(method: str) -> type[Settings]:
    """The section of a method's keys; its defaults are the paper's values.

    Raises:
        IfrpError: there is no such method.
    """
    facts(method)
    found: type[Settings] = importlib.import_module(f"{__name__}.{method}").Settings
    return found


def facts(method: str) -> Facts:
    """The row of a method.

    Raises:
        IfrpError: there is no such method.
    """
    if not isinstance(method, str) or method not in METHODS:
        near = difflib.get_close_matches(str(method), METHODS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise IfrpError(f"There is no method {method!s:.80}; {hint}There are {', '.join(METHODS)}.")
    return METHODS[method]
