"""What both versions share: gate definitions, angles, and the statements of a circuit."""

from __future__ import annotations

import bisect
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from qtoolkit.circuit import (
    Barrier,
    Circuit,
    CompleteXYGate,
    Gate,
    IfElse,
    Initialize,
    KrausChannel,
    Measure,
    Operation,
    Parameter,
    ParameterExpression,
    ParameterValue,
    PauliRotationGate,
    ReadoutError,
    Reset,
    StandardGate,
)
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.errors import ConversionError
from qtoolkit.interop._phases import global_phase
from qtoolkit.interop.openqasm.names import Names, Register, lay_out
from qtoolkit.interop.openqasm.synthesis import preparation, synthesised

__all__ = ["Dialect", "Scope", "as_phase", "formal_angles", "write_angle"]


_MAX_DEPTH = 64


@dataclass(frozen=True)
class Scope:
    """What names mean where a statement stands.

    Attributes:
        parameters: identifier of each free parameter, by its name.
        anchor: a qubit that is always there, for a version that needs one to write a global phase.
    """

    parameters: Mapping[str, str]
    anchor: str


def write_angle(value: ParameterValue, parameters: Mapping[str, str]) -> str:
    """An angle with all digits, so that it reads back as the same number."""
    if not isinstance(value, ParameterExpression):
        return repr(float(value))
    text = ""
    for name, coefficient in value.terms.items():
        factor = "" if abs(coefficient) == 1.0 else f"{abs(coefficient)!r}*"
        text += _signed(coefficient, f"{factor}{parameters[name]}", first=not text)
    if value.constant or not text:
        text += _signed(value.constant, repr(abs(value.constant)), first=not text)
    return text


def _signed(number: float, magnitude: str, *, first: bool) -> str:
    if first:
        return f"-{magnitude}" if number < 0 else magnitude
    return f" - {magnitude}" if number < 0 else f" + {magnitude}"


def as_phase(gate: Gate) -> Gate:
    """The record's global phase for any gate on no qubits."""
    return gate if gate.num_qubits else StandardGate("gphase", (global_phase(gate),))


def formal_angles(gate: StandardGate) -> tuple[Parameter, ...]:
    """Names for the angles of a definition; several sort as they stand, which Qiskit's reader relies on."""
    names = gate.record.parameter_names
    if len(names) > 1:
        names = tuple(f"{letter}_{name}" for letter, name in zip("abcd", names, strict=False))
    return tuple(Parameter(name) for name in names)


