"""QAOA mixers: what moves amplitude between bitstrings, with or without keeping their Hamming weight.

Each layer is ``exp(-iβ H_M)`` with the sign of ``H_M`` chosen so that the usual initial state is at the low end of
its spectrum; schedules with positive angles then anneal towards the minimum of the cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from qtoolkit._arguments import MOST_ITEMS, check_flag, check_instance, check_integer, shown
from qtoolkit.circuit import Circuit, CompleteXYGate, ParameterValue
from qtoolkit.circuit.exchange_gate import rounds_of_pairs
from qtoolkit.circuit.parameter import check_angle
from qtoolkit.errors import InputError

__all__ = [
    "CompleteXYMixer",
    "GroverMixer",
    "Mixer",
    "RingXYMixer",
    "TransverseMixer",
]


@runtime_checkable
class Mixer(Protocol):
    """A layer of gates with one angle."""

    @property
    def num_qubits(self) -> int:
        """Number of qubits."""
        ...

    @property
    def conserves_hamming_weight(self) -> bool:
        """Whether no bitstring turns into one of another weight."""
        ...

    def append_layer(self, circuit: Circuit, beta: ParameterValue) -> None:
        """Add the layer with angle β (radians) to a circuit."""
        ...


@dataclass(frozen=True)
class TransverseMixer:
    """``H_M = -Σ X_i``, from the uniform superposition: every bit flips on its own.

    Source: Farhi, Goldstone and Gutmann, arXiv:1411.4028.

    Raises:
        InputError: if there is no qubit.
    """

    num_qubits: int

    def __post_init__(self) -> None:
        _check_num_qubits(self.num_qubits, 1)

    @property
    def name(self) -> str:
        """What it is called in results."""
        return "transverse field"

    @property
    def conserves_hamming_weight(self) -> bool:
        """False."""
        return False

    def append_layer(self, circuit: Circuit, beta: ParameterValue) -> None:
        """Add ``exp(iβ Σ X_i)``."""
        circuit, beta = _checked_layer(circuit, beta)
        circuit.rx(-2.0 * beta, range(self.num_qubits))


@dataclass(frozen=True)
class RingXYMixer:
    """``H_M = -½ Σ (X_i X_j + Y_i Y_j)`` over neighbours on a ring, one gate for each in two or three rounds.

    Even neighbours first, then odd ones: a first-order Trotter step that conserves the weight exactly.
    Source: Wang, Rubin, Dominy and Rieffel, Phys. Rev. A 101, 012320 (2020).

    Raises:
        InputError: for fewer than 2 qubits.
    """

    num_qubits: int

    def __post_init__(self) -> None:
        _check_num_qubits(self.num_qubits, 2)

    @property
    def name(self) -> str:
        """What it is called in results."""
        return "ring XY"

    @property
    def conserves_hamming_weight(self) -> bool:
        """True."""
        return True

    def rounds(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Pairs of qubits in rounds whose pairs share no qubit."""
        n = self.num_qubits
        neighbours = [(k, k + 1) for k in range(n - 1)]
        even, odd = tuple(neighbours[::2]), tuple(neighbours[1::2])
        if n == 2:
            return (even,)
        if n % 2 == 0:
            return (even, (*odd, (n - 1, 0)))
        return (even, odd, ((n - 1, 0),))

    def append_layer(self, circuit: Circuit, beta: ParameterValue) -> None:
        """Add the exchanges round by round."""
        _append_exchanges(circuit, self.rounds(), beta)


