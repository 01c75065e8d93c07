"""How many cores this process may use."""

import os

__all__ = ["num_cores"]


def num_cores() -> int:
    """Cores that this process may use: a container or a batch system often grants fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
