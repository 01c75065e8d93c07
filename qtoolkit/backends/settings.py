"""Measurement settings: which bases measure the terms of observables, and what the bits then say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit
from qtoolkit.operators import PauliString, PauliSum
from qtoolkit.primitives import Result

__all__ = ["MeasurementSetting", "MergedTerms", "local_basis_change", "measurement_settings", "merged_terms"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

REGISTER = "observable"

_NUMBERS_AT_ONCE = 1 << 20


@dataclass(frozen=True, eq=False)
class MeasurementSetting:
    """One basis, and the terms that it measures.

    Attributes:
        basis_change: gates behind which each term is a product of Z.
        qubits: those that are measured then.
        masks: qubits whose parity is a term's value, int64 of shape ``(num_terms,)``.
        coefficients: of each term in each observable, with the sign that the change of basis gives it; float64 of
            shape ``(num_terms, num_observables)``.
    """

    basis_change: Circuit
    qubits: tuple[int, ...]
    masks: IntArray
    coefficients: FloatArray

    def prepared(self, circuit: Circuit) -> Circuit:
        """The circuit without its final measurements, followed by the change of basis."""
        return circuit.without_final_measurements().extend(self.basis_change)

    def measured(self, circuit: Circuit) -> tuple[Circuit, str]:
        """The circuit, measured in this basis in place of its final measurements, and the register of the bits."""
        return self.read(self.prepared(circuit))

    def read(self, prepared: Circuit) -> tuple[Circuit, str]:
        """What `prepared` gives, measured in place, and the register of the bits; bit k is that of qubit k."""
        taken = {register.name for register in prepared.clbit_registers}
        name = REGISTER
        while name in taken:
            name += "_"
        bits = prepared.add_clbits(prepared.num_qubits, name)
        prepared.measure(self.qubits, [bits.clbits[qubit] for qubit in self.qubits])
        return prepared, name

    @staticmethod
    def outcomes(result: Result) -> tuple[IntArray, FloatArray]:
        """Distinct outcomes as masks, and how often each came, from the bits of `measured`."""
        outcomes = np.array([int(bits, 2) for bits in result.counts], dtype=np.int64)
        return outcomes, np.array(list(result.counts.values()), dtype=np.float64)

    def values(self, outcomes: IntArray) -> FloatArray:
        """The part of each observable that an outcome gives, shape ``(num_outcomes, num_observables)``."""
        values = np.empty((len(outcomes), self.coefficients.shape[1]))
        rows = max(1, _NUMBERS_AT_ONCE // max(1, len(self.masks)))
        for start in range(0, len(outcomes), rows):
            part = slice(start, start + rows)
            parities = np.bitwise_count(outcomes[part, None] & self.masks) & 1
            values[part] = (1.0 - 2.0 * parities) @ self.coefficients
        return values

    def moments(self, outcomes: IntArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean of each observable's part, and the covariance of these means, from how often outcomes came.

        The covariance is that of the weighted sums shot by shot, so it holds the covariances of terms that one setting
        measures together.
        """
        values = self.values(outcomes)
        total = weights.sum()
        mean = weights @ values / total
        scatter = values - mean
        return mean, (weights[:, None] * scatter).T @ scatter / (total - 1.0) / total


@dataclass(frozen=True, eq=False)
class MergedTerms:
    """The distinct strings of observables but the identity.

    Attributes:
        union: each with the sum of its absolute coefficients in all observables.
        coefficients: of each in each observable, float64 of shape ``(num_terms, num_observables)``.
        constants: what each observable has of the identity, shape ``(num_observables,)``.
    """

    union: PauliSum
    coefficients: FloatArray
    constants: FloatArray

    def of_group(self, group: PauliSum) -> FloatArray:
        """The coefficients of a group of the union's strings, shape ``(num_terms, num_observables)``."""
        found = np.searchsorted(self._keys(self.union), self._keys(group))
        return self.coefficients[found]

    @staticmethod
    def _keys(strings: PauliSum) -> NDArray[np.void]:
        keys = np.empty(len(strings), dtype=[("x", np.int64), ("z", np.int64)])
        keys["x"], keys["z"] = strings.x_masks, strings.z_masks
        return keys


def merged_terms(observables: Sequence[PauliSum]) -> MergedTerms:
    """Collect the terms of observables so that each distinct string is measured once.

    Grouping goes by weight: a string counts as much as all observables together give it.
    """
    x_masks = np.concatenate([observable.x_masks for observable in observables])
    z_masks = np.concatenate([observable.z_masks for observable in observables])
    order = np.lexsort((z_masks, x_masks))
    x_sorted, z_sorted = x_masks[order], z_masks[order]
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = (x_sorted[1:] != x_sorted[:-1]) | (z_sorted[1:] != z_sorted[:-1])
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.cumsum(is_first) - 1
    coefficients = np.zeros((int(is_first.sum()), len(observables)))
    begin = 0
    for column, observable in enumerate(observables):
        rows = places[begin : begin + len(observable)]
        np.add.at(coefficients[:, column], rows, observable.coefficients.real)
        begin += len(observable)
    x_masks, z_masks = x_sorted[is_first], z_sorted[is_first]
    varies = (x_masks | z_masks) != 0
    constants = coefficients[~varies].sum(axis=0)
    coefficients = coefficients[varies]
    union = PauliSum(x_masks[varies], z_masks[varies], np.abs(coefficients).sum(axis=1), observables[0].num_qubits)
    kept = union.coefficients.real > 0.0
    union = PauliSum(union.x_masks[kept], union.z_masks[kept], union.coefficients[kept], union.num_qubits)
    return MergedTerms(union, coefficients[kept], constants)


def local_basis_change(basis: PauliString) -> Circuit:
    """Gates on one qubit each behind which the letters of a string are Z."""
    circuit = Circuit(basis.num_qubits)
    for qubit in basis.qubits:
        letter = basis.letter(qubit)
        if letter == "Y":
            circuit.sdg(qubit)
        if letter in "XY":
            circuit.h(qubit)
    return circuit


def measurement_settings(observables: Sequence[PauliSum]) -> tuple[FloatArray, list[MeasurementSetting]]:
    """Group the terms of observables into settings that change each qubit's basis by itself.

    Returns:
        The constant part of each observable, shape ``(num_observables,)``, and the settings for the rest.
    """
    terms = merged_terms(observables)
    settings = []
    for group in terms.union.group_commuting():
        basis = group.measurement_basis()
        change = local_basis_change(basis)
        settings.append(
            MeasurementSetting(change, tuple(basis.qubits), group.x_masks | group.z_masks, terms.of_group(group))
        )
    return terms.constants, settings
