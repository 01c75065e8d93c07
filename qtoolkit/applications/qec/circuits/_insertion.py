"""Insertion of the channels of a preset into the layers of a circuit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from qtoolkit.circuit import Barrier, Circuit, Gate, Measure, Operation, Reset
from qtoolkit.errors import InputError
from qtoolkit.noise.insertion import empty_like

if TYPE_CHECKING:
    from qtoolkit.applications.qec.circuits.presets import NoisePreset
    from qtoolkit.circuit import KrausChannel

__all__ = ["inserted", "layers_of"]


def inserted(
    preset: NoisePreset,
    circuit: Circuit,
    before: Iterable[Operation],
    noisy: Iterable[Operation],
    after: Iterable[Operation],
) -> Circuit:
    """Operations without noise, others with the noise of a preset, and again some without.

    Args:
        preset: the channels.
        circuit: whose qubits, bits and registers the result has.
        before, noisy, after: the operations, in time order.
    """
    result = empty_like(circuit)
    _copy(result, before)
    registers = {register.name: frozenset(register.qubits) for register in circuit.qubit_registers}
    data = registers.get("data", frozenset())
    everywhere = frozenset(range(circuit.num_qubits)) - registers.get("ideal", frozenset())
    for layer, end in layers_of(noisy, circuit.num_qubits):
        _layer(preset, result, layer, data, everywhere)
        if end is not None:
            _copy(result, [end])
    _copy(result, after)
    return result


def layers_of(operations: Iterable[Operation], num_qubits: int) -> Iterator[tuple[list[Operation], Operation | None]]:
    """The operations between full barriers, each with the barrier that ends it; None at the end."""
    layer: list[Operation] = []
    for operation in operations:
        if isinstance(operation.gate, Barrier) and len(operation.qubits) == num_qubits:
            yield layer, operation
            layer = []
        else:
            layer.append(operation)
    yield layer, None


def _copy(result: Circuit, operations: Iterable[Operation]) -> None:
    for operation in operations:
        result.append(operation.gate, operation.qubits, operation.clbits)


def _layer(
    preset: NoisePreset,
    result: Circuit,
    layer: list[Operation],
    data: frozenset[int],
    everywhere: frozenset[int],
) -> None:
    collapsed = {q for operation in layer if isinstance(operation.gate, Measure | Reset) for q in operation.qubits}
    touched = set(collapsed)
    most = 0
    for operation in layer:
        gate, qubits = operation.gate, operation.qubits
        if isinstance(gate, Measure):
            _place(result, preset.measure, qubits)
        _copy(result, [operation])
        if isinstance(gate, Barrier):
            if data and frozenset(qubits) == data:
                _place(result, preset.data, sorted(data))
        elif isinstance(gate, Reset):
            _place(result, preset.reset, qubits)
        elif isinstance(gate, Gate):
            touched |= set(qubits)
            most = max(most, len(qubits))
            if len(qubits) == 2:
                if preset.two is not None:
                    result.channel(preset.two, qubits)
                _place(result, preset.each, qubits)
            elif len(qubits) == 1:
                if qubits[0] not in collapsed:
                    _place(result, preset.one, qubits)
            else:
                raise InputError(f"noise presets know gates on one and two qubits, got {gate.name} on {qubits}")
        elif not isinstance(gate, Measure) and qubits:
            raise InputError(f"noise presets know gates, resets and measurements, got {gate.name} on {qubits}")
    if collapsed:
        _place(result, preset.idle_readout, sorted(everywhere - touched))
        _place(result, preset.waiting, sorted(everywhere - collapsed))
    elif touched:
        _place(result, preset.idle_two if most == 2 else preset.idle_one, sorted(everywhere - touched))


def _place(result: Circuit, channel: KrausChannel | None, qubits: Iterable[int]) -> None:
    places = list(qubits)
    if channel is not None and places:
        result.channel(channel, places)
