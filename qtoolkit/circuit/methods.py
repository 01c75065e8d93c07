"""The gate methods of `Circuit`, in Qiskit's argument order; each returns the circuit."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Self

from numpy.typing import ArrayLike

from qtoolkit.circuit._checks import Indices, as_indices
from qtoolkit.circuit.gate import ControlledGate, Gate, Instruction, StandardGate, UnitaryGate
from qtoolkit.circuit.parameter import ParameterValue
from qtoolkit.circuit.shortcuts import one_qubit, one_qubit_turn, two_qubits, two_qubits_turn
from qtoolkit.circuit.structured_gates import DiagonalGate, PauliRotationGate, PermutationGate
from qtoolkit.circuit.tape import GATE_NUMBERS, Tape

__all__ = ["GateMethods"]


class GateMethods(ABC):
    """Gate methods over one abstract `append`. One-qubit gates also take several qubits.

    What is plainly right is written to the tape at once; `append` looks at all else, and says what is wrong with it.
    """

    num_qubits: int
    _tape: Tape

    @abstractmethod
    def append(self, gate: Instruction, qubits: Indices, clbits: Indices = ()) -> Self:
        """Place an instruction."""

    @abstractmethod
    def _all_qubits(self, count: int) -> tuple[int, ...]:
        """The qubits an array over `count` qubits acts on when none are given."""

    @abstractmethod
    def _append_each(self, gate: Instruction, places: Iterable[tuple[Indices, Indices]]) -> Self:
        """Place an instruction on several qubits and classical bits, or on none of them."""

    def _each(self, gate: Gate, qubits: Indices) -> Self:
        return self._append_each(gate, [((qubit,), ()) for qubit in as_indices(qubits)])

    def _place(self, name: str, angles: tuple[ParameterValue, ...], qubits: tuple[int, ...]) -> Self:
        size = self.num_qubits
        for qubit in qubits:
            if type(qubit) is not int or not 0 <= qubit < size:
                return self.append(StandardGate(name, angles), qubits)
        for angle in angles:
            if type(angle) is not float or not math.isfinite(angle):
                return self.append(StandardGate(name, angles), qubits)
        if len(set(qubits)) < len(qubits):
            return self.append(StandardGate(name, angles), qubits)
        self._tape.append_standard(GATE_NUMBERS[name], qubits, angles)
        return self

    def gphase(self, gamma: ParameterValue) -> Self:
        """Multiply the state by ``e^{iγ}``."""
        return self._place("gphase", (gamma,), ())

    @one_qubit
    def id(self, qubit: Indices) -> Self:
        """Identity."""
        return self._each(StandardGate("id"), qubit)

    @one_qubit
    def x(self, qubit: Indices) -> Self:
        """Pauli X."""
        return self._each(StandardGate("x"), qubit)

    @one_qubit
    def y(self, qubit: Indices) -> Self:
        """Pauli Y."""
        return self._each(StandardGate("y"), qubit)

    @one_qubit
    def z(self, qubit: Indices) -> Self:
        """Pauli Z."""
        return self._each(StandardGate("z"), qubit)

    @one_qubit
    def h(self, qubit: Indices) -> Self:
        """Hadamard."""
        return self._each(StandardGate("h"), qubit)

    @one_qubit
    def s(self, qubit: Indices) -> Self:
        """Square root of Z."""
        return self._each(StandardGate("s"), qubit)

    @one_qubit
    def sdg(self, qubit: Indices) -> Self:
        """Inverse of S."""
        return self._each(StandardGate("sdg"), qubit)

    @one_qubit
    def t(self, qubit: Indices) -> Self:
        """Fourth root of Z."""
        return self._each(StandardGate("t"), qubit)

    @one_qubit
    def tdg(self, qubit: Indices) -> Self:
        """Inverse of T."""
        return self._each(StandardGate("tdg"), qubit)

    @one_qubit
    def sx(self, qubit: Indices) -> Self:
        """Square root of X."""
        return self._each(StandardGate("sx"), qubit)

    @one_qubit
    def sxdg(self, qubit: Indices) -> Self:
        """Inverse of √X."""
        return self._each(StandardGate("sxdg"), qubit)

    @one_qubit_turn
    def rx(self, theta: ParameterValue, qubit: Indices) -> Self:
        """``exp(-iθX/2)``."""
        return self._each(StandardGate("rx", (theta,)), qubit)

    @one_qubit_turn
    def ry(self, theta: ParameterValue, qubit: Indices) -> Self:
        """``exp(-iθY/2)``."""
        return self._each(StandardGate("ry", (theta,)), qubit)

    @one_qubit_turn
    def rz(self, theta: ParameterValue, qubit: Indices) -> Self:
        """``exp(-iθZ/2)``."""
        return self._each(StandardGate("rz", (theta,)), qubit)

    @one_qubit_turn
    def p(self, lam: ParameterValue, qubit: Indices) -> Self:
        """Phase ``e^{iλ}`` on ``|1⟩``."""
        return self._each(StandardGate("p", (lam,)), qubit)

    def u(self, theta: ParameterValue, phi: ParameterValue, lam: ParameterValue, qubit: Indices) -> Self:
        """General one-qubit gate ``e^{i(φ+λ)/2} RZ(φ) RY(θ) RZ(λ)``."""
        angles = theta, phi, lam
        return (
            self._place("u", angles, (qubit,)) if type(qubit) is int else self._each(StandardGate("u", angles), qubit)
        )

    @two_qubits
    def swap(self, qubit1: int, qubit2: int) -> Self:
        """Exchange two qubits."""
        return self.append(StandardGate("swap"), (qubit1, qubit2))

    @two_qubits
    def iswap(self, qubit1: int, qubit2: int) -> Self:
        """Exchange two qubits with a phase i."""
        return self.append(StandardGate("iswap"), (qubit1, qubit2))

    @two_qubits
    def ecr(self, qubit1: int, qubit2: int) -> Self:
        """Echoed cross-resonance gate."""
        return self.append(StandardGate("ecr"), (qubit1, qubit2))

    @two_qubits_turn
    def rxx(self, theta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθXX/2)``."""
        return self.append(StandardGate("rxx", (theta,)), (qubit1, qubit2))

    @two_qubits_turn
    def ryy(self, theta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθYY/2)``."""
        return self.append(StandardGate("ryy", (theta,)), (qubit1, qubit2))

    @two_qubits_turn
    def rzz(self, theta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθZZ/2)``."""
        return self.append(StandardGate("rzz", (theta,)), (qubit1, qubit2))

    @two_qubits_turn
    def rzx(self, theta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθ/2 Z⊗X)``, Z on the first qubit."""
        return self.append(StandardGate("rzx", (theta,)), (qubit1, qubit2))

    def xx_plus_yy(self, theta: ParameterValue, beta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθ/4 (XX + YY))`` in the frame turned by ``β`` about Z of the first qubit."""
        return self._place("xx_plus_yy", (theta, beta), (qubit1, qubit2))

    def xx_minus_yy(self, theta: ParameterValue, beta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθ/4 (XX - YY))`` in the frame turned by ``β`` about Z of the first qubit."""
        return self._place("xx_minus_yy", (theta, beta), (qubit1, qubit2))

    def fsim(self, theta: ParameterValue, phi: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """Fermionic simulation gate ``exp(-iθ/2 (XX + YY))`` with phase ``e^{-iφ}`` on ``|11⟩``."""
        return self._place("fsim", (theta, phi), (qubit1, qubit2))

    @two_qubits
    def cx(self, control: int, target: int) -> Self:
        """Controlled X."""
        return self.append(StandardGate("cx"), (control, target))

    @two_qubits
    def cy(self, control: int, target: int) -> Self:
        """Controlled Y."""
        return self.append(StandardGate("cy"), (control, target))

    @two_qubits
    def cz(self, control: int, target: int) -> Self:
        """Controlled Z."""
        return self.append(StandardGate("cz"), (control, target))

    @two_qubits
    def ch(self, control: int, target: int) -> Self:
        """Controlled Hadamard."""
        return self.append(StandardGate("ch"), (control, target))

    @two_qubits
    def cs(self, control: int, target: int) -> Self:
        """Controlled S."""
        return self.append(StandardGate("cs"), (control, target))

    @two_qubits
    def csdg(self, control: int, target: int) -> Self:
        """Controlled inverse of S."""
        return self.append(StandardGate("csdg"), (control, target))

    @two_qubits
    def csx(self, control: int, target: int) -> Self:
        """Controlled √X."""
        return self.append(StandardGate("csx"), (control, target))

    @two_qubits
    def csxdg(self, control: int, target: int) -> Self:
        """Controlled inverse of √X."""
        return self.append(StandardGate("csxdg"), (control, target))

    @two_qubits_turn
    def cp(self, lam: ParameterValue, control: int, target: int) -> Self:
        """Phase ``e^{iλ}`` on ``|11⟩``."""
        return self.append(StandardGate("cp", (lam,)), (control, target))

    @two_qubits_turn
    def crx(self, theta: ParameterValue, control: int, target: int) -> Self:
        """Controlled RX."""
        return self.append(StandardGate("crx", (theta,)), (control, target))

    @two_qubits_turn
    def cry(self, theta: ParameterValue, control: int, target: int) -> Self:
        """Controlled RY."""
        return self.append(StandardGate("cry", (theta,)), (control, target))

    @two_qubits_turn
    def crz(self, theta: ParameterValue, control: int, target: int) -> Self:
        """Controlled RZ."""
        return self.append(StandardGate("crz", (theta,)), (control, target))

    def ccx(self, control1: int, control2: int, target: int) -> Self:
        """Toffoli gate."""
        return self._place("ccx", (), (control1, control2, target))

    def ccz(self, control1: int, control2: int, target: int) -> Self:
        """Sign flip of ``|111⟩``."""
        return self._place("ccz", (), (control1, control2, target))

    def cswap(self, control: int, target1: int, target2: int) -> Self:
        """Fredkin gate: controlled swap."""
        return self._place("cswap", (), (control, target1, target2))

    def mcx(self, controls: Indices, target: int) -> Self:
        """X controlled by all of `controls`."""
        return self._multi_controlled(StandardGate("x"), controls, target)

    def mcp(self, lam: ParameterValue, controls: Indices, target: int) -> Self:
        """Phase ``e^{iλ}`` where all of `controls` and `target` are 1."""
        return self._multi_controlled(StandardGate("p", (lam,)), controls, target)

    def _multi_controlled(self, base: Gate, controls: Indices, target: int) -> Self:
        placed = as_indices(controls)
        gate = base.controlled(len(placed)) if placed else base
        return self.append(gate, (*placed, target))

    def pauli_rotation(self, pauli: Any, theta: ParameterValue, qubits: Indices | None = None) -> Self:
        """``exp(-i θ/2 P)``.

        Args:
            pauli: a label such as ``"ZIX"`` (leftmost letter on the highest qubit) or a `PauliString`.
            theta: angle in radians.
            qubits: where the letters act, the rightmost on ``qubits[0]``; all qubits by default.
        """
        gate = PauliRotationGate(pauli, theta)
        return self.append(gate, self._all_qubits(gate.num_qubits) if qubits is None else qubits)

    def diagonal(self, entries: ArrayLike, qubits: Indices | None = None) -> Self:
        """Multiply basis state j of `qubits` by ``entries[j]``, each of modulus 1."""
        gate = DiagonalGate(entries)
        return self.append(gate, self._all_qubits(gate.num_qubits) if qubits is None else qubits)

    def permutation(self, table: ArrayLike, qubits: Indices | None = None) -> Self:
        """Move basis state j of `qubits` to ``table[j]``."""
        gate = PermutationGate(table)
        return self.append(gate, self._all_qubits(gate.num_qubits) if qubits is None else qubits)

    def unitary(self, matrix: ArrayLike, qubits: Indices, label: str = "unitary") -> Self:
        """A gate given by its matrix; ``qubits[0]`` is the lowest bit of its index.

        Raises:
            CircuitError: if the matrix is not unitary or does not fit the qubits.
        """
        return self.append(UnitaryGate(matrix, label), qubits)

    def controlled_unitary(
        self, matrix: ArrayLike, controls: Indices, qubits: Indices, ctrl_state: int | None = None
    ) -> Self:
        """A gate given by its matrix, switched on by the value `ctrl_state` of `controls` (all ones by default).

        Raises:
            CircuitError: if the matrix is not unitary or does not fit, or there is no control.
        """
        placed = as_indices(controls)
        gate = ControlledGate(UnitaryGate(matrix), len(placed), ctrl_state)
        return self.append(gate, (*placed, *as_indices(qubits)))
