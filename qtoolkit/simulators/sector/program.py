"""A lowered circuit as the arrays that `qtoolkit_kernels.sector` runs, and the places where parameters enter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._memory import check_memory
from qtoolkit.circuit import ParameterExpression, ParameterValue
from qtoolkit.errors import ParameterError
from qtoolkit.simulators.sector.basis import SectorLayout
from qtoolkit.simulators.sector.diagonals import sum_of_terms
from qtoolkit.simulators.sector.pairs import PairTables, low_bits_for
from qtoolkit.simulators.sector.spins import SpinTables
from qtoolkit.simulators.sector.steps import (
    PairStep,
    PhaseLayer,
    PhaseTable,
    PhaseTerm,
    ReflectionStep,
    SectorStep,
    SpinPhases,
    SpinStep,
)
from qtoolkit_kernels import sector as kernels

__all__ = ["Angles", "SectorProgram"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FEW_TERMS = 3
"""Up to so many phases with a common angle are computed anew each time; of more, the sum is kept as a vector."""

_Direction = tuple[tuple[str, float], ...]
_Operation = PairStep | PhaseLayer | ReflectionStep | tuple[int, float]
"""A step, or one of the lists of a `SpinStep` and whether it runs (1) or is undone (-1)."""


class Angles:
    """Angles that are linear in the parameters, by number."""

    def __init__(self, parameter_index: Mapping[str, int]) -> None:
        self._index = parameter_index
        self._constants: list[float] = []
        self._terms: list[tuple[int, int, float]] = []

    def add(self, angle: ParameterValue) -> int:
        """Number of a further angle."""
        number = len(self._constants)
        if isinstance(angle, ParameterExpression):
            self._constants.append(angle.constant)
            self._terms += [(number, self._index[name], factor) for name, factor in angle.terms.items()]
        else:
            self._constants.append(angle)
        return number

    def freeze(self) -> None:
        """Turn lists into arrays, once all angles are there."""
        self.constant = np.array(self._constants, np.float64)
        self.number = np.array([t[0] for t in self._terms], np.int64)
        self.parameter = np.array([t[1] for t in self._terms], np.int64)
        self.factor = np.array([t[2] for t in self._terms], np.float64)

    def values(self, parameters: FloatArray) -> FloatArray:
        """The angles in radians, shape ``(number of angles,)``.

        Raises:
            ParameterError: if one is too large for a float.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            terms = self.factor * parameters[self.parameter]
            angles = self.constant + np.bincount(self.number, weights=terms, minlength=self.constant.size)
        if not np.isfinite(angles).all():
            raise ParameterError(f"angles must be finite, got {angles[~np.isfinite(angles)][0]}; take smaller values")
        return angles

    def pull_back(self, by_angle: FloatArray, num_parameters: int) -> FloatArray:
        """Derivatives by parameter from derivatives by angle (the chain rule)."""
        weights = self.factor * by_angle[self.number]
        return np.bincount(self.parameter, weights=weights, minlength=num_parameters).astype(np.float64)