@dataclass(frozen=True)
class CompleteXYMixer:
    """``H_M = -½ Σ_{i<j} (X_i X_j + Y_i Y_j)`` over all pairs. The Dicke states are its ground states in each weight.

    Simulators apply ``exp(-iβ H_M)`` exactly, as one gate. Machines take one first-order Trotter step in its place,
    which conserves the weight exactly: rounds of disjoint pairs, n - 1 for even n and n for odd. The two agree for
    small angles only, and angles found for one are not the best for the other: for a circuit that is to run on a
    machine, or to be simulated as it would run there, pass ``exact=False``.

    Source: Wang, Rubin, Dominy and Rieffel, Phys. Rev. A 101, 012320 (2020).

    Attributes:
        num_qubits: at least 2.
        exact: whether layers are the exponential, and not the Trotter step.

    Raises:
        InputError: for fewer than 2 qubits, or an `exact` that is no bool.
    """

    num_qubits: int
    exact: bool = True

    def __post_init__(self) -> None:
        _check_num_qubits(self.num_qubits, 2)
        check_flag(self.exact, "exact")

    @property
    def name(self) -> str:
        """What it is called in results; it says in which of its forms it is simulated."""
        return "complete XY, exact" if self.exact else self.name_on_machines

    @property
    def name_on_machines(self) -> str:
        """The same of what machines run."""
        return "complete XY, one Trotter step"

    @property
    def conserves_hamming_weight(self) -> bool:
        """True."""
        return True

    def rounds(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """Pairs of qubits in rounds whose pairs share no qubit; every pair comes once."""
        return rounds_of_pairs(self.num_qubits)

    def append_layer(self, circuit: Circuit, beta: ParameterValue) -> None:
        """Add ``exp(-iβ H_M)``, or the exchanges round by round."""
        if not self.exact:
            _append_exchanges(circuit, self.rounds(), beta)
            return
        circuit, beta = _checked_layer(circuit, beta)
        circuit.append(CompleteXYGate(self.num_qubits, -2.0 * beta), range(self.num_qubits))


@dataclass(frozen=True, eq=False)
class GroverMixer:
    """``H_M = -|ψ⟩⟨ψ|`` for the initial state ``|ψ⟩``: bitstrings of equal cost keep equal amplitudes.

    Source: Bärtschi and Eidenbenz, IEEE QCE 2020, 72 (arXiv:2006.00354).

    Attributes:
        preparation: circuit of gates that turns ``|0…0⟩`` into ``|ψ⟩``.
        conserves_hamming_weight: whether ``|ψ⟩`` has one Hamming weight, which the caller knows.

    Raises:
        InputError: if the preparation has no qubit or free parameters.
        CircuitError: if it has no inverse.
    """

    preparation: Circuit
    conserves_hamming_weight: bool = False

    def __post_init__(self) -> None:
        check_instance(self.preparation, Circuit, "the preparation must be a Circuit")
        check_flag(self.conserves_hamming_weight, "conserves_hamming_weight")
        _check_num_qubits(self.preparation.num_qubits, 1)
        if self.preparation.num_parameters:
            raise InputError("the preparation must have numbers for its angles, got free parameters; bind them")
        self.preparation.inverse()

    @property
    def name(self) -> str:
        """What it is called in results."""
        return "Grover"

    @property
    def num_qubits(self) -> int:
        """Number of qubits."""
        return self.preparation.num_qubits

    def append_layer(self, circuit: Circuit, beta: ParameterValue) -> None:
        """Add ``1 - (1 - e^{iβ})|ψ⟩⟨ψ|``."""
        circuit, beta = _checked_layer(circuit, beta)
        qubits = range(self.num_qubits)
        circuit.extend(self.preparation.inverse()).x(qubits)
        circuit.mcp(beta, qubits[:-1], qubits[-1]).x(qubits)
        circuit.extend(self.preparation)


def _append_exchanges(circuit: Circuit, rounds: tuple[tuple[tuple[int, int], ...], ...], beta: ParameterValue) -> None:
    circuit, beta = _checked_layer(circuit, beta)
    for pairs in rounds:
        for first, second in pairs:
            circuit.xx_plus_yy(-2.0 * beta, 0.0, first, second)


def _check_num_qubits(num_qubits: int, least: int) -> None:
    if check_integer(num_qubits, "num_qubits", most=MOST_ITEMS) < least:
        raise InputError(f"this mixer needs num_qubits of at least {least}, got {shown(num_qubits)}")


def _checked_layer(circuit: object, beta: ParameterValue) -> tuple[Circuit, ParameterValue]:
    return check_instance(circuit, Circuit, "a layer is added to a Circuit"), check_angle(beta, "beta")
