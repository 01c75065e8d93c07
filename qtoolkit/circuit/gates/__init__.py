"""Gates as data: one `GateRecord` each, in `STANDARD_GATES` by name.

A new gate is one record in the file of its kind and one method in `qtoolkit.circuit.methods`.
"""

from qtoolkit._arguments import shown
from qtoolkit.circuit.gates.controlled import CONTROLLED_GATES
from qtoolkit.circuit.gates.one_qubit import ONE_QUBIT_GATES
from qtoolkit.circuit.gates.record import GateRecord, Matrix, Step, controlled_generator, controlled_matrix
from qtoolkit.circuit.gates.two_qubit import TWO_QUBIT_GATES
from qtoolkit.errors import CircuitError

__all__ = [
    "STANDARD_GATES",
    "GateRecord",
    "standard_record",
    "Matrix",
    "Step",
    "controlled_matrix",
    "controlled_generator",
]

STANDARD_GATES: dict[str, GateRecord] = {
    record.name: record for record in (*ONE_QUBIT_GATES, *TWO_QUBIT_GATES, *CONTROLLED_GATES)
}


def standard_record(name: str) -> GateRecord:
    """The record with this name.

    Raises:
        CircuitError: if there is none; the message lists the names.
    """
    if not isinstance(name, str) or name not in STANDARD_GATES:
        raise CircuitError(f"gate names are {', '.join(STANDARD_GATES)}; got {shown(name)}")
    return STANDARD_GATES[name]
