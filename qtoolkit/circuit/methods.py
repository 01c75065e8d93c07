"""The gate methods of `Circuit`, in Qiskit's argument order; each returns the circuit."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Self

from numpy.typing import ArrayLike

from qtoolkit.circuit._checks import Indices, as_indices
from qtoolkit.circuit.gate import ControlledGate, Gate, Instruction, StandardGate, UnitaryGate
from qtoolkit.circuit.parameter import Parameter, ParameterExpression, ParameterValue
from qtoolkit.circuit.structured_gates import DiagonalGate, PauliRotationGate, PermutationGate
from qtoolkit.circuit.tape import (
    GATE_NUMBERS,
    SYMBOLIC,
    Tape,
    pack_one,
    pack_symbolic_one,
    pack_symbolic_two,
    pack_three,
    pack_two,
)

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

    def _one(self, name: str, qubits: Indices) -> Self:
        if type(qubits) is int and 0 <= qubits < self.num_qubits:
            self._tape.words.frombytes(pack_one(GATE_NUMBERS[name], qubits))
            return self
        return self._each(StandardGate(name), qubits)

    def _turn(self, name: str, angle: ParameterValue, qubits: Indices) -> Self:
        if type(qubits) is int and 0 <= qubits < self.num_qubits:
            tape = self._tape
            if type(angle) is Parameter or (type(angle) is ParameterExpression and angle.terms):
                symbols = tape.symbols
                symbols.append(angle)
                tape.words.frombytes(pack_symbolic_one(GATE_NUMBERS[name] + SYMBOLIC, qubits, len(symbols) - 1))
                return self
            if isinstance(angle, float) and math.isfinite(angle):
                tape.words.frombytes(pack_two(GATE_NUMBERS[name], qubits, angle))
                return self
        return self._each(StandardGate(name, (angle,)), qubits)

    def _pair(self, name: str, first: int, second: int) -> Self:
        size = self.num_qubits
        if type(first) is type(second) is int and 0 <= first < size and 0 <= second < size and first != second:
            self._tape.words.frombytes(pack_two(GATE_NUMBERS[name], first, second))
            return self
        return self.append(StandardGate(name), (first, second))

    def _pair_turn(self, name: str, angle: ParameterValue, first: int, second: int) -> Self:
        size = self.num_qubits
        if type(first) is type(second) is int and 0 <= first < size and 0 <= second < size and first != second:
            tape = self._tape
            if type(angle) is Parameter or (type(angle) is ParameterExpression and angle.terms):
                symbols = tape.symbols
                symbols.append(angle)
                tape.words.frombytes(pack_symbolic_two(GATE_NUMBERS[name] + SYMBOLIC, first, second, len(symbols) - 1))
                return self
            if isinstance(angle, float) and math.isfinite(angle):
                tape.words.frombytes(pack_three(GATE_NUMBERS[name], first, second, angle))
                return self
        return self.append(StandardGate(name, (angle,)), (first, second))

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

    def id(self, qubit: Indices) -> Self:
        """Identity."""
        return self._one("id", qubit)

    def x(self, qubit: Indices) -> Self:
        """Pauli X."""
        return self._one("x", qubit)

    def y(self, qubit: Indices) -> Self:
        """Pauli Y."""
        return self._one("y", qubit)

    def z(self, qubit: Indices) -> Self:
        """Pauli Z."""
        return self._one("z", qubit)

    def h(self, qubit: Indices) -> Self:
        """Hadamard."""
        return self._one("h", qubit)

    def s(self, qubit: Indices) -> Self:
        """Square root of Z."""
        return self._one("s", qubit)

    def sdg(self, qubit: Indices) -> Self:
        """Inverse of S."""
        return self._one("sdg", qubit)

    def t(self, qubit: Indices) -> Self:
        """Fourth root of Z."""
        return self._one("t", qubit)

    def tdg(self, qubit: Indices) -> Self:
        """Inverse of T."""
        return self._one("tdg", qubit)

    def sx(self, qubit: Indices) -> Self:
        """Square root of X."""
        return self._one("sx", qubit)

    def sxdg(self, qubit: Indices) -> Self:
        """Inverse of √X."""
        return self._one("sxdg", qubit)

    def rx(self, theta: ParameterValue, qubit: Indices) -> Self:
        """``exp(-iθX/2)``."""
        return self._turn("rx", theta, qubit)

    def ry(self, theta: ParameterValue, qubit: Indices) -> Self:
        """``exp(-iθY/2)``."""
        return self._turn("ry", theta, qubit)

    def rz(self, theta: ParameterValue, qubit: Indices) -> Self:
        """``exp(-iθZ/2)``."""
        return self._turn("rz", theta, qubit)

    def p(self, lam: ParameterValue, qubit: Indices) -> Self:
        """Phase ``e^{iλ}`` on ``|1⟩``."""
        return self._turn("p", lam, qubit)

    def u(self, theta: ParameterValue, phi: ParameterValue, lam: ParameterValue, qubit: Indices) -> Self:
        """General one-qubit gate ``e^{i(φ+λ)/2} RZ(φ) RY(θ) RZ(λ)``."""
        angles = theta, phi, lam
        return (
            self._place("u", angles, (qubit,)) if type(qubit) is int else self._each(StandardGate("u", angles), qubit)
        )

    def swap(self, qubit1: int, qubit2: int) -> Self:
        """Exchange two qubits."""
        return self._pair("swap", qubit1, qubit2)

    def iswap(self, qubit1: int, qubit2: int) -> Self:
        """Exchange two qubits with a phase i."""
        return self._pair("iswap", qubit1, qubit2)

    def ecr(self, qubit1: int, qubit2: int) -> Self:
        """Echoed cross-resonance gate."""
        return self._pair("ecr", qubit1, qubit2)

    def rxx(self, theta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθXX/2)``."""
        return self._pair_turn("rxx", theta, qubit1, qubit2)

    def ryy(self, theta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθYY/2)``."""
        return self._pair_turn("ryy", theta, qubit1, qubit2)

    def rzz(self, theta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθZZ/2)``."""
        return self._pair_turn("rzz", theta, qubit1, qubit2)

    def rzx(self, theta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθ/2 Z⊗X)``, Z on the first qubit."""
        return self._pair_turn("rzx", theta, qubit1, qubit2)

    def xx_plus_yy(self, theta: ParameterValue, beta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθ/4 (XX + YY))`` in the frame turned by ``β`` about Z of the first qubit."""
        return self._place("xx_plus_yy", (theta, beta), (qubit1, qubit2))

    def xx_minus_yy(self, theta: ParameterValue, beta: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """``exp(-iθ/4 (XX - YY))`` in the frame turned by ``β`` about Z of the first qubit."""
        return self._place("xx_minus_yy", (theta, beta), (qubit1, qubit2))

    def fsim(self, theta: ParameterValue, phi: ParameterValue, qubit1: int, qubit2: int) -> Self:
        """Fermionic simulation gate ``exp(-iθ/2 (XX + YY))`` with phase ``e^{-iφ}`` on ``|11⟩``."""
        return self._place("fsim", (theta, phi), (qubit1, qubit2))

    def cx(self, control: int, target: int) -> Self:
        """Controlled X."""
        return self._pair("cx", control, target)

    def cy(self, control: int, target: int) -> Self:
        """Controlled Y."""
        return self._pair("cy", control, target)

    def cz(self, control: int, target: int) -> Self:
        """Controlled Z."""
        return self._pair("cz", control, target)

    def ch(self, control: int, target: int) -> Self:
        """Controlled Hadamard."""
        return self._pair("ch", control, target)

    def cs(self, control: int, target: int) -> Self:
        """Controlled S."""
        return self._pair("cs", control, target)

    def csdg(self, control: int, target: int) -> Self:
        """Controlled inverse of S."""
        return self._pair("csdg", control, target)

    def csx(self, control: int, target: int) -> Self:
        """Controlled √X."""
        return self._pair("csx", control, target)

    def csxdg(self, control: int, target: int) -> Self:
        """Controlled inverse of √X."""
        return self._pair("csxdg", control, target)

    def cp(self, lam: ParameterValue, control: int, target: int) -> Self:
        """Phase ``e^{iλ}`` on ``|11⟩``."""
        return self._pair_turn("cp", lam, control, target)

    def crx(self, theta: ParameterValue, control: int, target: int) -> Self:
        """Controlled RX."""
        return self._pair_turn("crx", theta, control, target)

    def cry(self, theta: ParameterValue, control: int, target: int) -> Self:
        """Controlled RY."""
        return self._pair_turn("cry", theta, control, target)

    def crz(self, theta: ParameterValue, control: int, target: int) -> Self:
        """Controlled RZ."""
        return self._pair_turn("crz", theta, control, target)

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
