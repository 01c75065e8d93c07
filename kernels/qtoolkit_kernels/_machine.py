"""What machine code depends on beside the kernel that it was made from."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import platform
import re
import sys
from pathlib import Path

import llvmlite
import numpy as np
from llvmlite import binding

__all__ = ["is_current", "machine"]

_COMPILER_OPTIONS = (
    "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_ENABLE_AVX", "NUMBA_OPT", "NUMBA_LOOP_VECTORIZE",
    "NUMBA_SLP_VECTORIZE", "NUMBA_BOUNDSCHECK", "NUMBA_LLVM_REFPRUNE_PASS",
)  # fmt: skip


@functools.cache
def machine() -> str:
    """What machine code depends on beside its source: the processor and the versions of all that takes part."""
    return _machine()


def _machine() -> str:
    try:
        features = binding.get_host_cpu_features().flatten()
    except RuntimeError:
        features = ""
    return "\n".join(
        [
            platform.machine(), sys.platform, binding.get_host_cpu_name(), features,
            sys.version, str(sys.implementation.cache_tag), str(object.__basicsize__), str(sys.maxsize),
            np.__version__, llvmlite.__version__, _numba_version(),
            *(f"{name}={os.environ.get(name)}" for name in _COMPILER_OPTIONS),
        ]
    )  # fmt: skip


def is_current() -> bool:
    """Whether what compiles in this process is what `machine` said, and nothing was replaced or set anew since."""
    compiler = sys.modules.get("numba")
    return _machine() == machine() and (compiler is None or compiler.__version__ == _numba_version())


def _numba_version() -> str:
    """The version of numba on disk, without importing it."""
    spec = importlib.util.find_spec("numba")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        with contextlib.suppress(OSError):
            found = re.search(r'"version": "(.+?)"', (Path(folder) / "_version.py").read_text(encoding="utf-8"))
            if found:
                return found[1]
    from importlib.metadata import version

    return version("numba")
