"""What the measurements were taken on, and how busy it was with other things."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["busy_seconds", "describe", "total_memory", "usable_cores"]

_GIBIBYTE = 2**30


def describe() -> dict[str, str]:
    """Label to text: processor, cores, caches, memory, huge pages, system, Python."""
    entries = {
        "processor": _cpu_field("model name") or platform.processor() or platform.machine(),
        "vectors": _vectors(),
        "cores": f"{usable_cores()} usable of {os.cpu_count()}",
        "caches": _caches(),
        "memory": f"{total_memory() / _GIBIBYTE:.0f} GiB",
        "huge pages": _read("/sys/kernel/mm/transparent_hugepage/enabled"),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    return {label: text for label, text in entries.items() if text}


def usable_cores() -> int:
    """Cores that this process may use; a container often grants fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def total_memory() -> int:
    """Bytes of memory, 0 if unknown."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 0


def busy_seconds() -> float | None:
    """Processor seconds that all processes and the host of a virtual machine have taken so far; None if unknown."""
    text = _read("/proc/stat").partition("\n")[0].split()
    if len(text) < 9 or text[0] != "cpu":
        return None
    user, nice, system, _idle, _waiting, interrupts, soft, stolen = (int(field) for field in text[1:9])
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _cpu_field(name: str) -> str:
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith(name):
            return " ".join(line.partition(":")[2].split())
    return ""


def _vectors() -> str:
    flags = set((_cpu_field("flags") or _cpu_field("Features")).split())
    return next((name for flag, name in _VECTORS if flag in flags), "")


_VECTORS = (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("sve", "SVE"), ("asimd", "NEON"))


def _caches() -> str:
    found = []
    for index in range(4):
        folder = f"/sys/devices/system/cpu/cpu0/cache/index{index}"
        level, kind, size = (_read(f"{folder}/{name}") for name in ("level", "type", "size"))
        if size and kind != "Instruction":
            found.append(f"L{level} {size.replace('K', ' KiB').replace('M', ' MiB')}")
    return ", ".join(found)
