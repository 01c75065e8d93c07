"""Circuits in IQM's operations: rotations about axes in the plane, and CZ, on the pairs that the calibration has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qiskit import QuantumCircuit
from qiskit.circuit import IfElseOp, Parameter
from qiskit.circuit.classical import expr
from qiskit.circuit.library import CZGate, Measure, Reset, UGate
from qiskit.transpiler import Target

from qtoolkit.backends.compiling.basis import prepared
from qtoolkit.backends.compiling.transpiler import transpiled
from qtoolkit.backends.iqm.architecture import Architecture
from qtoolkit.circuit import Circuit, Condition, IfElse
from qtoolkit.circuit.operation import everything_in
from qtoolkit.errors import BackendError
from qtoolkit.interop.qiskit import to_qiskit

__all__ = ["Program", "compiled", "instruction", "key_of"]

_NOTHING = 1e-12
"""Radians below which a rotation is none."""


@dataclass(frozen=True)
class Program:
    """A circuit for a quantum computer.

    Attributes:
        instructions: as IQM Server takes them.
        keys: the measurement key of each classical bit that is written; of several measurements, of the last.
        layout: where each qubit of the circuit is at its beginning.
    """

    instructions: list[dict[str, Any]]
    keys: dict[int, str]
    layout: list[str]


def key_of(clbit: int, count: int) -> str:
    """The measurement key of a classical bit; a circuit has each key once."""
    return f"c{clbit}_{count}"


def instruction(name: str, locus: Sequence[str], **args: Any) -> dict[str, Any]:
    """An instruction as IQM's own client writes it."""
    return {"name": name, "locus": list(locus), "args": args, "implementation": None}


def compiled(circuit: Circuit, architecture: Architecture, level: int, name: str) -> Program:
    """Compile a circuit; the same circuit gives the same program.

    Rotations about Z are none of the device's: they go into the angles of the rotations that follow, and vanish at a
    measurement.

    Args:
        circuit: every parameter bound.
        architecture: of the quantum computer.
        level: of Qiskit's transpiler, 0 to 3.
        name: of the backend, for messages.

    Raises:
        ConversionError: naming what Qiskit cannot hold.
        BackendError: if the circuit does not fit the device.
    """
    _check_conditions(circuit, name)
    found = transpiled(to_qiskit(prepared(circuit)), level, name, target=_target(architecture))
    writer = _Writer(found, architecture, name)
    writer.write()
    layout = found.layout.initial_index_layout(filter_ancillas=True) if found.layout is not None else []
    return Program(writer.instructions, writer.keys, [architecture.qubits[place] for place in layout])


def _check_conditions(circuit: Circuit, name: str) -> None:
    for operation in everything_in(circuit.operations):
        gate = operation.gate
        if not isinstance(gate, IfElse):
            continue
        condition = gate.condition
        plain = isinstance(condition, Condition) and len(condition.clbits) == 1 and condition.value == 1
        inner = [op.gate for branch in gate.branches for op in everything_in(branch.operations)]
        if not plain or gate.else_body is not None or any(isinstance(item, IfElse) for item in inner):
            raise BackendError(
                f"{name} runs gates when one classical bit is 1, without an else and not inside each other, got a "
                f"condition {condition}{' with an else' if gate.else_body is not None else ''}; rewrite it so"
            )


def _target(architecture: Architecture) -> Target:
    places = {qubit: place for place, qubit in enumerate(architecture.qubits)}
    everywhere = {(place,): None for place in places.values()}
    target = Target(num_qubits=len(places))
    target.add_instruction(UGate(*(Parameter(angle) for angle in ("theta", "phi", "lam"))), everywhere)
    if architecture.couplings:
        target.add_instruction(CZGate(), {(places[a], places[b]): None for a, b in architecture.couplings})
    target.add_instruction(Measure(), everywhere)
    if architecture.resettable:
        target.add_instruction(Reset(), {(places[qubit],): None for qubit in architecture.resettable})
    if architecture.conditional:
        target.add_instruction(IfElseOp, name="if_else")
    return target


