"""Operations made of a circuit's: those that undo it, and those that other qubits switch on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qtoolkit.circuit.channel import KrausChannel
from qtoolkit.circuit.gate import Gate, Instruction
from qtoolkit.circuit.operation import Barrier, Operation
from qtoolkit.errors import CircuitError

__all__ = ["controlled", "inverted"]


def inverted(operations: Sequence[Operation]) -> Iterator[Operation]:
    """What undoes the operations.

    Raises:
        CircuitError: if one is no gate, or a channel of several operators.
    """
    for operation in reversed(operations):
        gate: Instruction = operation.gate
        if isinstance(gate, Gate | KrausChannel):
            gate = gate.inverse()
        elif not isinstance(gate, Barrier):
            raise CircuitError(f"only gates have an inverse, got {gate.name}; take the inverse of the part before it")
        yield Operation(gate, operation.qubits)


def controlled(operations: Sequence[Operation], num_controls: int, ctrl_state: int | None) -> Iterator[Operation]:
    """The operations on qubits moved up by as many as there are controls, which come first.

    Raises:
        CircuitError: if one is no gate, or the controls cannot hold `ctrl_state`.
    """
    controls = tuple(range(num_controls))
    for operation in operations:
        moved = tuple(q + num_controls for q in operation.qubits)
        if isinstance(operation.gate, Gate):
            yield Operation(operation.gate.controlled(num_controls, ctrl_state), (*controls, *moved))
        elif isinstance(operation.gate, Barrier):
            yield Operation(operation.gate, moved)
        elif isinstance(operation.gate, KrausChannel):
            raise CircuitError(
                f"only gates can be controlled, got the channel {operation.gate.name}: its operators have no phases "
                "that a control could compare; control the circuit before noise is added"
            )
        else:
            raise CircuitError(f"only gates can be controlled, got {operation.gate.name}; control the part before it")
