"""Reference determinants and excitations as circuits."""

from __future__ import annotations

from collections.abc import Iterable

from qtoolkit._arguments import shown
from qtoolkit._checks import require_number
from qtoolkit.applications.chemistry.ansaetze.mode_qubits import ModeQubits
from qtoolkit.applications.chemistry.ansaetze.space import checked_space, lowest_orbitals
from qtoolkit.circuit import Circuit, ParameterExpression, ParameterValue
from qtoolkit.errors import InputError
from qtoolkit.operators import Excitation, PauliSum, jordan_wigner

__all__ = [
    "append_excitation",
    "append_mapped_excitation",
    "append_rotations",
    "determinant_circuit",
    "hartree_fock_circuit",
]

_LETTERS = "IXZY"
"""By whether X and whether Z is in a letter."""


def hartree_fock_circuit(norb: int, nelec: tuple[int, int]) -> Circuit:
    """The determinant that fills the lowest orbitals of each spin, on ``2 * norb`` qubits, alpha qubits first.

    Raises:
        InputError: if the electrons do not fit the orbitals.
    """
    norb, nelec = checked_space(norb, nelec)
    return determinant_circuit(ModeQubits(2 * norb), lowest_orbitals(norb, nelec), "hartree-fock")


def determinant_circuit(qubits: ModeQubits, occupied: Iterable[int], name: str) -> Circuit:
    """A determinant on the qubits of a mapping."""
    circuit = Circuit(qubits.num_qubits, name=name)
    bits = qubits.occupation_bits(occupied)
    for qubit in range(qubits.num_qubits):
        if bits >> qubit & 1:
            circuit.x(qubit)
    return circuit


def append_excitation(circuit: Circuit, excitation: Excitation, theta: ParameterValue) -> Circuit:
    """Add exp(θ (T − T†)) by the Jordan–Wigner mapping, spin orbital k on qubit k, and return the circuit.

    T − T† = i Σ c_k P_k with real c_k and strings that commute, so that the product of their rotations is exact.

    Raises:
        InputError: if an argument is of another type, or `theta` not finite.
        OperatorError: if the circuit has too few qubits.
    """
    if not isinstance(circuit, Circuit) or not isinstance(excitation, Excitation):
        raise InputError(
            f"append_excitation needs a Circuit and an Excitation, got {shown(circuit)}, {shown(excitation)}"
        )
    if not isinstance(theta, ParameterExpression):
        theta = require_number("theta", theta)
    return append_rotations(circuit, jordan_wigner(excitation.generator(), circuit.num_qubits), theta)


def append_mapped_excitation(
    circuit: Circuit, qubits: ModeQubits, excitation: Excitation, theta: ParameterValue, fermionic: bool = True
) -> Circuit:
    """Add exp(θ (T − T†)) under any mapping, with or without the signs of fermions, and return the circuit.

    The strings are products of even numbers of Majorana operators with an even number in common, so that they commute
    under every mapping.
    """
    generator = excitation.generator()
    if fermionic:
        return append_rotations(circuit, qubits.operator(generator), theta)
    modes = (*excitation.annihilated, *excitation.created)
    return append_rotations(circuit, qubits.qubit_excitation(generator, modes), theta)


def append_rotations(circuit: Circuit, generator: PauliSum, theta: ParameterValue) -> Circuit:
    """Add exp(θ A) for an anti-Hermitian A of strings that commute, and return the circuit."""
    angles: dict[float, ParameterValue] = {}  # strings of an excitation have two coefficients between them
    for string, coefficient in generator:
        places, angle = string.qubits, angles.get(coefficient.imag)
        if angle is None:
            angle = angles[coefficient.imag] = -2.0 * coefficient.imag * theta
        if not places:
            circuit.gphase(-0.5 * angle)
            continue
        x_mask, z_mask = string.x_mask, string.z_mask
        letters = "".join(_LETTERS[(x_mask >> qubit & 1) + 2 * (z_mask >> qubit & 1)] for qubit in reversed(places))
        circuit.pauli_rotation(letters, angle, places)
    return circuit
