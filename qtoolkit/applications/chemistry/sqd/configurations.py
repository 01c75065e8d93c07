"""Sampled bitstrings as configurations of electrons, and the recovery of those with wrong numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, shown
from qtoolkit.errors import InputError
from qtoolkit.primitives import Result

__all__ = ["Configurations", "configurations_of", "drawn", "recovered"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

_FLOOR = 0.01
"""Share of a flip's weight that is reached where the deviation equals the filling."""


@dataclass(frozen=True, eq=False)
class Configurations:
    """Distinct pairs of strings, with how often each came.

    Attributes:
        alpha, beta: occupied orbitals as bits, int64 of shape (configurations,).
        weights: positive, shape (configurations,).
    """

    alpha: IntArray
    beta: IntArray
    weights: FloatArray

    def __len__(self) -> int:
        return len(self.weights)

    def chosen(self, which: NDArray[np.bool_] | IntArray) -> Configurations:
        """Some of them."""
        return Configurations(self.alpha[which], self.beta[which], self.weights[which])

    def has_electrons(self, nelec: tuple[int, int]) -> NDArray[np.bool_]:
        """Which have these numbers of alpha and beta electrons."""
        found: NDArray[np.bool_] = (np.bitwise_count(self.alpha) == nelec[0]) & (
            np.bitwise_count(self.beta) == nelec[1]
        )
        return found


def configurations_of(samples: Result | Mapping[str, int], norb: int) -> Configurations:
    """Bitstrings of Jordan–Wigner qubits, highest leftmost: alpha orbitals are the lower half, beta the upper.

    Raises:
        InputError: if samples are neither, are empty, or have another length.
    """
    counts = samples.counts if isinstance(samples, Result) else samples
    rule = "samples are a Result or a mapping from bitstrings to counts"
    checked = Result.from_counts(check_instance(counts, Mapping, rule)).counts
    kept = {key: count for key, count in checked.items() if count}
    if not kept:
        raise InputError("samples must hold at least one bitstring, got none")
    length = len(next(iter(kept)))
    if length != 2 * norb:
        raise InputError(
            f"bitstrings of {norb} orbitals have {2 * norb} letters, got {shown(next(iter(kept)))}; measure all qubits "
            "of a Jordan–Wigner circuit, and nothing else"
        )
    alpha = np.array([int(key[norb:], 2) for key in kept], np.int64)
    beta = np.array([int(key[:norb], 2) for key in kept], np.int64)
    return Configurations(alpha, beta, np.array(list(kept.values()), np.float64))


def recovered(
    configurations: Configurations, occupancies: FloatArray, nelec: tuple[int, int], rng: np.random.Generator
) -> Configurations:
    """Each configuration with the right numbers of electrons: bits that are most at odds with the mean are flipped.

    Where a string has too many electrons, occupied orbitals are emptied, else empty ones filled; which is drawn without
    replacement, with weights that grow with ``|bit − mean occupancy|`` (J. Robledo-Moreno et al., Sci. Adv. 11,
    eadu9991 (2025), arXiv:2405.05068, section on configuration recovery). Equal configurations are merged.

    Args:
        configurations: as measured.
        occupancies: mean of each orbital, alpha and beta, shape (2, norb).
        nelec: wanted.
        rng: draws.
    """
    strings = [
        _repaired(bits, mean, count, rng)
        for bits, mean, count in zip((configurations.alpha, configurations.beta), occupancies, nelec, strict=True)
    ]
    pairs, inverse = np.unique(np.stack(strings, axis=1), axis=0, return_inverse=True)
    weights = np.zeros(len(pairs))
    np.add.at(weights, inverse.ravel(), configurations.weights)
    return Configurations(pairs[:, 0].copy(), pairs[:, 1].copy(), weights)


def drawn(configurations: Configurations, count: int, rng: np.random.Generator) -> Configurations:
    """So many distinct ones, drawn without replacement by their weights; all, if there are no more."""
    if count >= len(configurations):
        return configurations
    keys = np.log(configurations.weights) + rng.gumbel(size=len(configurations))
    return configurations.chosen(np.sort(np.argpartition(-keys, count)[:count]))


def _repaired(bits: IntArray, mean: FloatArray, count: int, rng: np.random.Generator) -> IntArray:
    norb = len(mean)
    occupied = (bits[:, None] >> np.arange(norb) & 1).astype(bool)
    excess = occupied.sum(axis=1) - count
    wrong = np.flatnonzero(excess)
    candidates = occupied[wrong] == (excess[wrong] > 0)[:, None]
    weights = _flip_weights(np.abs(occupied[wrong] - mean), count / norb)
    # the largest of log weight + Gumbel noise are a draw without replacement
    keys = np.where(candidates, np.log(weights + 1e-12) + rng.gumbel(size=candidates.shape), -np.inf)
    rank = np.argsort(np.argsort(-keys, axis=1, kind="stable"), axis=1, kind="stable")
    flipped = rank < np.abs(excess[wrong])[:, None]
    found = bits.copy()
    found[wrong] ^= (flipped.astype(np.int64) << np.arange(norb)).sum(axis=1)
    return found


def _flip_weights(deviations: FloatArray, filling: float) -> FloatArray:
    """A kinked line: slow up to the filling, then steep, to 1 where a bit is opposite to its mean."""
    filling = min(max(filling, 1e-6), 1.0 - 1e-6)
    low = _FLOOR * deviations / filling
    high = _FLOOR + (1.0 - _FLOOR) * (deviations - filling) / (1.0 - filling)
    return np.where(deviations <= filling, low, high)
