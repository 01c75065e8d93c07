"""Classical shadows: measurements in random bases, kept to estimate many observables from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_instance, check_integer, items_of, seed_number, settled_seed, shown
from qtoolkit._checks import require_array, require_number
from qtoolkit.backends.estimator import Estimate, check_observables
from qtoolkit.backends.sampler import SomeSampler, sampler_of
from qtoolkit.backends.sampling import sampled
from qtoolkit.backends.settings import MeasurementSetting, local_basis_change
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliString, PauliSum
from qtoolkit.simulators.noisy import checked_noise

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["ClassicalShadow", "biased_bases", "measure_shadow"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LETTERS = "XYZ"
_NUMBERS_AT_ONCE = 1 << 21
_ROW_TOLERANCE = 1e-9
_MOST_STEPS = 2000


@dataclass(frozen=True, eq=False)
class ClassicalShadow:
    """Outcomes in random bases; every Pauli string has an estimator without bias made of those bases that measure it.

    Source: Huang, Kueng and Preskill, Nat. Phys. 16, 1050 (2020); with bases of unequal probability Hadfield et al.,
    Commun. Math. Phys. 391, 951 (2022).

    Attributes:
        x_masks, z_masks: the letters of each basis, int64 of shape ``(num_bases,)``; every qubit has one.
        outcomes: bits as masks of qubits, int64 of shape ``(num_bases, shots_per_basis)``.
        num_qubits: number of qubits.
        probabilities: of X, Y and Z on each qubit, by which bases were drawn, float64 of shape ``(num_qubits, 3)``.
        seed: what `measure_shadow` takes to get the same again; None where the sampler honours none.

    Raises:
        InputError: if shapes differ, a basis has no letter on a qubit, or probabilities are none.
    """

    x_masks: IntArray = field(repr=False)
    z_masks: IntArray = field(repr=False)
    outcomes: IntArray = field(repr=False)
    num_qubits: int
    probabilities: FloatArray = field(repr=False)
    seed: int | None = None

    def __post_init__(self) -> None:
        count = check_integer(self.num_qubits, "num_qubits", 1, PauliSum.max_qubits)
        x_masks = require_array("x_masks", self.x_masks, (None,), kind="integer")
        z_masks = require_array("z_masks", self.z_masks, (len(x_masks),), kind="integer")
        outcomes = require_array("outcomes", self.outcomes, (len(x_masks), None), kind="integer")
        every = (1 << count) - 1
        if not len(x_masks) or not outcomes.shape[1] or ((x_masks | z_masks) != every).any():
            raise InputError(f"a shadow has at least one basis, each with a letter on all of {count} qubits, and shots")
        if ((outcomes < 0) | (outcomes > every)).any():
            raise InputError(f"outcomes must be in [0, 2^{count}), got {outcomes.min()} to {outcomes.max()}")
        found: dict[str, IntArray | FloatArray] = {"x_masks": x_masks, "z_masks": z_masks, "outcomes": outcomes}
        found["probabilities"] = _checked_probabilities(self.probabilities, count)
        if self.seed is not None:
            seed_number(self.seed, "seed")
        for name, value in found.items():
            object.__setattr__(self, name, value)

    @property
    def num_bases(self) -> int:
        """Bases drawn, repeated ones among them."""
        return len(self.x_masks)

    @property
    def shots(self) -> int:
        """Shots of all bases together."""
        return self.outcomes.size

    @overload
    def estimate(self, observable: PauliSum, *, num_batches: int = 1) -> Estimate: ...

    @overload
    def estimate(self, observable: Sequence[PauliSum], *, num_batches: int = 1) -> list[Estimate]: ...

    def estimate(self, observable: PauliSum | Sequence[PauliSum], *, num_batches: int = 1) -> Estimate | list[Estimate]:
        """Expectation values with their standard errors, all from the same data.

        The error is that of independent bases: shots of one basis count together. Of a median it is that of normally
        distributed means of batches.

        Args:
            observable: one, or several.
            num_batches: 1 for the mean over bases, more for the median of the means of so many batches, which outliers
                move less; odd.

        Raises:
            OperatorError: if an observable is not Hermitian or has another number of qubits.
            InputError: if the number of batches is even or above half that of bases, or bases that measure a term
                had probability 0.
        """
        rule = "an observable is a PauliSum or a sequence of them"
        observables = (observable,) if isinstance(observable, PauliSum) else tuple(items_of(observable, rule))
        check_observables(observables, self.num_qubits)
        batches = check_integer(num_batches, "num_batches", 1)
        if batches % 2 == 0 or 2 * batches > max(self.num_bases, 2):
            raise InputError(
                f"num_batches must be odd and at most half of {self.num_bases} bases, got {shown(num_batches)}"
            )
        if self.num_bases < 2:
            raise InputError("a standard error needs two bases at least, got one; measure a larger shadow")
        found = []
        for item in observables:
            values = self._by_basis(item)
            means = [float(part.mean()) for part in np.array_split(values, batches)]
            error = float(values.std(ddof=1)) / math.sqrt(self.num_bases) * _median_factor(batches)
            found.append(Estimate(float(np.median(means)), error, self.shots, self.num_bases, self.seed))
        return found[0] if isinstance(observable, PauliSum) else found

    def _by_basis(self, observable: PauliSum) -> FloatArray:
        """What the shots of each basis say on average, shape ``(num_bases,)``."""
        x_masks, z_masks = observable.x_masks, observable.z_masks
        supports = x_masks | z_masks
        scales = observable.coefficients.real / self._chances(x_masks, z_masks)
        values = np.zeros(self.num_bases)
        rows = max(1, _NUMBERS_AT_ONCE // max(1, len(supports) * self.outcomes.shape[1]))
        for start in range(0, self.num_bases, rows):
            part = slice(start, start + rows)
            differ = (self.x_masks[part, None] ^ x_masks) | (self.z_masks[part, None] ^ z_masks)
            measured = (differ & supports) == 0
            odd = np.bitwise_count(self.outcomes[part, :, None] & supports) & 1
            values[part] = (measured * (1.0 - 2.0 * odd.mean(axis=1))) @ scales
        return values

    def _chances(self, x_masks: IntArray, z_masks: IntArray) -> FloatArray:
        """Probability that a basis measures each string."""
        chances = np.ones(len(x_masks))
        for qubit, row in enumerate(self.probabilities):
            letters = _letters_on(x_masks, z_masks, qubit)
            chances *= np.append(row, 1.0)[letters]
        if not chances.all():
            lost = int(np.flatnonzero(chances == 0.0)[0])
            string = PauliString.from_masks(int(x_masks[lost]), int(z_masks[lost]), self.num_qubits)
            raise InputError(f"a shadow tells strings whose bases can be drawn, got {string} of probability 0")
        return chances


def measure_shadow(
    sampler: SomeSampler,
    circuit: Circuit,
    num_bases: int,
    *,
    shots_per_basis: int = 1,
    probabilities: ArrayLike | None = None,
    parameters: ParameterValues | None = None,
    noise: NoiseModel | None = None,
    seed: int | np.random.Generator | None = None,
) -> ClassicalShadow:
    """Measure a state in random bases.

    Bases that are drawn several times run as one circuit.

    Args:
        sampler: measures: a sampler, a backend or its name.
        circuit: prepares the state; its final measurements are replaced.
        num_bases: how many are drawn, at least 1.
        shots_per_basis: more than 1 saves circuits where these are dear, and tells less than as many bases.
        probabilities: of X, Y and Z on each qubit, shape ``(num_qubits, 3)``, as `biased_bases` finds; all alike by
            default.
        parameters: values of the circuit's free parameters.
        noise: is put into every circuit, see `SamplingEstimator`.
        seed: of the bases and the shots.

    Raises:
        InputError: if a number is below 1, there are more than 62 qubits, or probabilities are none.
    """
    measures = sampler_of(sampler)
    check_instance(circuit, Circuit, "what prepares the state must be a Circuit")
    count = check_integer(num_bases, "num_bases", 1, 1 << 26)
    shots = check_integer(shots_per_basis, "shots_per_basis", 1, 1 << 26)
    qubits = check_integer(circuit.num_qubits, "the number of a shadow's qubits", 1, PauliSum.max_qubits)
    chances = np.full((qubits, 3), 1.0 / 3.0) if probabilities is None else probabilities
    chances = _checked_probabilities(chances, qubits)
    settled = settled_seed(seed)
    used = settled if isinstance(settled, int) else int(settled.integers(1 << 32))
    rng = np.random.default_rng(used)
    x_masks, z_masks = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for qubit, row in enumerate(chances):
        letters = np.minimum(np.searchsorted(np.cumsum(row), rng.random(count), side="right"), row.nonzero()[0][-1])
        x_masks |= (letters != 2).astype(np.int64) << qubit
        z_masks |= (letters != 0).astype(np.int64) << qubit
    order = np.lexsort((z_masks, x_masks))
    x_sorted, z_sorted = x_masks[order], z_masks[order]
    is_first = np.append(True, (np.diff(x_sorted) != 0) | (np.diff(z_sorted) != 0))
    starts = np.append(np.flatnonzero(is_first), count)
    circuits, registers = [], []
    for start in starts[:-1].tolist():
        basis = PauliString.from_masks(int(x_sorted[start]), int(z_sorted[start]), qubits)
        setting = MeasurementSetting(
            local_basis_change(basis), tuple(range(qubits)), np.zeros(0, np.int64), np.zeros((0, 0))
        )
        measured, register = setting.measured(circuit)
        circuits.append(measured)
        registers.append(register)
    times = (np.diff(starts) * shots).tolist()
    results = sampled(measures, circuits, times, int(rng.integers(1 << 32)), parameters, checked_noise(noise))
    outcomes = np.empty((count, shots), np.int64)
    for start, end, register, result in zip(starts[:-1], starts[1:], registers, results, strict=True):
        bits, often = MeasurementSetting.outcomes(result.register(register))
        drawn = rng.permutation(np.repeat(bits, often.astype(np.int64)))
        outcomes[order[start:end]] = drawn.reshape(end - start, shots)
    reproducible = all(result.seed is not None for result in results)
    return ClassicalShadow(x_masks, z_masks, outcomes, qubits, chances, used if reproducible else None)


def biased_bases(observable: PauliSum, *, uniform_share: float = 0.05) -> FloatArray:
    """Probabilities of X, Y and Z on each qubit that suit an observable, float64 of shape ``(num_qubits, 3)``.

    They minimise Σ c² / ∏ β over its terms, the variance in the maximally mixed state (Hadfield et al., Commun. Math.
    Phys. 391, 951 (2022), eq. 20), by iterating its stationary condition.

    Args:
        observable: Hermitian.
        uniform_share: weight of uniform probabilities that is mixed in, so that other observables can be estimated
            from the same data.

    Raises:
        OperatorError: if the observable is not Hermitian.
        InputError: if the share is not from 0 to 1.
    """
    check_observables((observable,), getattr(observable, "num_qubits", 0))
    share = require_number("uniform_share", uniform_share, 0.0, 1.0)
    squares = np.square(observable.coefficients.real)
    letters = np.array(
        [_letters_on(observable.x_masks, observable.z_masks, qubit) for qubit in range(observable.num_qubits)]
    )
    found = np.full((observable.num_qubits, 3), 1.0 / 3.0)
    if (letters == 3).all() or not squares.any():
        return found
    squares = squares / squares.max()
    for _ in range(_MOST_STEPS):
        padded = np.hstack((found, np.ones((len(found), 1))))
        terms = squares / np.prod(np.take_along_axis(padded, letters, axis=1), axis=0)
        wanted = np.array([np.bincount(row, terms, 4)[:3] for row in letters])
        totals = wanted.sum(axis=1, keepdims=True)
        wanted = np.where(totals > 0.0, wanted / np.where(totals > 0.0, totals, 1.0), 1.0 / 3.0)
        # letters that no term has stay possible until the end, which the division above needs
        updated = np.maximum(np.sqrt(found * wanted), 1e-12)
        updated /= updated.sum(axis=1, keepdims=True)
        moved = float(np.abs(updated - found).max())
        found = updated
        if moved < 1e-10:
            break
    mixed: FloatArray = (1.0 - share) * found + share / 3.0
    return mixed


def _letters_on(x_masks: IntArray, z_masks: IntArray, qubit: int) -> IntArray:
    """Of each string: 0 for X, 1 for Y, 2 for Z, 3 for none."""
    x, z = x_masks >> qubit & 1, z_masks >> qubit & 1
    return np.array([3, 2, 0, 1])[2 * x + z]


def _checked_probabilities(given: ArrayLike, num_qubits: int) -> FloatArray:
    found = require_array("probabilities", given, (num_qubits, 3))
    if (found < 0.0).any() or np.abs(found.sum(axis=1) - 1.0).max() > _ROW_TOLERANCE:
        raise InputError(
            f"probabilities of {', '.join(_LETTERS)} must be at least 0 and add up to 1 on each qubit, got rows that "
            f"add up to {found.sum(axis=1).min():.10g} and {found.sum(axis=1).max():.10g}"
        )
    return found


def _median_factor(count: int) -> float:
    """Standard deviation of the median of so many normal means, an odd number, relative to that of their mean."""
    if count == 1:
        return 1.0
    from scipy.special import log_ndtr

    grid = np.linspace(-12.0, 12.0, 4801)
    half = count // 2
    logs = half * (log_ndtr(grid) + log_ndtr(-grid)) - grid**2 / 2.0
    density = np.exp(logs - logs.max())
    variance = float((density * grid**2).sum() / density.sum())
    return math.sqrt(variance * count)
