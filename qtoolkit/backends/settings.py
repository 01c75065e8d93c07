"""Measurement settings: which bases measure the terms of observables, and what the bits then say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import Circuit
from qtoolkit.operators import PauliString, PauliSum
from qtoolkit.primitives import Result

__all__ = ["MeasurementSetting", "measurement_settings"]

FloatArray = NDArray[np.float64]

REGISTER = "observable"


@dataclass(frozen=True, eq=False)
class MeasurementSetting:
    """One basis, and the terms that it measures.

    Attributes:
        basis: the letter that each qubit is measured in.
        masks: qubits whose parity is a term's value, int64 of shape ``(num_terms,)``.
        coefficients: of each term in each observable, float64 of shape ``(num_terms, num_observables)``.
    """

    basis: PauliString
    masks: NDArray[np.int64]
    coefficients: FloatArray

    def measured(self, circuit: Circuit) -> tuple[Circuit, str]:
        """The circuit, measured in this basis in place of its final measurements, and the register of the bits."""
        measured = circuit.without_final_measurements()
        for qubit in self.basis.qubits:
            letter = self.basis.letter(qubit)
            if letter == "Y":
                measured.sdg(qubit)
            if letter in "XY":
                measured.h(qubit)
        taken = {register.name for register in measured.clbit_registers}
        name = REGISTER
        while name in taken:
            name += "_"
        bits = measured.add_clbits(measured.num_qubits, name)
        measured.measure(self.basis.qubits, [bits.clbits[qubit] for qubit in self.basis.qubits])
        return measured, name

    def moments(self, result: Result) -> tuple[FloatArray, FloatArray]:
        """Mean of each observable's part, and the variance of that mean, from the bits of `measured`.

        The variance is that of the weighted sum shot by shot, so it holds the covariances of terms that one setting
        measures together.
        """
        outcomes = np.array([int(bits, 2) for bits in result.counts], dtype=np.int64)
        weights = np.array(list(result.counts.values()), dtype=np.float64)
        parities = np.bitwise_count(outcomes[:, None] & self.masks[None, :]) & 1
        values = (1.0 - 2.0 * parities) @ self.coefficients
        total = weights.sum()
        mean = weights @ values / total
        variance = weights @ (values - mean) ** 2 / (total - 1.0) / total
        return mean, variance


def measurement_settings(observables: Sequence[PauliSum]) -> tuple[FloatArray, list[MeasurementSetting]]:
    """Group the terms of observables so that each distinct string is measured once.

    Returns:
        The constant part of each observable, shape ``(num_observables,)``, and the settings for the rest.
    """
    coefficients: dict[tuple[int, int], FloatArray] = {}
    for index, observable in enumerate(observables):
        columns = (observable.x_masks.tolist(), observable.z_masks.tolist(), observable.coefficients.real.tolist())
        for x_mask, z_mask, coefficient in zip(*columns, strict=True):
            coefficients.setdefault((x_mask, z_mask), np.zeros(len(observables)))[index] += coefficient
    constants = coefficients.pop((0, 0), np.zeros(len(observables)))
    strings = list(coefficients)
    # Grouping goes by weight: a string counts as much as all observables together give it.
    weights = [float(np.abs(coefficients[string]).sum()) for string in strings]
    union = PauliSum([x for x, _ in strings], [z for _, z in strings], weights, observables[0].num_qubits)
    settings = []
    for group in union.group_commuting():
        members = list(zip(group.x_masks.tolist(), group.z_masks.tolist(), strict=True))
        settings.append(
            MeasurementSetting(
                group.measurement_basis(),
                group.x_masks | group.z_masks,
                np.array([coefficients[member] for member in members]),
            )
        )
    return constants, settings
