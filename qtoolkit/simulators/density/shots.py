"""Measured bits of many runs, drawn from density matrices.

Shots that have read the same bits share one state, which holds what noise may have done to any of them. So only a
measurement in the middle of a circuit, or a bit read wrongly there, divides them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _packed_bits
from qtoolkit.compiler import DecodeStep, ExecutionPlan, InitializeStep, MeasureStep, ReadoutErrorStep
from qtoolkit.simulators.density.convert import outcomes_of
from qtoolkit.simulators.density.engine import Coefficients, DensityEngine
from qtoolkit.simulators.density.lowering import Item
from qtoolkit.simulators.density.members import decoded, value_of, write_value
from qtoolkit.simulators.density.stages import BranchStage, Stage, Stretch
from qtoolkit.simulators.density.transfer import projection
from qtoolkit.simulators.final_steps import run_final_steps

__all__ = ["draw_shots"]

_Rest: TypeAlias = "tuple[tuple[Stage, ...], int, _Rest] | None"


@dataclass
class _Branch:
    """Shots that have read the same bits: their state, of trace 1, and the stages that remain."""

    state: Coefficients
    clbits: NDArray[np.uint8]
    rest: _Rest
    shots: int


def draw_shots(
    engine: DensityEngine,
    plan: ExecutionPlan,
    stages: tuple[Stage, ...],
    values: NDArray[np.float64],
    start: Coefficients | None,
    shots: int,
    rng: np.random.Generator,
) -> NDArray[np.uint64]:
    """Packed classical bits of every shot, shape ``(shots, words)``, in random order.

    Args:
        engine: runs matrices.
        plan: the circuit.
        stages: of the plan, in which all bits matter.
        values: of the parameters.
        start: coefficients to begin from, used up; None for ``|0…0⟩``.
        shots: how many.
        rng: what is drawn with.
    """
    return _Drawing(engine, plan, values, rng).all_shots(stages, start, shots)


class _Drawing:
    def __init__(
        self, engine: DensityEngine, plan: ExecutionPlan, values: NDArray[np.float64], rng: np.random.Generator
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._values = values
        self._rng = rng
        self._pending: list[_Branch] = []

    def all_shots(self, stages: tuple[Stage, ...], start: Coefficients | None, shots: int) -> NDArray[np.uint64]:
        plan, engine, done = self._plan, self._engine, 0
        state, first = start, 0
        if state is None:
            state = engine.empty(plan.num_qubits)
            first = int(bool(stages) and isinstance(stages[0], Stretch))
            stretch = stages[0] if first else Stretch(())
            engine.run(stretch, self._values, plan.num_qubits, state, is_fresh=True)  # type: ignore[arg-type]
        packed = np.empty((shots, _packed_bits.num_words(plan.num_clbits)), np.uint64)
        self._pending.append(_Branch(state, np.zeros(plan.num_clbits, np.uint8), (stages, first, None), shots))
        last = 0
        while self._pending:
            branch = self._pending.pop()
            self._advance(branch)
            self._measure_finally(branch, packed[done : done + branch.shots])
            done, last = done + branch.shots, branch.shots
            if self._pending:
                engine.release(branch.state)
        packed = packed if last == shots else self._rng.permutation(packed, axis=0)
        run_final_steps(plan.final_steps, packed, self._rng)
        return packed

    def _measure_finally(self, branch: _Branch, packed: NDArray[np.uint64]) -> None:
        measured = {clbit: qubit for qubit, clbit in self._plan.final_measurements}
        branch.clbits[list(measured)] = 0
        packed[:] = _packed_bits.pack(branch.clbits[None, :])
        there = {clbit: qubit for clbit, qubit in measured.items() if qubit < self._plan.num_qubits}
        if not there:
            return
        qubits = sorted(set(there.values()))
        edges = np.cumsum(np.maximum(outcomes_of(branch.state, qubits), 0.0))
        outcomes = np.searchsorted(edges, self._rng.random(branch.shots) * edges[-1], side="right")
        place = {qubit: k for k, qubit in enumerate(qubits)}
        sources = [place[qubit] for qubit in there.values()]
        _packed_bits.select(outcomes.astype(np.uint64)[:, None], sources, packed, list(there))

    def _advance(self, branch: _Branch) -> None:
        engine, num_qubits = self._engine, self._plan.num_qubits
        while branch.rest is not None:
            stages, position, outer = branch.rest
            if position == len(stages):
                branch.rest = outer
                continue
            stage = stages[position]
            branch.rest = (stages, position + 1, outer)
            if isinstance(stage, Stretch):
                engine.run(stage, self._values, num_qubits, branch.state)
            elif isinstance(stage, BranchStage):
                case = stage.then if stage.step.holds(branch.clbits) else stage.otherwise
                branch.rest = (case, 0, branch.rest)
            elif isinstance(stage, MeasureStep):
                self._measure(branch, stage)
            elif isinstance(stage, InitializeStep):
                engine.initialize(stage, branch.state)
            elif isinstance(stage, DecodeStep):
                branch.clbits[list(stage.into)] = decoded(stage, branch.clbits)
            else:
                self._misread(branch, stage)

    def _measure(self, branch: _Branch, step: MeasureStep) -> None:
        weights = self._engine.outcome_weights(branch.state, step.qubit, self._plan.num_qubits)
        if weights.all():
            ones = int(self._rng.binomial(branch.shots, weights[1] / weights.sum()))
        else:
            ones = branch.shots if weights[1] > 0.0 else 0
        if 0 < ones < branch.shots:
            other = self._split(branch, branch.shots - ones)
            other.clbits[step.clbit] = 0
            self._project(other, step.qubit, 0, weights[0])
        outcome = int(ones > 0)
        branch.clbits[step.clbit] = outcome
        self._project(branch, step.qubit, outcome, weights[outcome])

    def _project(self, branch: _Branch, qubit: int, outcome: int, weight: float) -> None:
        if qubit < self._plan.num_qubits:
            matrix = projection(outcome) / weight
            self._engine.multiply(Item((qubit,), matrix), self._plan.num_qubits, branch.state)

    def _misread(self, branch: _Branch, step: ReadoutErrorStep) -> None:
        counts = self._rng.multinomial(branch.shots, step.error.confusion[value_of(branch.clbits, step.clbits)])
        values = np.flatnonzero(counts).tolist()
        for value in values[:-1]:
            write_value(self._split(branch, int(counts[value])).clbits, step.clbits, value)
        write_value(branch.clbits, step.clbits, values[-1])

    def _split(self, branch: _Branch, shots: int) -> _Branch:
        """A branch of so many shots that is left for later, the others going on in this one."""
        other = _Branch(self._engine.copy(branch.state), branch.clbits.copy(), branch.rest, shots)
        self._pending.append(other)
        branch.shots -= shots
        return other
