"""`Ansatz`: one object for a family of states, in the sector engine and as circuits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import check_flag, real_numbers_of
from qtoolkit.applications.chemistry.ansaetze.counts import DEVICE_GATES, gate_counts_of
from qtoolkit.applications.chemistry.ansaetze.mode_qubits import Mapping, ModeQubits
from qtoolkit.applications.chemistry.ansaetze.program_circuit import ProgramCircuit
from qtoolkit.applications.chemistry.integrals import MolecularIntegrals, require_integrals
from qtoolkit.circuit import Circuit, Parameter, ParameterValue
from qtoolkit.errors import InputError
from qtoolkit.operators import Tapering
from qtoolkit.simulators.fermion import FermionOperation, FermionProgram

__all__ = ["Ansatz", "check_same_space"]

FloatArray = NDArray[np.float64]


class Ansatz(ABC):
    """A family of states of given numbers of electrons, with parameters to be optimised.

    `program` is what the sector engine runs; `circuit` and `to_circuit` are the same state on qubits, under any
    mapping. A new ansatz gives `parameter_names` and `operations`.

    Attributes:
        norb: number of spatial orbitals.
        nelec: alpha and beta electrons.
    """

    norb: int
    nelec: tuple[int, int]

    @property
    @abstractmethod
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters, in the order in which all take their values."""

    @property
    @abstractmethod
    def operations(self) -> tuple[FermionOperation, ...]:
        """What acts on the reference determinant, which fills the lowest orbitals of each spin."""

    @property
    def num_qubits(self) -> int:
        """Number of spin orbitals."""
        return 2 * self.norb

    @property
    def num_parameters(self) -> int:
        """Number of free parameters."""
        return len(self.parameter_names)

    @cached_property
    def program(self) -> FermionProgram:
        """The ansatz for a `FermionSimulator`.

        Raises:
            InputError: if it does not keep the numbers of electrons.
            InsufficientMemoryError: if the strings of its electrons do not fit into free memory.
        """
        return FermionProgram(self.norb, self.nelec, self.operations, self.num_parameters)

    @cached_property
    def circuit(self) -> Circuit:
        """The ansatz by the Jordan–Wigner mapping, mode k on qubit k, its parameters in the order of `parameter_names`.

        Raises:
            InputError: if it is no circuit with free parameters; see `to_circuit`.
        """
        return self.to_circuit()

    def to_circuit(
        self,
        mapping: Mapping = "jordan_wigner",
        tapering: Tapering | None = None,
        *,
        parameters: ArrayLike | None = None,
        compact: bool = False,
    ) -> Circuit:
        """The ansatz on qubits.

        Args:
            mapping: ``"jordan_wigner"``, ``"parity"``, ``"bravyi_kitaev"``, ``"ternary_tree"``, or a mapping of
                `qtoolkit.operators`; see `fermion_mapping`.
            tapering: symmetries whose qubits are left out; None for none.
            parameters: values, shape ``(num_parameters,)``; by default they stay free.
            compact: whether excitations come as few two-qubit gates, see `append_compact_excitation`, in place of Pauli
                rotations, which simulators take at once; for ``"jordan_wigner"`` without tapering.

        Raises:
            InputError: if parameters do not fit, compact circuits are asked of another mapping, or orbital rotations
                depend on free parameters.
            OperatorError: if there is no such mapping or it has another number of modes, or the tapering takes for
                granted what the ansatz or its reference do not keep.
        """
        qubits = ModeQubits(self.num_qubits, mapping, tapering)
        builder = ProgramCircuit(qubits, self.norb, self.nelec, self._name, compact=check_flag(compact, "compact"))
        circuit = builder.build(self.operations, self._values(parameters))
        if parameters is None:
            circuit.declare_parameters(self.parameter_names)
        return circuit

    def initial_parameters(self, integrals: MolecularIntegrals) -> FloatArray:
        """A start for an optimiser, shape ``(num_parameters,)``: zeros, which is the reference.

        Raises:
            InputError: if the integrals have other orbitals or electrons.
        """
        check_same_space(self, integrals)
        return np.zeros(self.num_parameters)

    def gate_counts(
        self,
        mapping: Mapping = "jordan_wigner",
        basis_gates: Sequence[str] = DEVICE_GATES,
        tapering: Tapering | None = None,
        *,
        compact: bool | None = None,
    ) -> dict[str, int]:
        """What the circuit costs in the gates of a device with all pairs of qubits joined, at generic parameters.

        Args:
            mapping: as for `to_circuit`.
            basis_gates: gates of the device, by their names in Qiskit.
            tapering: as for `to_circuit`.
            compact: as for `to_circuit`; by default where that is possible.

        Returns:
            The number of each gate in use, and under ``"two_qubit_gates"``, ``"depth"`` and ``"two_qubit_depth"`` what
            these say.

        Raises:
            InputError, OperatorError: as for `to_circuit`.
            ConversionError: if Qiskit cannot write the circuit in these gates.
        """
        if compact is None:
            compact = isinstance(mapping, str) and mapping == "jordan_wigner" and tapering is None
        generic = np.random.default_rng(0).uniform(0.1, 1.0, self.num_parameters)
        circuit = self.to_circuit(mapping, tapering, parameters=generic, compact=compact)
        return gate_counts_of(circuit, basis_gates)

    @property
    def _name(self) -> str:
        return type(self).__name__.lower()

    def _values(self, parameters: ArrayLike | None) -> list[ParameterValue]:
        if parameters is None:
            return [Parameter(name) for name in self.parameter_names]
        values = real_numbers_of(parameters, "parameters")
        if values.shape != (self.num_parameters,) or not np.isfinite(values).all():
            raise InputError(f"parameters must be {self.num_parameters} finite numbers, got shape {values.shape}")
        found: list[ParameterValue] = values.tolist()
        return found


def check_same_space(ansatz: Ansatz, integrals: MolecularIntegrals) -> None:
    """Refuse integrals of other orbitals or electrons.

    Raises:
        InputError: saying so.
    """
    require_integrals(integrals)
    if integrals.norb != ansatz.norb:
        raise InputError(f"the ansatz has {ansatz.norb} orbitals, got integrals of {integrals.norb}")
    if integrals.nelec != ansatz.nelec:
        raise InputError(f"the ansatz has {ansatz.nelec} electrons, got integrals of {integrals.nelec}")
