"""`from_tket`: what TKET compiled for Quantinuum's devices, as this toolkit's circuits."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qtoolkit.circuit import Circuit
from qtoolkit.circuit.registers import Condition
from qtoolkit.errors import ConversionError

__all__ = ["from_tket"]


def from_tket(circuit: Any, clbits: Mapping[tuple[str, int], int], num_clbits: int) -> Circuit:
    """Read a `pytket.Circuit` in the gates of Quantinuum's devices, up to global phases.

    Args:
        circuit: of Rz, PhasedX, ZZPhase, ZZMax and TK2, measurements, resets, barriers and conditions.
        clbits: this toolkit's index of each of its classical bits, by register and index.
        num_clbits: number of classical bits of the result.

    Raises:
        ConversionError: naming what it holds besides.
    """
    places = {qubit: place for place, qubit in enumerate(circuit.qubits)}
    result = Circuit(len(places), num_clbits)

    def clbit(bit: Any) -> int:
        key = (bit.reg_name, bit.index[0])
        if key not in clbits:
            raise ConversionError(f"the circuit writes the bit {bit}, which is no bit of its own")
        return clbits[key]

    for command in circuit.get_commands():
        operation, arguments = command.op, list(command.args)
        if operation.type.name == "Conditional":
            width = operation.width
            condition = Condition(tuple(clbit(bit) for bit in arguments[:width]), operation.value)
            body = Circuit(len(places), num_clbits)
            _append(body, operation.op, arguments[width:], places, clbit)
            result.if_(condition, body)
        else:
            _append(result, operation, arguments, places, clbit)
    return result


def _append(
    circuit: Circuit, operation: Any, arguments: Sequence[Any], places: Mapping[Any, int], clbit: Callable[[Any], int]
) -> None:
    name = operation.type.name
    if name == "Measure":
        circuit.measure(places[arguments[0]], clbit(arguments[1]))
        return
    qubits = [places[argument] for argument in arguments if argument in places]
    if name == "Barrier":
        circuit.barrier(*qubits)
        return
    angles = [math.pi * float(angle) for angle in operation.params]
    match name:
        case "Reset":
            circuit.reset(qubits)
        case "Rz":
            circuit.rz(angles[0], *qubits)
        case "PhasedX":
            circuit.u(angles[0], angles[1] - math.pi / 2, math.pi / 2 - angles[1], *qubits)
        case "ZZPhase":
            circuit.rzz(angles[0], *qubits)
        case "ZZMax":
            circuit.rzz(math.pi / 2, *qubits)
        case "TK2":
            circuit.rxx(angles[0], *qubits).ryy(angles[1], *qubits).rzz(angles[2], *qubits)
        case "Phase":
            pass
        case _:
            raise ConversionError(f"Quantinuum's devices have no {name}")
