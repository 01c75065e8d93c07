"""A European option on a grid of equidistant prices, its payoff as rotations by a piecewise linear function.

The prices x_i carry the means of the piecewise linear functions that are 1 at one of them and 0 at all others, so that
the mean of every function that is linear between them, the price itself for one, is exact on the grid. Prices beyond
the ends count as the ends. The payoff deviates in one cell alone, that of the strike.

Source: Woerner and Egger, npj Quantum Inf. 5, 15 (2019), arXiv:1806.06893, and Stamatopoulos et al., Quantum 4, 291
(2020), arXiv:1905.02666, for the rotation: with ``u = 2f/f_max - 1``, the probability ``sin²(cu + π/4)`` is
``1/2 + cu`` but for ``|sin(2c)/2 - c|`` at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from qtoolkit.applications.finance.pricing._claim import Claim, FloatArray
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.library import load_probabilities, piecewise_linear_rotation
from qtoolkit.errors import InputError

__all__ = ["LinearPayoff", "linear_payoff"]

_REACH = 4.0
"""Standard deviations of the log-price that the grid spans on each side; further where the strike lies there."""


@dataclass(frozen=True, eq=False)
class LinearPayoff:
    """The circuit, and what it leaves out; all undiscounted.

    Attributes:
        circuit: on the grid's qubits, the objective qubit and ancillas.
        objective_qubit: 1 with a probability a.
        scale, offset: the mean payoff is ``scale * a + offset``, but for the errors.
        largest: payoff on the grid.
        mean: the mean payoff on the grid itself, the same shift as in `offset` included.
        truncation: bound on what prices beyond the grid contribute.
        discretisation: bound on what the cell of the strike contributes, after half of it was subtracted.
        payoff: bound on what the sine is off by.
    """

    circuit: Circuit
    objective_qubit: int
    scale: float
    offset: float
    largest: float
    mean: float
    truncation: float
    discretisation: float
    payoff: float


def linear_payoff(claim: Claim, num_qubits: int, precision: float | None) -> LinearPayoff:
    """The option as such a circuit.

    Args:
        claim: the positive part of one log-normal price less a strike, or the other way round.
        num_qubits: n, for 2^n prices.
        precision: wanted, undiscounted: the rotation is made so small that the sine is off by half of it at most; by
            default, of a thousandth of the largest payoff.

    Raises:
        InputError: for another claim.
    """
    if claim.shape != "positive part" or claim.barrier is not None or len(claim.weights) != 1:
        raise InputError(
            'the linear payoff is that of calls and puts on one price or one geometric average; use payoff="exact"'
        )
    sign = math.copysign(1.0, float(claim.weights[0]))
    centre, deviation = float(claim.offsets[0]), float(np.linalg.norm(claim.loadings[0]))
    strike = sign * claim.strike
    if not deviation > 1e-9 or not abs(centre) + max(_REACH, deviation) * deviation < 700.0:
        raise InputError("the linear payoff needs prices that differ, got a volatility that is almost 0, or too large")
    low = min(math.exp(centre - _REACH * deviation), strike)
    high = max(math.exp(centre + _REACH * deviation), strike)
    points = np.linspace(low, high, 1 << num_qubits)
    weights = _hat_weights(points, centre, deviation)
    values = np.maximum(sign * (points - strike), 0.0)
    # beyond the ends, payoffs change no faster than prices
    below, above = (float(x) for x in _shortfalls(np.array([low, high]), centre, deviation))
    mean_price = math.exp(centre + 0.5 * deviation**2)
    beyond = above - high + mean_price
    truncation = (below if values[0] > 0.0 else 0.0) + (beyond if values[-1] > 0.0 else 0.0)
    place = min(max(int(np.searchsorted(points, strike)), 1), points.size - 1)
    step = float(points[1] - points[0])
    gap = float((strike - points[place - 1]) * (points[place] - strike) / step)
    chance = float(np.diff(_chances_below(points[place - 1 : place + 1], centre, deviation))[0])
    excess = max(gap, 0.0) * chance

    largest = float(values.max())
    if largest == 0.0:
        raise InputError("the payoff must not be 0 on the whole grid, got a strike beyond its end")
    tolerance = largest * 1e-3 if precision is None else precision
    # |sin(2c)/(2c) - 1|/2 of the largest payoff is c²/3 at most
    c = min(math.sqrt(1.5 * tolerance / largest), math.pi / 8)
    slope = 2.0 * c * sign * step / largest
    start = place if sign > 0.0 else 0
    zero = math.pi / 4 - c
    line = (slope, zero + 2.0 * c * sign * (low - strike) / largest)
    if sign > 0.0:
        pieces = [(0, 0.0, zero), (start, *line)] if start else [(0, *line)]
    else:
        pieces = [(0, *line), (place, 0.0, zero)]
    rotation = piecewise_linear_rotation(num_qubits, *zip(*pieces, strict=True))
    circuit = Circuit(rotation.num_qubits, name=f"linear payoff({num_qubits})")
    circuit.extend(load_probabilities(weights), range(num_qubits)).extend(rotation)
    return LinearPayoff(
        circuit=circuit,
        objective_qubit=num_qubits,
        scale=largest / (2.0 * c),
        offset=largest / 2.0 - largest / (4.0 * c) - excess / 2.0,
        largest=largest,
        mean=float(weights @ values) - excess / 2.0,
        truncation=truncation,
        discretisation=excess / 2.0,
        payoff=largest * (1.0 - math.sin(2.0 * c) / (2.0 * c)) / 2.0,
    )


def _chances_below(points: FloatArray, centre: float, deviation: float) -> FloatArray:
    from scipy.special import ndtr

    return np.asarray(ndtr(_standardised(points, centre, deviation)), dtype=np.float64)


def _shortfalls(points: FloatArray, centre: float, deviation: float) -> FloatArray:
    """``E[(x - X)⁺]`` for each point x."""
    from scipy.special import ndtr

    z = _standardised(points, centre, deviation)
    mean = math.exp(centre + 0.5 * deviation**2)
    return np.asarray(points * ndtr(z) - mean * ndtr(z - deviation), dtype=np.float64)


def _standardised(points: FloatArray, centre: float, deviation: float) -> FloatArray:
    with np.errstate(divide="ignore"):
        return np.asarray((np.log(np.maximum(points, 0.0)) - centre) / deviation, dtype=np.float64)


def _hat_weights(points: FloatArray, centre: float, deviation: float) -> FloatArray:
    """Means of the functions that are 1 at one point, 0 at all others and linear between: second differences."""
    shortfalls = _shortfalls(points, centre, deviation)
    slopes = np.diff(shortfalls) / np.diff(points)
    weights = np.maximum(np.diff(slopes, prepend=0.0, append=1.0), 0.0)
    return np.asarray(weights / weights.sum(), dtype=np.float64)
