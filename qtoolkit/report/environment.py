"""Which software and which machine a report comes from."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from qtoolkit._cores import num_cores
from qtoolkit._version import __version__

__all__ = ["environment"]

_PACKAGES = ("numpy", "scipy", "numba", "pyscf", "stim", "pymatching", "skfolio", "matplotlib")
_GIBIBYTE = 2**30


def environment() -> dict[str, str]:
    """Label to text: qtoolkit, Python, the packages behind the numbers, processor, cores, memory, system."""
    packages = [f"{name} {found}" for name in _PACKAGES if (found := _version(name)) is not None]
    entries = {
        "qtoolkit": __version__,
        "Python": platform.python_version(),
        "Packages": ", ".join(packages),
        "Processor": f"{_processor()}, {_cores()} usable",
        "Memory": _memory(),
        "System": f"{platform.system()} {platform.machine()}",
    }
    return {label: text for label, text in entries.items() if text}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown processor"


def _cores() -> str:
    usable = num_cores()
    return f"{usable} core" if usable == 1 else f"{usable} cores"


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / _GIBIBYTE:.0f} GiB"
    except (AttributeError, ValueError, OSError):
        return ""
