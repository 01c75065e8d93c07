"""A Qiskit circuit compiled once for all values of its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit

from qtoolkit.compiler import ExecutionPlan
from qtoolkit.interop.qiskit.angles import FreshAngles
from qtoolkit.interop.qiskit.importer import from_qiskit
from qtoolkit.primitives import Result
from qtoolkit.simulators import StatevectorSimulator

__all__ = ["PreparedCircuit", "run_as_qiskit"]


class PreparedCircuit:
    """A compiled circuit that takes values in the order of Qiskit's parameters, non-linear expressions included.

    Attributes:
        plan: what the simulator runs.
        registers: name and classical bits of each classical register.
        num_clbits: number of classical bits.
    """

    def __init__(self, circuit: QuantumCircuit, simulator: StatevectorSimulator) -> None:
        self._angles = FreshAngles()
        self._parameters = list(circuit.parameters)
        converted = from_qiskit(circuit, self._angles)
        self._names = [parameter.name for parameter in converted.parameters]
        self.registers = [(register.name, register.clbits) for register in converted.clbit_registers]
        self.num_clbits = converted.num_clbits
        self.plan = simulator.compile(converted)

    def values(self, bindings: Any) -> list[Sequence[float]]:
        """Values of the plan's parameters for each point of a `BindingsArray`, in C order."""
        table: NDArray[np.float64] = bindings.as_array(self._parameters).reshape(bindings.size, len(self._parameters))
        return [
            self._angles.values(self._names, dict(zip(self._parameters, row, strict=True))) for row in table.tolist()
        ]


def run_as_qiskit(
    simulator: StatevectorSimulator,
    plan: ExecutionPlan,
    shots: int,
    rng: np.random.Generator,
    values: Sequence[float] | None = None,
) -> Result:
    """Measured bits as Qiskit's samplers and backends give them, which read bits that nothing measures as zeros.

    The simulator refuses a circuit that measures nothing; programs written for Qiskit rely on its answer.
    """
    if plan.measures:
        return simulator.run(plan, shots, seed=rng, parameters=values)
    return Result.from_memory(np.zeros((shots, plan.num_clbits), np.uint8), registers=plan.clbit_registers)
