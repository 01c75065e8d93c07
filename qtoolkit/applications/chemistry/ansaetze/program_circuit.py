"""Operations of a fermionic program as a circuit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qtoolkit.applications.chemistry.ansaetze.mode_qubits import ModeQubits
from qtoolkit.applications.chemistry.ansaetze.rotations import (
    append_mapped_excitation,
    determinant_circuit,
    lowest_orbitals,
)
from qtoolkit.circuit import Circuit, ParameterValue
from qtoolkit.errors import InputError
from qtoolkit.simulators.fermion import ExcitationRotation, FermionOperation, LinearAngle

__all__ = ["ProgramCircuit"]


class ProgramCircuit:
    """Builds the circuit of a program on the qubits of a mapping.

    Args:
        qubits: where the spin orbitals are.
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons, in the lowest orbitals of each spin.
        name: of the circuit.
    """

    def __init__(self, qubits: ModeQubits, norb: int, nelec: tuple[int, int], name: str) -> None:
        self._qubits = qubits
        self._circuit = determinant_circuit(qubits, lowest_orbitals(norb, nelec), name)

    def build(self, operations: Iterable[FermionOperation], values: Sequence[ParameterValue]) -> Circuit:
        """The circuit, at numbers or free parameters."""
        for operation in operations:
            if not isinstance(operation, ExcitationRotation):
                raise InputError(f"{type(operation).__name__} has no circuit")
            angle = _angle(operation.angle, values)
            append_mapped_excitation(self._circuit, self._qubits, operation.excitation, angle, operation.fermionic)
        return self._circuit


def _angle(angle: LinearAngle, values: Sequence[ParameterValue]) -> ParameterValue:
    found: ParameterValue = angle.constant
    for index, coefficient in zip(angle.indices, angle.coefficients, strict=True):
        found = coefficient * values[index] + found
    return found
