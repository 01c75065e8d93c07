"""What Braket's tasks return, as a `Result`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qtoolkit.circuit import Circuit
from qtoolkit.primitives import Result

__all__ = ["decode"]


def decode(
    task_result: Any,
    circuit: Circuit,
    measured: Sequence[tuple[int, int]],
    backend_name: str,
    metadata: Mapping[str, Any],
) -> Result:
    """Bring Braket's columns, one for each measured qubit, into the order of classical bits.

    Args:
        task_result: a `GateModelQuantumTaskResult`.
        circuit: what was run.
        measured: qubit and classical bit of each final measurement, in time order.
        backend_name: where it ran.
        metadata: evidence.
    """
    columns = {qubit: column for column, qubit in enumerate(task_result.measured_qubits)}
    bits = np.asarray(task_result.measurements)
    memory = np.zeros((bits.shape[0], circuit.num_clbits), dtype=np.uint8)
    for qubit, clbit in measured:
        memory[:, clbit] = bits[:, columns[qubit]]
    return Result.from_memory(memory, registers=circuit.clbit_registers, backend_name=backend_name, metadata=metadata)
