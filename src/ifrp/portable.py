"""The same numbers on every x86-64 processor with AVX2: keeps libraries from computing by what else a processor has or is."""

from __future__ import annotations

import math
import os
import platform
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from torch import Tensor

CHOICES: Final = {
    "ONEDNN_MAX_CPU_ISA": "AVX2",  # convolutions
    "ATEN_CPU_CAPABILITY": "avx2",  # torch's own loops
    "MKL_CBWR": "COMPATIBLE",  # torch's products of matrices, LAPACK and FFT; AVX2 is for Intel's processors alone
    "OPENBLAS_CORETYPE": "Haswell",  # NumPy's and SciPy's products of matrices and LAPACK
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",  # NumPy's loops
    "NUMBA_CPU_NAME": "haswell",  # the renderer's
    "NUMBA_CPU_FEATURES": "",
}
"""variables by which libraries choose code when they are loaded, and what they are to choose"""
NEEDED: Final = {"avx2", "bmi2", "fma"}
"""what a processor must have for that, as Linux names it"""
LISTED = Path("/proc/cpuinfo")
_library: Any = None


def settle() -> None:
    """Sets the variables for this process and those that it starts, where the processor can do what they ask for.

    Does nothing if NumPy is loaded, for then it is too late.
    """
    if "numpy" not in sys.modules and _able():
        os.environ.update(CHOICES)


def settled() -> bool:
    """Whether this process computes as on any such processor."""
    return CHOICES.items() <= os.environ.items()


def _able() -> bool:
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    return not LISTED.exists() or set(LISTED.read_text().split()) >= NEEDED


def replace_approximations() -> None:
    """In a settled process, replaces torch's square root and decimal logarithm on the processor; elsewhere does nothing.

    MKL's differ between processors whatever the variables say; docs/reproduce.md tells how that was found. Here they are made
    of torch's own operations, which did not differ. Optimisers take roots.
    """
    global _library
    if _library is not None or not settled():
        return
    import torch

    _library = torch.library.Library("aten", "IMPL")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"(?s).*Overriding a previously registered kernel")
        _library.impl("sqrt", _root, "CPU")
        _library.impl("sqrt_", lambda x: x.rsqrt_().reciprocal_(), "CPU")
        _library.impl("sqrt.out", lambda x, *, out: torch.rsqrt(x, out=out).reciprocal_(), "CPU")
        _library.impl("log10", _decimal_logarithm, "CPU")


def _root(x: Tensor) -> Tensor:
    return x.rsqrt().reciprocal_()


def _decimal_logarithm(x: Tensor) -> Tensor:
    return x.log2() * math.log10(2)