class SectorProgram:
    """Arrays for the kernels.

    Args:
        num_qubits, weight: the sector.
        steps: in time order.
        parameter_index: place of each parameter in the vector of values.
        directions: the state |s⟩ of each reflection among the steps, by its start and preparation.
    """

    def __init__(
        self,
        num_qubits: int,
        weight: int,
        steps: Sequence[SectorStep],
        parameter_index: Mapping[str, int],
        directions: Mapping[tuple[int, tuple[PairStep, ...]], NDArray[np.complex128]],
    ) -> None:
        exchanges = [step for step in steps if isinstance(step, PairStep)]
        distinct = list(dict.fromkeys(step.pattern for step in exchanges))
        place = {pattern: i for i, pattern in enumerate(distinct)}
        layout = SectorLayout(num_qubits, weight, low_bits_for(num_qubits, weight, distinct))
        self.size = layout.size
        spins = SpinTables(num_qubits, weight)
        operations = list(_operations(steps, spins))
        count = self.num_operations = len(operations)
        self.angles = Angles(parameter_index)
        self.kinds = np.zeros(count, np.int64)
        self.items = np.zeros(count, np.int64)
        self.wanted = np.zeros(count, np.int64)
        self._weights = np.zeros((count, 8))
        self._axis = np.zeros(count)
        self._angle_of = np.full(count, -1)
        self._vectors = _Vectors(layout, spins)
        self._layers: list[int] = [0]
        self._entry_vector: list[int] = []
        self._entry_term: list[tuple[int, int, int]] = []
        self._entry_angle: list[int] = []
        chosen: list[NDArray[np.complex128]] = []
        for i, step in enumerate(operations):
            if isinstance(step, tuple):
                self.kinds[i], self.items[i] = kernels.TURNS, step[0]
                self._weights[i, 1] = step[1]
            elif isinstance(step, PairStep):
                self.kinds[i], self.items[i] = kernels.PAIRS, place[step.pattern]
                self._add_exchange(i, step)
            elif isinstance(step, PhaseLayer):
                self.kinds[i], self.items[i] = kernels.PHASES, len(self._layers) - 1
                self.wanted[i] = self._add_layer(step)
            else:
                state = directions[step.start, step.preparation]
                known = [k for k, other in enumerate(chosen) if other is state]
                if not known:
                    chosen.append(state)
                self.kinds[i], self.items[i] = kernels.REFLECTION, known[0] if known else len(chosen) - 1
                self._angle_of[i] = self.angles.add(step.angle)
                self.wanted[i] = isinstance(step.angle, ParameterExpression)
        self.angles.freeze()
        entry_vector = np.array(self._entry_vector, np.int64)
        layers = kernels.Layers(
            np.array(self._layers, np.int64),
            entry_vector,
            np.array(self._entry_term, np.int64).reshape(-1, 3),
            self._vectors.stacked(),
            self._vectors.bits if (entry_vector < 0).any() else np.zeros(0, np.int64),
        )
        pairs = PairTables(layout, distinct).pairs
        sum_start, self.num_sums = self._places_of_sums(pairs, layers)
        reflected = np.array(chosen, np.complex128).reshape(-1, self.size).view(np.float64)
        self.operations = kernels.Operations(
            self.kinds, self.items, self.wanted, sum_start, pairs, layers, spins.turns(), reflected
        )
        self._entries = np.array(self._entry_angle, np.int64)

    def _add_exchange(self, i: int, step: PairStep) -> None:
        matrix = step.constant_matrix()
        if matrix is None:
            self._angle_of[i] = self.angles.add(step.angle)
            self._axis[i] = step.axis
            self.wanted[i] = 1
        else:
            self._weights[i] = np.array(matrix, np.complex128).view(np.float64)

    def _add_layer(self, layer: PhaseLayer) -> bool:
        """Add the entries of a layer; whether parameters enter."""
        groups: dict[_Direction, dict[PhaseTerm, float]] = {}
        for term, angle in layer.terms:
            for direction, factor in _parts(angle):
                group = groups.setdefault(direction, {})
                group[term] = group.get(term, 0.0) + factor
        for table in layer.tables:
            self._add_entry(self._vectors.of_table(table), (0, 0, 0), 1.0)
        for spins, turned in layer.spins:
            self._add_entry(self._vectors.of_spins(spins), (0, 0, 0), turned)
        for direction, group in groups.items():
            angle = ParameterExpression(dict(direction)) if direction else 1.0
            if len(group) > FEW_TERMS:
                self._add_entry(self._vectors.of_terms(group), (0, 0, 0), angle)
                continue
            for term, factor in group.items():
                self._add_entry(-1, (term.match_mask, term.match_value, term.parity_mask), factor * angle)
        self._layers.append(len(self._entry_vector))
        return any(groups) or any(isinstance(turned, ParameterExpression) for _, turned in layer.spins)

    def _add_entry(self, vector: int, term: tuple[int, int, int], angle: ParameterValue) -> None:
        self._entry_vector.append(vector)
        self._entry_term.append(term)
        self._entry_angle.append(self.angles.add(angle))

    def _places_of_sums(self, pairs: kernels.Pairs, layers: kernels.Layers) -> tuple[IntArray, int]:
        blocks = -(-self.size // kernels.BLOCK)
        lengths = np.zeros(self.num_operations, np.int64)
        for i, (kind, item) in enumerate(zip(self.kinds, self.items, strict=True)):
            if kind == kernels.PAIRS:
                lengths[i] = 2 * (pairs.pattern_start[item + 1] - pairs.pattern_start[item])
            elif kind == kernels.PHASES:
                lengths[i] = blocks * (layers.layer_start[item + 1] - layers.layer_start[item])
            elif kind == kernels.REFLECTION:
                lengths[i] = 4 * blocks
        ends = np.cumsum(lengths)
        return np.concatenate([np.zeros(1, np.int64), ends]), int(ends[-1]) if ends.size else 0

    @property
    def first_wanted(self) -> int:
        """The first operation that a parameter enters; `num_operations` if there is none."""
        return int(np.argmax(self.wanted)) if self.wanted.any() else self.num_operations

    def bind(self, parameters: FloatArray, inverse: bool = False) -> tuple[FloatArray, FloatArray]:
        """The kernels' `weights`, shape ``(num_operations, 8)``, and `scales`, shape ``(number of entries,)``."""
        angles = self.angles.values(parameters)
        weights = self._weights.copy()
        if inverse:
            weights = weights[:, [0, 1, 4, 5, 2, 3, 6, 7]] * np.array([1, -1, 1, -1, 1, -1, 1, -1])
            angles = -angles
        free = np.flatnonzero(self._angle_of >= 0)
        turned = free[self.kinds[free] == kernels.PAIRS]
        matrix = np.zeros((turned.size, 4), np.complex128)
        angle, axis = angles[self._angle_of[turned]], self._axis[turned]
        matrix[:, 0] = matrix[:, 3] = np.cos(angle)
        matrix[:, 1] = -1j * np.sin(angle) * np.exp(-1j * axis)
        matrix[:, 2] = -1j * np.sin(angle) * np.exp(1j * axis)
        weights[turned] = matrix.view(np.float64)
        reflected = free[self.kinds[free] == kernels.REFLECTION]
        factor = np.expm1(1j * angles[self._angle_of[reflected]])
        weights[reflected, 0], weights[reflected, 1] = factor.real, factor.imag
        return weights, angles[self._entries]

    def gradient(self, sums: FloatArray, num_parameters: int) -> FloatArray:
        """Derivatives by parameter from the sums of the adjoint kernel."""
        by_angle = np.zeros(self.angles.constant.size)
        sum_start, layer_start = self.operations.sum_start, self.operations.layers.layer_start
        for i in np.flatnonzero(self.wanted).tolist():
            found = sums[sum_start[i] : sum_start[i + 1]]
            if self.kinds[i] == kernels.PAIRS:
                both = found.reshape(-1, 2).sum(axis=0)
                by_angle[self._angle_of[i]] = 2.0 * (np.cos(self._axis[i]) * both[0] + np.sin(self._axis[i]) * both[1])
            elif self.kinds[i] == kernels.PHASES:
                first, last = layer_start[self.items[i]], layer_start[self.items[i] + 1]
                by_angle[self._entries[first:last]] = -2.0 * found.reshape(-1, last - first).sum(axis=0)
            else:
                ket_real, ket_imaginary, bra_real, bra_imaginary = found.reshape(-1, 4).sum(axis=0)
                by_angle[self._angle_of[i]] = -2.0 * (bra_real * ket_imaginary - bra_imaginary * ket_real)
        return self.angles.pull_back(by_angle, num_parameters)


def _operations(steps: Sequence[SectorStep], spins: SpinTables) -> Iterator[_Operation]:
    """The steps, and in place of those that turn to total spins their lists."""
    for step in steps:
        if isinstance(step, SpinStep):
            lists = spins.lists_of(step.qubits)
            yield from ((number, -1.0 if step.back else 1.0) for number in (lists[::-1] if step.back else lists))
        else:
            yield step


def _parts(angle: ParameterValue) -> list[tuple[_Direction, float]]:
    """An angle as multiples of a direction (a unit of the parameters' coefficients) and of the constant 1."""
    if not isinstance(angle, ParameterExpression):
        return [((), angle)]
    terms = sorted(angle.terms.items())
    scale = terms[0][1]
    parts: list[tuple[_Direction, float]] = [(tuple((name, factor / scale) for name, factor in terms), scale)]
    if angle.constant:
        parts.append(((), angle.constant))
    return parts


class _Vectors:
    """Sums of phases over the sector, each kept once."""

    def __init__(self, layout: SectorLayout, spins: SpinTables) -> None:
        self._layout, self._spins = layout, spins
        self._bits: IntArray | None = None
        self._known: dict[object, int] = {}
        self._vectors: list[FloatArray] = []

    @property
    def bits(self) -> IntArray:
        """Bit patterns of the basis states."""
        if self._bits is None:
            flat = SectorLayout(self._layout.num_qubits, self._layout.weight)
            self._bits = flat.low_patterns(flat.weight)
        return self._bits

    def of_terms(self, group: Mapping[PhaseTerm, float]) -> int:
        """Number of the vector Σ factor · term."""
        key = frozenset(group.items())
        if key not in self._known:
            self._check_memory()
            terms = [(t.match_mask, t.match_value, t.parity_mask) for t in group]
            self._keep(key, sum_of_terms(self._layout, np.array(terms, np.int64), np.array(list(group.values()))))
        return self._known[key]

    def of_table(self, table: PhaseTable) -> int:
        """Number of the vector of a table's angles."""
        key = (table.qubits, table.angles.tobytes(), table.flipped, table.match_mask, table.match_value)
        if key not in self._known:
            self._check_memory()
            self._keep(key, table.values(self.bits))
        return self._known[key]

    def of_spins(self, spins: SpinPhases) -> int:
        """Number of the vector of the values of an exchange of all pairs of some qubits."""
        if spins not in self._known:
            self._check_memory()
            values = self._spins.exchanges(spins.qubits)
            if spins.match_mask:
                values = np.where(self.bits & spins.match_mask == spins.match_value, values, 0.0)
            self._keep(spins, values)
        return self._known[spins]

    def _keep(self, key: object, vector: FloatArray) -> None:
        self._known[key] = len(self._vectors)
        self._vectors.append(vector)

    def _check_memory(self) -> None:
        needed = _needs.sector_phases(self._layout.size, 1)
        check_memory(needed, "a vector of phases", "use a diagonal with fewer different angles")

    def stacked(self) -> FloatArray:
        """All vectors, shape ``(number, size)``; there can be no further ones."""
        stacked = np.array(self._vectors).reshape(-1, self._layout.size)
        self._vectors.clear()
        return stacked
