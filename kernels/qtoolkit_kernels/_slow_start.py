"""What is said where numba's insides are others than `_compile` works with, so that kernels are left to plain numba."""

from __future__ import annotations

import sys
import warnings

__all__ = ["TESTED", "SlowStartWarning", "warn_once"]

TESTED = "numba>=0.61,<0.69"
"""What the package requires, which an installer can be told to ignore."""


class SlowStartWarning(RuntimeWarning):
    """Every process compiles its kernels anew: results are right, first runs take longer."""


_reasons: list[str] = []
"""Why this process has warned."""


def warn_once(reason: str) -> None:
    """Warn of what is not as expected, unless this process has warned before."""
    if _reasons:
        return
    _reasons.append(reason)
    version = getattr(sys.modules.get("numba"), "__version__", "(not loaded)")
    warnings.warn(
        f"qtoolkit: numba {version} has other insides than those known here ({reason}). Nothing is wrong, but each "
        f"process compiles its kernels anew, which makes first runs slow; pip install '{TESTED}' keeps them compiled",
        SlowStartWarning,
        stacklevel=2,
    )
