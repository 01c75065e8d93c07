"""Operations of a fermionic program as a circuit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.chemistry.ansaetze.compact import append_compact_excitation
from qtoolkit.applications.chemistry.ansaetze.givens import GivensNetwork, determinant_network, rotation_network
from qtoolkit.applications.chemistry.ansaetze.mode_qubits import ModeQubits
from qtoolkit.applications.chemistry.ansaetze.phases import OccupationPhases
from qtoolkit.applications.chemistry.ansaetze.rotations import (
    append_mapped_excitation,
    determinant_circuit,
)
from qtoolkit.applications.chemistry.ansaetze.space import lowest_orbitals
from qtoolkit.circuit import Circuit, ParameterExpression, ParameterValue
from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation
from qtoolkit.simulators.fermion import (
    DiagonalCoulomb,
    ExcitationRotation,
    FermionOperation,
    LinearAngle,
    OrbitalRotation,
)

__all__ = ["ProgramCircuit"]

_SPINS = ("alpha", "beta")
_NEGLIGIBLE = 1e-14


class ProgramCircuit:
    """Builds the circuit of a program on the qubits of a mapping, exact, global phase included.

    Orbital rotations that follow each other are one, and one on the reference prepares a determinant; phases are
    gathered until something acts that they do not commute with.

    Args:
        qubits: where the spin orbitals are.
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons, in the lowest orbitals of each spin.
        name: of the circuit.
        compact: whether excitations come as few two-qubit gates; for Jordan–Wigner only.

    Raises:
        InputError: if compact circuits are asked of another mapping.
    """

    def __init__(
        self, qubits: ModeQubits, norb: int, nelec: tuple[int, int], name: str, *, compact: bool = False
    ) -> None:
        if compact and not qubits.is_jordan_wigner:
            raise InputError("compact circuits need the Jordan–Wigner mapping without tapering; use compact=False")
        self._qubits, self._norb, self._nelec, self._compact = qubits, norb, nelec, compact
        self._circuit = determinant_circuit(qubits, lowest_orbitals(norb, nelec), name)
        self._phases = OccupationPhases(qubits, norb)
        self._rotations: dict[str, NDArray[Any]] = {}
        self._is_reference = True

    def build(self, operations: Iterable[FermionOperation], values: Sequence[ParameterValue]) -> Circuit:
        """The circuit, at numbers or free parameters.

        Raises:
            InputError: if an orbital rotation depends on a free parameter.
        """
        for operation in operations:
            if isinstance(operation, OrbitalRotation):
                self._gather(operation, values)
                continue
            self._append_rotations()
            if isinstance(operation, DiagonalCoulomb):
                self._phases.add_coulomb(operation, values)
            else:
                self._phases.flush(self._circuit)
                self._append_excitation(operation, values)
            self._is_reference = False
        self._append_rotations()
        self._phases.flush(self._circuit)
        return self._circuit

    def _append_excitation(self, operation: ExcitationRotation, values: Sequence[ParameterValue]) -> None:
        angle, excitation = _angle(operation.angle, values), operation.excitation
        if self._compact and excitation.rank <= 2:
            append_compact_excitation(self._circuit, excitation, angle, operation.fermionic)
        else:
            append_mapped_excitation(self._circuit, self._qubits, excitation, angle, operation.fermionic)

    def _gather(self, operation: OrbitalRotation, values: Sequence[ParameterValue]) -> None:
        from scipy.linalg import expm

        generator = operation.generator
        if any(isinstance(values[index], ParameterExpression) for index in generator.indices):
            raise InputError(
                "an orbital rotation that depends on parameters is no circuit with free parameters; give their values: "
                "to_circuit(parameters=...)"
            )
        matrix = generator.constant
        for index, part in zip(generator.indices, generator.basis, strict=True):
            matrix = matrix + float(values[index]) * part
        unitary = expm(-matrix if operation.inverse else matrix)
        for spin in _SPINS if operation.spin == "both" else (operation.spin,):
            self._rotations[spin] = unitary @ self._rotations.get(spin, np.eye(self._norb))

    def _append_rotations(self) -> None:
        rotations, self._rotations = self._rotations, {}
        for spin, unitary in rotations.items():
            count = self._nelec[_SPINS.index(spin)]
            network = determinant_network(unitary[:, :count]) if self._is_reference else rotation_network(unitary)
            self._append_network(network, self._norb * _SPINS.index(spin))

    def _append_network(self, network: GivensNetwork, offset: int) -> None:
        if network.rotations:
            self._phases.flush(self._circuit)
        for turn in network.rotations:
            lower, upper = turn.orbital + offset, turn.orbital + offset + 1
            if self._qubits.is_jordan_wigner:
                self._circuit.xx_plus_yy(2.0 * turn.theta, turn.phi + math.pi / 2, lower, upper)
                continue
            self._phases.add(upper, -turn.phi)
            self._phases.flush(self._circuit)
            append_mapped_excitation(self._circuit, self._qubits, Excitation((lower,), (upper,)), turn.theta)
            self._phases.add(upper, turn.phi)
        for orbital, phase in enumerate(network.phases.tolist()):
            if abs(phase) > _NEGLIGIBLE:
                self._phases.add(orbital + offset, phase)
        if abs(network.global_phase) > _NEGLIGIBLE:
            self._circuit.gphase(network.global_phase)


def _angle(angle: LinearAngle, values: Sequence[ParameterValue]) -> ParameterValue:
    found: ParameterValue = angle.constant
    for index, coefficient in zip(angle.indices, angle.coefficients, strict=True):
        found = coefficient * values[index] + found
    return found
