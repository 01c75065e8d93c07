"""`HardwareEfficient`: rotations of qubits and entangling gates between neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import check_flag, seeded
from qtoolkit._checks import require_integer
from qtoolkit.applications.chemistry.ansaetze.base import Ansatz, check_same_space
from qtoolkit.applications.chemistry.ansaetze.mode_qubits import Mapping, ModeQubits
from qtoolkit.applications.chemistry.ansaetze.rotations import determinant_circuit
from qtoolkit.applications.chemistry.ansaetze.space import MAX_REPETITIONS, checked_space, lowest_orbitals
from qtoolkit.applications.chemistry.integrals import FloatArray, MolecularIntegrals
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.operators import Tapering
from qtoolkit.simulators.fermion import FermionOperation

__all__ = ["HardwareEfficient"]

_START_SCALE = 0.3


@dataclass(frozen=True)
class HardwareEfficient(Ansatz):
    """RY and RZ of every qubit on the reference, then `layers` times CZ between neighbours and RY and RZ again.

    Kandala et al., Nature 549, 242 (2017), with CZ, so that zeros give the reference. It keeps no number of electrons,
    so that there is a circuit and no program. Its gates are the same under every mapping, the states not; parameters
    are as many as Jordan–Wigner qubits need, of which tapered circuits leave out those of the highest.

    Attributes:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons of the reference.
        layers: number of entangling layers.

    Raises:
        InputError: if the electrons do not fit the orbitals.
    """

    norb: int
    nelec: tuple[int, int]
    layers: int = 1

    def __post_init__(self) -> None:
        norb, nelec = checked_space(self.norb, self.nelec)
        object.__setattr__(self, "norb", norb)
        object.__setattr__(self, "nelec", nelec)
        object.__setattr__(self, "layers", require_integer("layers", self.layers, 0, MAX_REPETITIONS))

    @cached_property
    def parameter_names(self) -> tuple[str, ...]:
        """``ry_l_k`` and ``rz_l_k`` of layer l and qubit k."""
        return tuple(
            f"{gate}_{layer}_{qubit}"
            for layer in range(self.layers + 1)
            for gate in ("ry", "rz")
            for qubit in range(self.num_qubits)
        )

    @property
    def operations(self) -> tuple[FermionOperation, ...]:
        """There are none.

        Raises:
            InputError: always, saying so.
        """
        raise InputError(
            "a hardware-efficient ansatz keeps no numbers of electrons, and has no program for the sector engine; run "
            "its circuit"
        )

    def to_circuit(
        self,
        mapping: Mapping = "jordan_wigner",
        tapering: Tapering | None = None,
        *,
        parameters: ArrayLike | None = None,
        compact: bool = False,
    ) -> Circuit:
        """The ansatz on qubits; see `Ansatz.to_circuit`. Compact or not, it is the same circuit.

        Raises:
            InputError: if parameters do not fit.
            OperatorError: if there is no such mapping, or the tapering does not fit.
        """
        check_flag(compact, "compact")
        qubits = ModeQubits(self.num_qubits, mapping, tapering)
        values = iter(self._values(parameters))
        circuit = determinant_circuit(qubits, lowest_orbitals(self.norb, self.nelec), self._name)
        if parameters is None:
            circuit.declare_parameters(self.parameter_names)
        for layer in range(self.layers + 1):
            if layer:
                for first in (0, 1):
                    for qubit in range(first, circuit.num_qubits - 1, 2):
                        circuit.cz(qubit, qubit + 1)
            for turn in (circuit.ry, circuit.rz):
                for qubit in range(self.num_qubits):
                    angle = next(values)
                    if qubit < circuit.num_qubits:
                        turn(angle, qubit)
        return circuit

    def initial_parameters(
        self, integrals: MolecularIntegrals, seed: int | np.random.Generator | None = 0
    ) -> FloatArray:
        """Random angles of some tenths, because at zeros derivatives vanish.

        Raises:
            InputError: if the integrals have other orbitals or electrons, or the seed is none.
        """
        check_same_space(self, integrals)
        _, rng = seeded(seed)
        return rng.normal(scale=_START_SCALE, size=self.num_parameters)
