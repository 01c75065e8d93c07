"""Which part of a Hamiltonian acts when, in a step of a product formula."""

from __future__ import annotations

__all__ = ["SUZUKI", "joined", "step_of"]

SUZUKI = 1.0 / (4.0 - 4.0 ** (1.0 / 3.0))
"""Of the five second-order steps in one of order 4, what four of them take of its time."""

_FOURTH = (SUZUKI, SUZUKI, 1.0 - 4.0 * SUZUKI, SUZUKI, SUZUKI)


def step_of(num_parts: int, order: int) -> list[tuple[int, float]]:
    """Parts with their shares of a step's time, in time order; neighbours of the same part are one."""
    if order == 1:
        return [(k, 1.0) for k in range(num_parts)]
    half = [(k, 0.5) for k in range(num_parts)]
    second = joined([*half, *reversed(half)])
    return second if order == 2 else joined([(k, share * part) for share in _FOURTH for k, part in second])


def joined(schedule: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Neighbours of the same part as one."""
    found: list[tuple[int, float]] = []
    for part, share in schedule:
        if found and found[-1][0] == part:
            found[-1] = (part, found[-1][1] + share)
        else:
            found.append((part, share))
    return found