class Dialect(ABC):
    """Writes one circuit in one version of OpenQASM."""

    version: ClassVar[int]
    preamble: ClassVar[str]
    controls_gates: ClassVar[bool]

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._names = Names(self.version)
        self._definitions: list[str] = []
        self._defined: dict[Hashable, str] = {}
        quantum = [(register.name, register.qubits) for register in circuit.qubit_registers]
        classical = [(register.name, register.clbits) for register in circuit.clbit_registers]
        self._clbits = _Layout(lay_out(circuit.num_clbits, classical, "c", self._names))
        self._qubits = _Layout(lay_out(circuit.num_qubits, quantum, "q", self._names))
        self._depth = 0
        self._parameters = {parameter.name: self._names.give(parameter.name) for parameter in circuit.parameters}

    def text(self) -> str:
        """The whole program."""
        scope = Scope(self._parameters, self._qubit(0) if self._circuit.num_qubits else "")
        body: list[str] = []
        for position, operation in enumerate(self._circuit.operations):
            try:
                body += self.statements(operation, scope)
            except ConversionError as error:
                raise ConversionError(
                    f"cannot write {operation.gate.name!r} at position {position}: {error}"
                ) from error
        inputs = [self.input_declaration(name) for name in self._parameters.values()]
        declarations = [self.declaration(register, "qubit") for register in self._qubits.registers]
        declarations += [self.declaration(register, "bit") for register in self._clbits.registers]
        return "\n".join([self.preamble, *self._definitions, *inputs, *declarations, *body]) + "\n"

    @abstractmethod
    def input_declaration(self, name: str) -> str:
        """The declaration of a free parameter."""

    @abstractmethod
    def declaration(self, register: Register, kind: str) -> str:
        """The declaration of a register of kind ``qubit`` or ``bit``."""

    @abstractmethod
    def measurement(self, qubit: str, clbit: str) -> str:
        """The measurement of one qubit."""

    @abstractmethod
    def branch(self, branch: IfElse, scope: Scope) -> list[str]:
        """The statements of a classical branch."""

    @abstractmethod
    def gate(self, gate: Gate, operands: Sequence[str], scope: Scope) -> str:
        """One gate statement."""

    def statements(self, operation: Operation, scope: Scope) -> list[str]:
        """The statements of one operation."""
        instruction = operation.gate
        operands = [self._qubit(q) for q in operation.qubits]
        if isinstance(instruction, Gate):
            return [self.gate(as_phase(instruction), operands, scope)]
        if isinstance(instruction, Measure):
            return [self.measurement(operands[0], self._clbit(operation.clbits[0]))]
        if isinstance(instruction, Reset):
            return [f"reset {operands[0]};"]
        if isinstance(instruction, Barrier):
            return [f"barrier {', '.join(operands)};"] if operands else []
        if isinstance(instruction, Initialize):
            name = self.define_circuit(instruction, "prepare", preparation(instruction.state_vector))
            return [*(f"reset {operand};" for operand in operands), f"{name} {', '.join(operands)};"]
        if isinstance(instruction, IfElse):
            if self._depth == _MAX_DEPTH:
                raise ConversionError(f"branches are written up to {_MAX_DEPTH} deep, got deeper ones; write them flat")
            self._depth += 1
            lines = self.branch(instruction, scope)
            self._depth -= 1
            return lines
        if type(instruction) in ANNOTATIONS:
            return []
        if isinstance(instruction, KrausChannel | ReadoutError):
            raise ConversionError(f"OpenQASM {self.version} has no noise; write the circuit before noise is added")
        raise ConversionError(f"OpenQASM {self.version} has no such instruction")

    def _qubit(self, index: int) -> str:
        return self._qubits.at(index).bit(index)

    def _clbit(self, index: int) -> str:
        return self._clbits.at(index).bit(index)

    def register_of(self, clbits: Sequence[int]) -> Register | None:
        """The declared classical register that is just these bits, lowest first."""
        if not clbits:
            return None
        register = self._clbits.at(clbits[0])
        whole = range(register.start, register.start + register.size)
        return register if list(clbits) == list(whole) else None

    def call(self, name: str, params: Iterable[ParameterValue], scope: Scope) -> str:
        """A gate's name with its angles."""
        angles = ", ".join(write_angle(p, scope.parameters) for p in params)
        return f"{name}({angles})" if angles else name

    def define_gate(self, gate: Gate) -> tuple[str, tuple[ParameterValue, ...]]:
        """Define a gate that has no name by simpler gates.

        Returns:
            The name of its definition and the angles to call it with.
        """
        if isinstance(gate, StandardGate):
            formal = formal_angles(gate)
            steps = StandardGate(gate.record, formal).decomposition()
            return self.define_steps(gate.name, gate.name, gate.num_qubits, formal, steps), gate.params
        if isinstance(gate, PauliRotationGate):
            theta = Parameter("theta")
            steps = PauliRotationGate(gate.label, theta).decomposition()
            name = f"pauli_{gate.label.lower()}"
            return self.define_steps(("pauli", gate.label), name, gate.num_qubits, (theta,), steps), gate.params
        if isinstance(gate, CompleteXYGate):
            theta, n = Parameter("theta"), gate.num_qubits
            steps = CompleteXYGate(n, theta).decomposition()
            return self.define_steps((gate.name, n), f"{gate.name}_{n}", n, (theta,), steps), gate.params
        if gate.expressions:
            raise ConversionError(
                f"OpenQASM {self.version} has no such gate with the free parameter {gate.expressions[0]}; bind it"
            )
        return self.define_circuit(gate, gate.name, synthesised(gate, named_controls=self.controls_gates)), ()

    def define_circuit(self, key: Hashable, wanted: str, circuit: Circuit) -> str:
        """The name of a definition without angles whose body is a circuit of gates."""
        steps = tuple((op.gate, op.qubits) for op in circuit.operations if isinstance(op.gate, Gate))
        return self.define_steps(key, wanted, circuit.num_qubits, (), steps)

    def define_steps(
        self,
        key: Hashable,
        wanted: str,
        num_qubits: int,
        formal: Sequence[Parameter],
        steps: Iterable[tuple[Gate, tuple[int, ...]]] | None,
    ) -> str:
        """The name of a definition, added when its key is new.

        Args:
            key: what it defines; equal keys share one definition.
            wanted: the name, unless it is taken.
            num_qubits: at least 1.
            formal: its angles.
            steps: its gates in time order with positions among its qubits.
        """
        if key in self._defined:
            return self._defined[key]
        if steps is None:
            raise ConversionError(f"OpenQASM {self.version} has no such gate, and it has no decomposition")
        operands = [f"q{k}" for k in range(num_qubits)]
        scope = Scope({p.name: p.name for p in formal}, operands[0])
        body = [f"  {self.gate(step, [operands[k] for k in places], scope)}" for step, places in steps]
        return self.define_text(key, wanted, [p.name for p in formal], operands, body)

    def define_text(
        self, key: Hashable, wanted: str, formal: Sequence[str], operands: Sequence[str], body: Sequence[str]
    ) -> str:
        """Add a definition with this body, and return the name it got."""
        name = self._defined[key] = self._names.give(wanted)
        angles = f"({', '.join(formal)})" if formal else ""
        self._definitions.append("\n".join([f"gate {name}{angles} {', '.join(operands)} {{", *body, "}"]))
        return name


class _Layout:
    """Registers that cover bits ``0, 1, …`` in order, searched by bit."""

    def __init__(self, registers: Sequence[Register]) -> None:
        self.registers = registers
        self._starts = [register.start for register in registers]

    def at(self, index: int) -> Register:
        """The register of a bit."""
        return self.registers[bisect.bisect(self._starts, index) - 1]