class _Writer:
    """Writes a transpiled circuit, with the angle about Z that each qubit is behind."""

    def __init__(self, circuit: QuantumCircuit, architecture: Architecture, name: str) -> None:
        self.circuit = circuit
        self.architecture = architecture
        self.name = name
        self.instructions: list[dict[str, Any]] = []
        self.keys: dict[int, str] = {}
        self._behind = [0.0] * circuit.num_qubits
        self._measured: dict[int, dict[str, Any]] = {}
        self._counts: dict[int, int] = {}
        self._used = {
            circuit.find_bit(qubit).index for item in circuit.data if item.name != "barrier" for qubit in item.qubits
        }

    def write(self) -> None:
        for item in self.circuit.data:
            places = [self.circuit.find_bit(qubit).index for qubit in item.qubits]
            match item.name:
                case "u":
                    self._rotate(places[0], *(float(angle) for angle in item.operation.params))
                case "cz":
                    a, b = (self.architecture.qubits[place] for place in places)
                    self.instructions += [instruction(*step) for step in self.architecture.couplings[a, b]]
                case "measure":
                    self._measure(places[0], self.circuit.find_bit(item.clbits[0]).index)
                case "reset":
                    self._add("reset", places)
                    self._behind[places[0]] = 0.0
                case "barrier":
                    if kept := [place for place in places if place in self._used]:
                        self._add("barrier", kept)
                case "if_else":
                    self._under_condition(item.operation, places)
                case other:
                    raise BackendError(f"{self.name} has no operation {other}; rewrite the circuit without")

    def _add(self, name: str, places: Sequence[int], **args: Any) -> dict[str, Any]:
        made = instruction(name, [self.architecture.qubits[place] for place in places], **args)
        self.instructions.append(made)
        return made

    def _rotate(self, place: int, theta: float, phi: float, lam: float) -> None:
        # Rz(phi) Ry(theta) Rz(lam) = Rz(phi + lam) R(theta, π/2 - lam), up to a phase.
        if abs(_wrapped(theta)) > _NOTHING:
            self._add("prx", [place], angle=theta, phase=_wrapped(math.pi / 2 - lam - self._behind[place]))
        self._behind[place] = _wrapped(self._behind[place] + phi + lam)

    def _measure(self, place: int, clbit: int) -> None:
        count = self._counts[clbit] = self._counts.get(clbit, -1) + 1
        self.keys[clbit] = key = key_of(clbit, count)
        self._measured[clbit] = self._add("measure", [place], key=key)

    def _under_condition(self, operation: IfElseOp, places: Sequence[int]) -> None:
        clbit = self._condition_bit(operation)
        measured = self._measured.get(clbit)
        if measured is None:
            return  # a bit that nothing has written is 0
        measured["args"]["feedback_key"] = measured["args"]["key"]
        feedback = {"feedback_qubit": measured["locus"][0], "feedback_key": measured["args"]["key"]}
        body = operation.params[0]
        for item in body.data:
            if item.name == "barrier":
                continue
            inside = [places[body.find_bit(qubit).index] for qubit in item.qubits]
            qubit = self.architecture.qubits[inside[0]]
            if item.name != "u" or qubit not in self.architecture.conditional:
                raise BackendError(
                    f"{self.name} runs gates of one qubit under a condition, got {item.name} on {qubit}; rewrite the "
                    "circuit without"
                )
            for angle, phase in _rotations(self._behind[inside[0]], *(float(angle) for angle in item.operation.params)):
                self._add("cc_prx", inside, angle=angle, phase=phase, **feedback)

    def _condition_bit(self, operation: IfElseOp) -> int:
        condition = operation.condition
        if isinstance(condition, expr.Expr):
            (bit,) = {variable.var for variable in expr.iter_vars(condition)}
        else:
            bit = condition[0]
        return int(self.circuit.find_bit(bit if not hasattr(bit, "size") else bit[0]).index)


def _rotations(behind: float, theta: float, phi: float, lam: float) -> list[tuple[float, float]]:
    """A gate as rotations alone, for a qubit that is an angle about Z behind, and stays so: angle and phase of each."""
    if abs(_wrapped(phi + lam)) < _NOTHING:
        return [(theta, _wrapped(math.pi / 2 - lam - behind))] if abs(_wrapped(theta)) > _NOTHING else []
    first = (theta - math.pi, _wrapped(math.pi / 2 - lam - behind))
    return [first, (math.pi, _wrapped((phi - lam + math.pi) / 2 - behind))]


def _wrapped(angle: float) -> float:
    """The angle between -π and π."""
    return math.remainder(angle, 2 * math.pi)
