"""`from_qiskit`: Qiskit's circuits to this toolkit's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import qiskit.circuit as qc
from qiskit import QuantumCircuit

from qtoolkit.circuit import Circuit, StandardGate
from qtoolkit.errors import ConversionError, InputError
from qtoolkit.interop.qiskit.angles import AngleReader, read_linear
from qtoolkit.interop.qiskit.branching import Block, add_case, add_if, iterations
from qtoolkit.interop.qiskit.channels import read_channel
from qtoolkit.interop.qiskit.gates import read_standard, standard_number
from qtoolkit.interop.qiskit.states import read_state
from qtoolkit.interop.qiskit.unrolling import Unroller

__all__ = ["from_qiskit"]


def from_qiskit(circuit: QuantumCircuit, read_angle: AngleReader = read_linear) -> Circuit:
    """Convert a Qiskit circuit, exactly with its global phase.

    Qubit and classical bit k stay k; registers and parameters keep their names, and parameters Qiskit's order: by
    name, elements of a vector by index. Gates without a record are unrolled by their definitions, else taken by
    their matrix up to 10 qubits. A `PauliEvolutionGate` becomes the Pauli rotations of its product formula, which
    is what Qiskit's backends run (its matrix is the exact exponential instead). For loops are unrolled, switches
    become chains of conditions, delays are left out. Channels (``kraus``, ``superop``, errors of Aer) stay channels.

    Args:
        circuit: what to convert.
        read_angle: how angles are read; by default non-linear expressions of parameters are an error.

    Raises:
        ConversionError: naming the instruction and its position where one has no counterpart: while loops,
            break and continue, classical variables, opaque gates, non-linear parameter expressions.
    """
    if not isinstance(circuit, QuantumCircuit):
        raise ConversionError(f"from_qiskit takes a QuantumCircuit, got {type(circuit).__name__}")
    result = Circuit(circuit.num_qubits, name=circuit.name)
    result.num_clbits = circuit.num_clbits
    qubit_of = {bit: k for k, bit in enumerate(circuit.qubits)}
    clbit_of = {bit: k for k, bit in enumerate(circuit.clbits)}
    for register in circuit.qregs:
        result.name_qubits(register.name, [qubit_of[bit] for bit in register])
    for register in circuit.cregs:
        result.name_clbits(register.name, [clbit_of[bit] for bit in register])
    result.declare_parameters(parameter.name for parameter in circuit.parameters)
    try:
        _Importer(read_angle).add(result, circuit, range(circuit.num_qubits), clbit_of, "")
    except _LocatedError as error:
        raise ConversionError(str(error)) from error.__cause__
    return result


class _LocatedError(ConversionError):
    """An error whose message already says where: outer circuits let it pass."""


class _Importer:
    """Adds Qiskit's circuits to this toolkit's, with one way to read angles."""

    def __init__(self, read_angle: AngleReader) -> None:
        self._read_angle = read_angle
        self._unroller = Unroller(read_angle, self.add)

    def add(
        self,
        target: Circuit,
        source: QuantumCircuit,
        qubits: Sequence[int],
        clbit_of: Mapping[Any, int],
        inside: str,
    ) -> None:
        """Add a circuit.

        Args:
            target: what to add to.
            source: its qubit k goes to ``qubits[k]``.
            qubits: qubits of `target`.
            clbit_of: place in `target` of each of the source's classical bits.
            inside: for error messages, where the source itself stands.
        """
        where = f"the global phase{inside}"
        try:
            phase = self._read_angle(source.global_phase)
            if phase != 0.0:
                target.append(StandardGate("gphase", (phase,)), ())
            qubit_of = dict(zip(source.qubits, qubits, strict=True))
            for position, instruction in enumerate(source.data):
                placed = [qubit_of[bit] for bit in instruction.qubits]
                is_standard = instruction.is_standard_gate()
                if is_standard:
                    name, params = instruction.name, instruction.params
                    number = standard_number(name, params)
                    if number >= 0:
                        target.operations.append_standard(number, tuple(placed), tuple(params))
                        continue
                where = f"{instruction.name!r} at position {position}{inside}"
                gate = read_standard(name, params, self._read_angle) if is_standard else None
                if gate is not None:
                    target.append(gate, placed)
                else:
                    clbits = [clbit_of[bit] for bit in instruction.clbits]
                    self._add_operation(target, instruction.operation, placed, clbits, f" of {where}", clbit_of)
        except _LocatedError:
            raise
        except InputError as error:
            raise _LocatedError(f"cannot convert {where}: {error}") from error

    def _add_operation(
        self,
        target: Circuit,
        operation: Any,
        qubits: list[int],
        clbits: list[int],
        inside: str,
        clbit_of: Mapping[Any, int],
    ) -> None:
        """Add an operation that is no standard gate."""
        if isinstance(operation, qc.Measure):
            target.measure(qubits[0], clbits[0])
        elif isinstance(operation, qc.Reset):
            target.reset(qubits)
        elif isinstance(operation, qc.Barrier):
            if qubits:
                target.barrier(*qubits)
        elif isinstance(operation, qc.library.Initialize):
            target.initialize(read_state(operation), qubits)
        elif isinstance(operation, qc.ControlFlowOp | qc.BreakLoopOp | qc.ContinueLoopOp):
            self._add_control_flow(target, operation, qubits, clbits, inside, clbit_of)
        elif isinstance(operation, qc.Store):
            raise ConversionError("classical variables have no counterpart; keep the value in a classical register")
        elif isinstance(operation, qc.Delay):
            return
        elif (channel := read_channel(operation)) is not None:
            target.channel(channel, qubits)
        else:
            target.extend(self._unroller.circuit_of(operation, inside), qubits, clbits)

    def _add_control_flow(
        self,
        target: Circuit,
        operation: Any,
        qubits: list[int],
        clbits: list[int],
        inside: str,
        clbit_of: Mapping[Any, int],
    ) -> None:
        def block(source: QuantumCircuit) -> Block:
            inner = dict(zip(source.clbits, clbits, strict=True))
            return lambda branch: self.add(branch, source, qubits, inner, inside)

        if isinstance(operation, qc.IfElseOp):
            blocks = [block(source) for source in operation.blocks]
            add_if(target, operation.condition, clbit_of, blocks)
        elif isinstance(operation, qc.SwitchCaseOp):
            cases = [(labels, block(source)) for labels, source in operation.cases_specifier()]
            add_case(target, operation.target, clbit_of, cases)
        elif isinstance(operation, qc.ForLoopOp):
            for source in iterations(operation):
                block(source)(target)
        elif isinstance(operation, qc.BoxOp):
            block(operation.blocks[0])(target)
        elif isinstance(operation, qc.WhileLoopOp):
            raise ConversionError("its number of rounds is known at run time only; unroll it into if statements")
        else:
            raise ConversionError("a loop with it cannot be unrolled; use if statements")
