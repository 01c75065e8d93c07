"""Phases of occupied orbitals and of pairs of them, gathered until something else acts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping as Table
from collections.abc import Sequence
from typing import Any

import numpy as np

from qtoolkit.applications.chemistry.ansaetze.mode_qubits import ModeQubits
from qtoolkit.circuit import Circuit, ParameterValue
from qtoolkit.operators import PauliString, PauliSum
from qtoolkit.simulators.fermion import DiagonalCoulomb, LinearMatrix

__all__ = ["OccupationPhases"]


class OccupationPhases:
    """exp(i Σ_k c_k n_k + i Σ_{k<l} c_kl n_k n_l), which may depend on free parameters.

    Args:
        qubits: where the spin orbitals are.
        norb: number of spatial orbitals.
    """

    def __init__(self, qubits: ModeQubits, norb: int) -> None:
        self._qubits = qubits
        self._norb = norb
        self._singles: dict[int, ParameterValue] = defaultdict(float)
        self._pairs: dict[tuple[int, int], ParameterValue] = defaultdict(float)

    def add(self, mode: int, angle: ParameterValue) -> None:
        """Add to the phase of one electron."""
        self._singles[mode] = angle + self._singles[mode]

    def add_coulomb(self, operation: DiagonalCoulomb, values: Sequence[ParameterValue]) -> None:
        """Add a diagonal Coulomb evolution."""
        sign = -1.0 if operation.inverse else 1.0
        if operation.same_spin is not None:
            for (p, q), angle in _entries(operation.same_spin, values).items():
                for offset in (0, self._norb):
                    if p == q:
                        self.add(p + offset, 0.5 * sign * angle)
                    elif p < q:
                        self._add_pair(p + offset, q + offset, sign * angle)
        if operation.opposite_spin is not None:
            for (p, q), angle in _entries(operation.opposite_spin, values).items():
                self._add_pair(p, q + self._norb, sign * angle)

    def flush(self, circuit: Circuit) -> None:
        """Append all of it as rotations about products of Z, each product once."""
        if not self._singles and not self._pairs:
            return
        angles = self._strings()
        self._singles.clear()
        self._pairs.clear()
        for string, angle in angles.items():
            if isinstance(angle, float) and angle == 0.0:
                continue
            places = string.qubits
            if not places:
                circuit.gphase(angle)
            elif len(places) == 1:
                circuit.rz(-2.0 * angle, places[0])
            elif len(places) == 2:
                circuit.rzz(-2.0 * angle, *places)
            else:
                circuit.pauli_rotation("Z" * len(places), -2.0 * angle, places)

    def _add_pair(self, first: int, second: int, angle: ParameterValue) -> None:
        self._pairs[first, second] = angle + self._pairs[first, second]

    def _strings(self) -> Table[PauliString, ParameterValue]:
        """The coefficient of each product, by n = (1 − (−1)^n) / 2."""
        found: dict[PauliString, ParameterValue] = defaultdict(float)
        modes = sorted({*self._singles, *(mode for pair in self._pairs for mode in pair)})
        parities = {mode: self._qubits.parity(mode) for mode in modes}

        def add(parity: PauliSum, angle: ParameterValue) -> None:
            ((string, coefficient),) = parity
            found[string] = coefficient.real * angle + found[string]

        identity = PauliSum.identity(self._qubits.num_qubits)
        for mode, angle in self._singles.items():
            add(identity, 0.5 * angle)
            add(parities[mode], -0.5 * angle)
        for (first, second), angle in self._pairs.items():
            add(identity, 0.25 * angle)
            add(parities[first], -0.25 * angle)
            add(parities[second], -0.25 * angle)
            add(parities[first] @ parities[second], 0.25 * angle)
        return found


def _entries(matrix: LinearMatrix, values: Sequence[ParameterValue]) -> dict[tuple[int, int], ParameterValue]:
    """Entries that are not always zero."""
    found: dict[tuple[int, int], ParameterValue] = defaultdict(float)
    for p, q in _places(matrix.constant):
        found[p, q] = float(matrix.constant[p, q])
    for index, part in zip(matrix.indices, matrix.basis, strict=True):
        for p, q in _places(part):
            found[p, q] = float(part[p, q]) * values[index] + found[p, q]
    return found


def _places(matrix: Any) -> list[tuple[int, int]]:
    return [(int(p), int(q)) for p, q in zip(*np.nonzero(matrix), strict=True)]
