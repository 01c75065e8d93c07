"""The only place that calls numba's compiler: every kernel is decorated with one of the wrappers below.

Compiled code is cached on disk. The cache looks at the source file of the function it compiles and at no other, so
after an edit of a kernel that *other* kernels call, their cached versions are stale: delete the `__pycache__` folders
under `kernels/` before trusting a result. For the same reason functions built by `exec` cannot be cached and are not
used here.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

FASTMATH = {"contract", "nsz"}
"""`contract` lets the compiler emit fused multiply-adds, `nsz` ignores the sign of zero; infinities and NaNs stay."""

REDUCTION_FASTMATH = FASTMATH | {"reassoc"}
"""For sums only: the order of additions is free, so that the loop runs in vector lanes."""

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "boundscheck": False}


def njit(function: Kernel) -> Kernel:
    """Compile a serial kernel: cached, without the interpreter lock, IEEE arithmetic but for fused multiply-adds."""
    return cast(Kernel, numba.njit(fastmath=FASTMATH, **_OPTIONS)(function))


def reduction_njit(function: Kernel) -> Kernel:
    """Compile a serial kernel whose sums may be reordered."""
    return cast(Kernel, numba.njit(fastmath=REDUCTION_FASTMATH, **_OPTIONS)(function))


def parallel_njit(function: Kernel) -> Kernel:
    """Compile a kernel with `prange` loops.

    Such a function takes seconds to load even from the cache, so there are as few of them as possible.
    """
    return cast(Kernel, numba.njit(parallel=True, fastmath=FASTMATH, **_OPTIONS)(function))
