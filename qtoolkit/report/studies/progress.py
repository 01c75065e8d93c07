"""How a study says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Progress", "share_of", "silent"]

Progress: TypeAlias = Callable[[str, float], None]
"""Called with what is being computed and the share of the whole study that is done, in [0, 1]."""


def silent(step: str, share: float) -> None:
    """Progress that nobody watches."""


def share_of(progress: Progress, step: str, begin: float, end: float) -> Callable[[int, int], None]:
    """A callback of counts done and in total, for a step that takes a study from share `begin` to share `end`."""
    progress(step, begin)

    def report(done: int, total: int) -> None:
        progress(step, begin + (end - begin) * (done / total))

    return report
