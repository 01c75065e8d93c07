"""One layer of QAOA with the transverse mixer in closed form, for any number of bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit.operators.quadratic import BinaryQuadratic, Spins

__all__ = ["Correlations", "best_single_layer", "single_layer"]

FloatArray = NDArray[np.float64]
Correlations = tuple[FloatArray, FloatArray]
"""``⟨Z_i⟩``, shape ``(n,)``, and ``⟨Z_i Z_j⟩``, shape ``(n, n)`` with ones on the diagonal."""

_GRID, _FINER, _REFINEMENTS = 24, 5, 1


def single_layer(spins: Spins, gamma: float, beta: float) -> Correlations:
    """Means and correlations of the spins after ``exp(-iγC)`` and ``exp(iβ Σ X)`` on the uniform superposition.

    Source: Ozaeta, van Dam and McMahon, Quantum Sci. Technol. 7, 045036 (2022), theorem 1.
    """
    fields, couplings, _ = spins
    sine, product, both, apart = _terms(2.0 * gamma * fields, 2.0 * gamma * (couplings + couplings.T))
    means = -np.sin(2.0 * beta) * sine
    pairs = -0.5 * np.sin(4.0 * beta) * product - 0.5 * np.sin(2.0 * beta) ** 2 * (both - apart)
    np.fill_diagonal(pairs, 1.0)
    return means, pairs


def best_single_layer(form: BinaryQuadratic, near: float | None = None) -> tuple[float, float, float, int]:
    """γ, β and the mean of the form at the lowest point of a refined grid, and how many γ were looked at.

    For each γ the mean is ``A sin 2β + B sin 4β + D sin² 2β`` and a constant, whose lowest point is looked for on a
    fine grid of β.

    Args:
        form: of the bits.
        near: what γ is half to twice as large as, in inverse units of the form; not known by default.
    """
    spins = form.spins()
    fields, couplings, offset = spins
    felt = np.sqrt(fields**2 + np.sum((couplings + couplings.T) ** 2, axis=1))
    scale = float(np.sqrt(np.mean(felt**2))) or 1.0
    betas = np.linspace(0.0, np.pi / 2.0, 361)
    waves = np.array([-np.sin(2.0 * betas), -0.5 * np.sin(4.0 * betas), -0.5 * np.sin(2.0 * betas) ** 2])
    low, high, grid = (0.0, 1.5 / scale, _GRID) if near is None else (0.5 * near, 2.0 * near, _FINER)
    best = (0.0, 0.0, offset)
    number = 0
    for _ in range(_REFINEMENTS + 1):
        step = (high - low) / grid
        for gamma in np.linspace(low + step, high, grid).tolist():
            sine, product, both, apart = _terms(2.0 * gamma * fields, 2.0 * gamma * (couplings + couplings.T))
            weights = [fields @ sine, np.sum(couplings * product), np.sum(couplings * (both - apart))]
            means = offset + np.array(weights) @ waves
            place = int(np.argmin(means))
            number += 1
            if means[place] < best[2]:
                best = (gamma, float(betas[place]), float(means[place]))
        low, high, grid = max(best[0] - step, 0.0), best[0] + step, _FINER
    return (*best, number)


def _terms(fields: FloatArray, couplings: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """What multiplies the functions of β in means and pairs; fields and couplings are times 2γ, and symmetric."""
    cosines, sines = np.cos(couplings), np.sin(couplings)
    size = len(fields)
    ones = np.ones((size, 1))
    before = np.cumprod(np.hstack([ones, cosines]), axis=1)  # the diagonal is cos 0
    after = np.cumprod(np.hstack([cosines, ones])[:, ::-1], axis=1)[:, ::-1]
    without = before[:, :-1] * after[:, 1:]  # product over k other than i and j
    sine = np.sin(fields) * before[:, -1]
    product = sines * np.cos(fields)[:, None] * without
    both, apart = np.empty((size, size)), np.empty((size, size))
    for i in range(size):
        even, odd = cosines[i] * cosines, sines[i] * sines
        for part, sign in ((both, 1.0), (apart, -1.0)):
            turned = even - sign * odd  # cosines of sums and differences
            turned[:, i] = 1.0
            np.fill_diagonal(turned, 1.0)
            part[i] = np.cos(fields[i] + sign * fields) * np.prod(turned, axis=1)
    return sine, product + product.T, both, apart
