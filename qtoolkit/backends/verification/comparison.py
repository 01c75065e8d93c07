"""Counts beside a reference: distances, what shots alone would give, and probabilities that they are alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from qtoolkit._arguments import check_instance, seeded
from qtoolkit.backends.verification.bits import parity_test
from qtoolkit.backends.verification.reference import Reference
from qtoolkit.backends.verification.statistics import (
    Aligned,
    aligned,
    chi_square,
    confidence_bound,
    expected_distance,
    hellinger_fidelity,
)
from qtoolkit.errors import InputError
from qtoolkit.primitives import Result

__all__ = ["ALARM", "Comparison", "compare"]

ALARM = 1e-3
"""A p-value below says that counts differ from a reference: of right ones, one run in a thousand at most."""

_BATCHES = 25
"""Parts of a sample that are compared with the rest of it, to know what shots alone give."""


@dataclass(frozen=True)
class Comparison:
    """Counts beside a reference.

    Attributes:
        reference: how that was made.
        reference_shots: of a sampled one; None for an exact one.
        shots: that were compared.
        total_variation: half the sum of the differences of the frequencies, 0 to 1.
        expected: its mean where the counts are right, by shots alone; those of a sampled reference included.
        bound: what it stays below in 95 % of all runs where the counts are right.
        chi_square: of outcomes, those put together of which fewer than five are expected.
        degrees: of freedom of χ².
        outcomes_p_value: how probable it is that right counts have such a χ², or so many outcomes that hardly come.
        bits_p_value: how probable it is that right counts differ so much in any bit or pair of bits.
        worst_bits: in which.
        p_value: of both together: the smaller one counts twice. Below 0.001 the counts differ from the reference.
        fidelity: ``(Σ √(p q))²``, after Hellinger.
    """

    reference: str
    reference_shots: int | None
    shots: int
    total_variation: float
    expected: float
    bound: float
    chi_square: float
    degrees: int
    outcomes_p_value: float
    bits_p_value: float
    worst_bits: tuple[int, ...]
    p_value: float
    fidelity: float

    @property
    def agrees(self) -> bool:
        """Whether shots alone explain the differences."""
        return self.p_value >= ALARM

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {**asdict(self), "worst_bits": list(self.worst_bits), "agrees": self.agrees}


def compare(result: Result, reference: Reference, *, seed: int | np.random.Generator | None = None) -> Comparison:
    """Compare counts with a reference.

    Args:
        result: counts of a circuit's classical bits.
        reference: of the same circuit, by `reference_of`.
        seed: splits the shots of a sampled reference at random; without effect where it is exact.

    Raises:
        InputError: if one of them is none, they have another number of classical bits, or there are no shots.
    """
    check_instance(result, Result, "what is compared is a Result")
    check_instance(reference, Reference, "a result is compared with a Reference")
    if result.num_clbits != reference.num_clbits:
        raise InputError(
            f"a result is compared with a reference of as many classical bits, got {result.num_clbits} and "
            f"{reference.num_clbits}"
        )
    if result.shots < 1:
        raise InputError("counts are compared if there are any, got none")
    _, rng = seeded(seed)
    pair = aligned(result, reference)
    statistic, degrees, outcomes = chi_square(pair, rng)
    bits, worst = parity_test(result, reference)
    if pair.reference_shots is None:
        expected = expected_distance(pair.reference, pair.reference, pair.shots)
    else:
        expected = _distance_of_parts(pair, rng)
    return Comparison(
        reference=reference.method,
        reference_shots=pair.reference_shots,
        shots=pair.shots,
        total_variation=pair.total_variation,
        expected=expected,
        bound=confidence_bound(expected, pair.shots),
        chi_square=statistic,
        degrees=degrees,
        outcomes_p_value=outcomes,
        bits_p_value=bits,
        worst_bits=worst,
        p_value=min(1.0, 2.0 * min(outcomes, bits)),
        fidelity=hellinger_fidelity(pair),
    )


def _distance_of_parts(pair: Aligned, rng: np.random.Generator) -> float:
    """The mean distance of parts of a sample from the rest of it, as for so many shots as are compared."""
    assert pair.reference_shots is not None
    size = min(pair.shots, pair.reference_shots // 2)
    counts = pair.reference.astype(np.int64)
    distances = []
    for _ in range(_BATCHES):
        part = rng.multivariate_hypergeometric(counts, size, method="marginals")
        rest = (counts - part) / (pair.reference_shots - size)
        distances.append(0.5 * float(np.abs(part / size - rest).sum()))
    # The error of both falls as the root of their shots.
    asked = 1.0 / pair.shots + 1.0 / pair.reference_shots
    had = 1.0 / size + 1.0 / (pair.reference_shots - size)
    return min(1.0, float(np.mean(distances)) * float(np.sqrt(asked / had)))
