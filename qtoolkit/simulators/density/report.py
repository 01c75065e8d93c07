"""How a circuit is simulated by its density matrix, what that takes and why; nothing is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qtoolkit import _needs
from qtoolkit.compiler import BranchStep, ChannelStep, ExecutionPlan, MeasureStep, Step, UnitaryStep
from qtoolkit.simulators.density.engine import digits_of
from qtoolkit.simulators.density.stages import Stage, Stretch, all_stages
from qtoolkit.simulators.density.sweeping import Sweeps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from qtoolkit.simulators.density.engine import DensityEngine

__all__ = ["DensityReport", "report_of"]

RATE = {8: 2.5e10, 4: 5e10}
"""Multiplications a second on one thread, by bytes of a coefficient: half of what registers of 512 bits reach."""

BANDWIDTH = 1e10
"""Bytes a second that a sweep over memory moves."""


@dataclass(frozen=True)
class DensityReport:
    """How a circuit is simulated; `str` makes a text of it.

    Attributes:
        num_qubits: of the density matrix, those that the circuit uses.
        num_idle: qubits that stay in ``|0⟩`` and take no memory.
        num_gates: gates of the circuit.
        num_channels: channels, each measurement whose bit matters to nothing and each reset.
        num_matrices: what gates and channels are merged into.
        num_wide: gates on more than two qubits that run by themselves, on the matrix.
        num_sweeps: passes over memory.
        most_members: density matrices that exist at a time, at most: one for each value of the bits that are read
            later.
        memory: bytes at the peak of an expectation value.
        seconds: predicted for one, on one thread of a processor of 2024; of circuits without conditions.
        method: in words.
        reason: why.
    """

    num_qubits: int
    num_idle: int
    num_gates: int
    num_channels: int
    num_matrices: int
    num_wide: int
    num_sweeps: int
    most_members: int
    memory: int
    seconds: float
    method: str
    reason: str

    def __str__(self) -> str:
        idle = f", and {self.num_idle} that stay in |0⟩" if self.num_idle else ""
        rows = [
            ("method", self.method),
            ("why", self.reason),
            ("state", f"{1 << 2 * self.num_qubits:,} real Pauli coefficients of {self.num_qubits} qubits{idle}"),
            ("circuit", f"{self.num_gates:,} gates, {self.num_channels:,} channels, measurements and resets"),
            ("merged", f"{self.num_matrices:,} matrices in {self.num_sweeps:,} sweeps over memory"),
            ("wide gates", f"{self.num_wide:,}, on the matrix itself" if self.num_wide else "none"),
            ("outcomes", f"{self.most_members:,} density matrices at a time at most"),
            ("memory", f"{self.memory:,} bytes"),
            ("time", f"about {self.seconds:.2g} s on one thread"),
        ]
        return "\n".join(f"{name:<12}{text}" for name, text in rows)


def report_of(engine: DensityEngine, plan: ExecutionPlan, stages: Sequence[Stage]) -> DensityReport:
    """Describe a plan.

    Args:
        engine: whose precision counts.
        plan: of the circuit, idle qubits among it.
        stages: of its active part.
    """
    active = plan.active
    num_qubits, itemsize = active.num_qubits, engine.dtype.itemsize
    values = np.ones(len(plan.parameters))
    stretches = [stage for stage in all_stages(stages) if isinstance(stage, Stretch)]
    calls = [call for stretch in stretches for call in engine.calls(stretch.items(values), num_qubits, False)[0]]
    sweeps = [call for call in calls if isinstance(call, Sweeps)]
    num_sweeps = sum(len(call.digits) for call in sweeps)
    size = 1 << 2 * digits_of(num_qubits)
    members = 1 << _num_split(stages)
    flat = list(_flat(active.steps))
    gates = sum(step.program.num_operations for step in flat if isinstance(step, UnitaryStep))
    seconds = size * (sum(call.cost for call in sweeps) / RATE[itemsize] + 2 * itemsize * num_sweeps / BANDWIDTH)
    return DensityReport(
        num_qubits=num_qubits,
        num_idle=plan.num_qubits - num_qubits,
        num_gates=gates,
        num_channels=sum(not isinstance(step, UnitaryStep | BranchStep) for step in flat),
        num_matrices=sum(len(call.rows) for call in sweeps),
        num_wide=len(calls) - len(sweeps),
        num_sweeps=num_sweeps,
        most_members=members,
        memory=members * _needs.pauli_coefficients(itemsize, digits_of(num_qubits)),
        seconds=seconds,
        method="density matrix, exact, as real Pauli coefficients",
        reason=_reason(flat),
    )


def _reason(steps: Sequence[Step]) -> str:
    channels = [step.channel for step in steps if isinstance(step, ChannelStep)]
    if not channels:
        return "there is no noise: StatevectorSimulator takes the square root of the memory and time"
    if all(channel.pauli_probabilities is not None for channel in channels):
        return (
            "it was asked for; shots alone StatevectorSimulator.run draws from few state vectors, as errors are Pauli"
        )
    return "noise that is no mixture of Pauli errors has no state of its own; here it is exact, without shots"


def _flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step, BranchStep):
            yield from _flat(step.then)
            yield from _flat(step.otherwise)


def _num_split(stages: Iterable[Stage]) -> int:
    """Classical bits that are measured and read later."""
    return len({stage.clbit for stage in all_stages(stages) if isinstance(stage, MeasureStep)})
