"""The plan of a circuit with idle qubits."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from qtoolkit.circuit import Circuit
from qtoolkit.circuit.analysis import split_tail
from qtoolkit.compiler.kept import Kept
from qtoolkit.compiler.plan import ExecutionPlan, Step
from qtoolkit.compiler.steps import final_steps_of, plan_on

__all__ = ["PaddedPlan"]


class PaddedPlan(ExecutionPlan):
    """The plan of a circuit that leaves some qubits in ``|0⟩``, all of the time.

    What does not return all amplitudes, or start from given ones, runs `active`, on the other qubits alone.
    Both plans are made when they are first asked for.

    Attributes:
        kept: what simulators make for the plan once; not pickled.
    """

    kept: Kept
    _circuit: Circuit

    def __init__(self, circuit: Circuit, active_qubits: tuple[int, ...]) -> None:
        _, final, tail = split_tail(circuit.operations)
        for name, value in {
            "num_qubits": circuit.num_qubits,
            "num_clbits": circuit.num_clbits,
            "parameters": circuit.parameters,
            "clbit_registers": circuit.clbit_registers,
            "final_measurements": final,
            "final_steps": final_steps_of(tail),
            "active_qubits": active_qubits,
            "kept": Kept(),
            "_circuit": circuit.copy(),  # whoever made it may go on adding
        }.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"kept": Kept()}

    def __repr__(self) -> str:
        return f"PaddedPlan of {self.num_qubits} qubits, of which it uses {self.active_qubits}"

    @cached_property
    def active(self) -> ExecutionPlan:
        """The same circuit without its idle qubits; its qubit k is ``active_qubits[k]``.

        Raises:
            CircuitError: if it has more than 62 others, or holds an instruction of an unknown kind.
        """
        return plan_on(self._circuit, self.active_qubits)

    @cached_property
    def whole(self) -> ExecutionPlan:
        """The same circuit, its idle qubits treated as all others.

        Raises:
            CircuitError: if it has more than 62 qubits, or holds an instruction of an unknown kind.
        """
        return plan_on(self._circuit, range(self.num_qubits))

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What to run before the final measurements, on all qubits."""
        return self.whole.steps
