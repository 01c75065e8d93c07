"""`to_cirq`: a circuit of ours as a Cirq circuit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import cirq

from qtoolkit._arguments import check_instance, items_of
from qtoolkit.circuit import (
    Barrier,
    Circuit,
    ClassicalRegister,
    Gate,
    IfElse,
    Initialize,
    KrausChannel,
    Measure,
    Operation,
    ReadoutError,
    Reset,
)
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.errors import ConversionError
from qtoolkit.interop.cirq.conditions_to import KeyBit, KeyTest, cases_of
from qtoolkit.interop.cirq.gates_to import gate_operations

__all__ = ["to_cirq"]


def to_cirq(circuit: Circuit, qubits: Sequence[cirq.Qid] | None = None) -> cirq.Circuit:
    """Convert to a Cirq circuit with the same unitary, its global phase included.

    Positions are kept, numbers are not: Cirq is big-endian, we are little-endian.

    - Qubit k becomes ``qubits[k]``. Idle qubits get an identity, so that Cirq knows of them.
    - A classical register that is measured whole becomes one key of that name, whose k-th qubit is the one
      measured into its bit k. Bits measured apart become keys of their own, ``name_k``. Bits that are never
      measured have no place in Cirq.

    Conditions become classical controls on each operation, those on a parity of at most 6 bits on copies of it.
    Channels become `cirq.KrausChannel`. Parameters become SymPy symbols. Cirq has no barrier: barriers are left out,
    as detectors and observables are, and operations move to the earliest moment free.

    Args:
        circuit: any circuit whose branches do not measure.
        qubits: one for each qubit; ``cirq.LineQubit.range(num_qubits)`` by default.

    Raises:
        ConversionError: if `qubits` does not fit, a branch measures, or a gate has no counterpart.
    """
    check_instance(circuit, Circuit, "to_cirq takes a Circuit", ConversionError)
    given: Sequence[Any] = cirq.LineQubit.range(circuit.num_qubits) if qubits is None else qubits
    targets = tuple(items_of(given, "qubits must be a sequence of Cirq's qubits", ConversionError))
    for qubit in targets:
        check_instance(qubit, cirq.Qid, "qubits must be Cirq's", ConversionError)
    if len(targets) != circuit.num_qubits or len(set(targets)) != len(targets):
        raise ConversionError(
            f"qubits must be {circuit.num_qubits} distinct qubits of Cirq, got {[str(qubit) for qubit in targets]}"
        )
    operations = _Exporter(circuit, targets).operations()
    used = {qubit for operation in operations for qubit in operation.qubits}
    return cirq.Circuit([cirq.I(qubit) for qubit in targets if qubit not in used], operations)


class _Exporter:
    def __init__(self, circuit: Circuit, qubits: Sequence[Any]) -> None:
        self._circuit = circuit
        self._qubits = qubits
        self._whole = _registers_measured_whole(circuit)
        self._bit_keys = _keys_of_single_bits(circuit, {register.name for register in self._whole})
        self._places: dict[int, KeyBit] = {}

    def operations(self) -> list[Any]:
        found: list[Any] = []
        for measures, run in _runs(self._circuit):
            if measures:
                found.extend(self._measurements(run))
            else:
                found.extend(converted for operation in run for converted in self._converted(operation, ()))
        return found

    def _on(self, operation: Operation) -> list[Any]:
        return [self._qubits[q] for q in operation.qubits]

    def _measurements(self, run: Sequence[Operation]) -> Iterable[Any]:
        """Measurements that nothing parts, and which therefore may change places."""
        for register in self._whole:
            for chunk in _chunks(run, register):
                by_clbit = {operation.clbits[0]: operation for operation in chunk}
                yield self._measured(register.name, [by_clbit[clbit] for clbit in register.clbits])
        whole = {clbit for register in self._whole for clbit in register.clbits}
        for operation in run:
            if operation.clbits[0] not in whole:
                yield self._measured(self._bit_keys[operation.clbits[0]], [operation])

    def _measured(self, key: str, operations: Sequence[Operation]) -> Any:
        for k, operation in enumerate(operations):
            self._places[operation.clbits[0]] = KeyBit(key, k, len(operations))
        return cirq.measure(*(self._on(operation)[0] for operation in operations), key=key)

    def _converted(self, operation: Operation, tests: tuple[KeyTest, ...]) -> list[Any]:
        gate = operation.gate
        if isinstance(gate, IfElse):
            return self._branches(gate, tests)
        if isinstance(gate, Gate):
            plain = gate_operations(gate, self._on(operation))
        elif isinstance(gate, Reset):
            plain = [cirq.reset(*self._on(operation))]
        elif isinstance(gate, Initialize):
            plain = [cirq.StatePreparationChannel(gate.state_vector.copy()).on(*reversed(self._on(operation)))]
        elif isinstance(gate, KrausChannel):
            plain = [_channel(gate).on(*reversed(self._on(operation)))]
        elif isinstance(gate, ReadoutError):
            raise ConversionError(
                "Cirq has readout errors in measurements alone; write the circuit before noise is added"
            )
        elif isinstance(gate, Measure):
            raise ConversionError(
                f"Cirq cannot make a measurement conditional, got one of qubit {operation.qubits[0]} in a branch; "
                "measure before the branch"
            )
        else:
            raise ConversionError(f"Cirq has no counterpart of the instruction {gate.name}")
        if not tests:
            return plain
        conditions = [test.to_cirq() for test in tests]
        return [item.with_classical_controls(*conditions) for item in plain]

    def _branches(self, gate: IfElse, outer: tuple[KeyTest, ...]) -> list[Any]:
        met, unmet = cases_of(gate.condition, self._places)
        cases = [(tests, gate.body) for tests in met]
        if gate.else_body is not None:
            cases += [(tests, gate.else_body) for tests in unmet]
        return [
            converted
            for tests, body in cases
            for operation in body.operations
            for converted in self._converted(operation, (*outer, *tests))
        ]


def _channel(channel: KrausChannel) -> Any:
    # Cirq asks for the trace to the last digits, and has the first qubit highest.
    return cirq.KrausChannel([operator.copy() for operator in channel.operators])


def _runs(circuit: Circuit) -> list[tuple[bool, list[Operation]]]:
    """The operations but barriers and annotations, as runs of measurements (True) and of others (False)."""
    left_out = (Barrier, *ANNOTATIONS)
    kept = (operation for operation in circuit.operations if type(operation.gate) not in left_out)
    return [(measures, list(run)) for measures, run in groupby(kept, lambda item: isinstance(item.gate, Measure))]


def _chunks(run: Sequence[Operation], register: ClassicalRegister) -> list[list[Operation]]:
    """A register's measurements in a run, as many at a time as it has bits."""
    found = [operation for operation in run if operation.clbits[0] in register.clbits]
    return [found[start : start + len(register)] for start in range(0, len(found), len(register))]


def _registers_measured_whole(circuit: Circuit) -> list[ClassicalRegister]:
    """Registers, without a bit in common, whose bits are measured all together or not at all."""
    runs = [run for measures, run in _runs(circuit) if measures]
    chosen: list[ClassicalRegister] = []
    claimed: set[int] = set()
    for register in circuit.clbit_registers:
        chunks = [chunk for run in runs if len(register) for chunk in _chunks(run, register)]
        whole = all(
            {operation.clbits[0] for operation in chunk} == set(register.clbits)
            and len({operation.qubits[0] for operation in chunk}) == len(register)
            for chunk in chunks
        )
        if chunks and whole and claimed.isdisjoint(register.clbits):
            chosen.append(register)
            claimed.update(register.clbits)
    return chosen


def _keys_of_single_bits(circuit: Circuit, taken: set[str]) -> dict[int, str]:
    keys: dict[int, str] = {}
    for register in circuit.clbit_registers:
        for k, clbit in enumerate(register.clbits):
            if clbit in keys:
                continue
            name = f"{register.name}_{k}"
            while name in taken:
                name += "_"
            taken.add(name)
            keys[clbit] = name
    return keys
