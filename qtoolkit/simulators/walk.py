"""Walks a plan through measurements, resets, channels and branches: one random run, or all shots at once.

Shots that have seen the same outcomes share one state. At a measurement the number of shots that go each way is
drawn from a binomial distribution and the state is copied only if both ways are taken, so that the cost follows the
number of different outcomes and not the number of shots; the joint distribution is that of independent runs. Of a
channel the number of shots for each operator is drawn from a multinomial distribution likewise. Those that fewest shots
take are run first: no more states wait than the logarithm of the number of shots, times the number of operators.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _packed_bits
from qtoolkit._memory import return_some
from qtoolkit.compiler import (
    BranchStep,
    ChannelStep,
    DecodeStep,
    ExecutionPlan,
    InitializeStep,
    MeasureStep,
    ReadoutErrorStep,
    ResetStep,
    Step,
    UnitaryStep,
)
from qtoolkit.errors import CircuitError
from qtoolkit.simulators.channels import apply_operator, operator_probabilities
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.final_steps import run_final_steps
from qtoolkit.simulators.measure import outcome_weights, project
from qtoolkit.simulators.memory import set_to_zero_state
from qtoolkit.simulators.sample import sample_state

__all__ = ["Walker"]

_Rest: TypeAlias = "tuple[tuple[Step, ...], int, _Rest] | None"


@dataclass
class _Branch:
    """Shots that share their past: a state, the bits so far, the steps that remain.

    A `fresh` state counts as ``|0…0⟩`` whatever its memory holds, which spares the first sweep from reading it.
    `choices` are those of a random step that is still to be run, operators or values to read, each with the number of
    its shots; the one of fewest shots comes last.
    """

    state: StateArray
    clbits: NDArray[np.uint8]
    rest: _Rest
    shots: int
    fresh: bool = False
    step: ChannelStep | ReadoutErrorStep | None = None
    choices: list[tuple[int, int]] = field(default_factory=list)


class Walker:
    """Runs a plan at given parameter values.

    Args:
        engine: runs the gates.
        plan: what to run.
        values: parameter values, shape ``(num_parameters,)``.
    """

    def __init__(self, engine: Engine, plan: ExecutionPlan, values: NDArray[np.float64]) -> None:
        self._engine = engine
        self._plan = plan
        self._values = values

    def final_state(self, initial_state: StateArray | None, out: StateArray | None = None) -> StateArray:
        """The state before the final measurements, of a plan in which nothing is random.

        Args:
            initial_state: used up; None for ``|0…0⟩``.
            out: where the state may come to lie that begins as ``|0…0⟩``.

        Raises:
            CircuitError: if an outcome or an operator is random, or the plan measures or branches before its end.
        """
        state, fresh = (out, True) if out is not None and initial_state is None else self._begin(initial_state)
        for step in self._plan.steps:
            if isinstance(step, UnitaryStep):
                self._engine.run(step.program, self._values, state, fresh)
                fresh = False
                continue
            if fresh:
                set_to_zero_state(state)
                fresh = False
            if isinstance(step, InitializeStep):
                _initialize(state, step)
            elif isinstance(step, ResetStep):
                for qubit in step.qubits:
                    weights = outcome_weights(state, qubit, self._engine.team)
                    if weights.all():
                        raise CircuitError(
                            f"resetting qubit {qubit} here is random, so there is no single final state; "
                            "use run, or trajectory for one random run"
                        )
                    outcome = int(weights[1] > 0)
                    project(state, qubit, outcome, weights[outcome], reset=True, team=self._engine.team)
            elif isinstance(step, ChannelStep):
                raise CircuitError(
                    f"the channel {step.channel.name} on {step.qubits} is random, so there is no single final state; "
                    "use run, trajectory for one random run, or DensityMatrixSimulator for the mixed state"
                )
            else:
                self._plan.unitary_program()
        return state

    def _begin(self, initial_state: StateArray | None) -> tuple[StateArray, bool]:
        if initial_state is not None:
            return initial_state, False
        return self._engine.empty_state(self._plan.num_qubits), True

    def one_run(
        self, initial_state: StateArray | None, rng: np.random.Generator
    ) -> tuple[StateArray, NDArray[np.uint8]]:
        """One random run through every measurement, the final ones included: the state and the classical bits."""
        clbits = np.zeros(self._plan.num_clbits, np.uint8)
        final = tuple(MeasureStep(qubit, clbit) for qubit, clbit in self._plan.final_measurements)
        state, fresh = self._begin(initial_state)
        branch = _Branch(state, clbits, (self._plan.steps + final + self._plan.final_steps, 0, None), 1, fresh)
        pending: list[_Branch] = []
        self._advance(branch, pending, rng)
        return branch.state, branch.clbits

    def all_shots(self, initial_state: StateArray | None, shots: int, rng: np.random.Generator) -> NDArray[np.uint64]:
        """Packed classical bits of every shot, shape ``(shots, words)``, in random order."""
        state, fresh = self._begin(initial_state)
        clbits = np.zeros(self._plan.num_clbits, np.uint8)
        pending = [_Branch(state, clbits, (self._plan.steps, 0, None), shots, fresh)]
        packed = np.empty((shots, _packed_bits.num_words(self._plan.num_clbits)), np.uint64)
        done = 0
        while pending:
            branch = pending.pop()
            self._advance(branch, pending, rng)
            self._measure_finally(branch, packed[done : done + branch.shots], rng)
            done += branch.shots
            last = branch.shots
            if pending:
                # The state that this branch leaves is one that was reserved where another split off.
                return_some(branch.state.nbytes)
        # Shots of one branch come in random order.
        packed = packed if last == shots else rng.permutation(packed, axis=0)
        run_final_steps(self._plan.final_steps, packed, rng)
        return packed

    def _measure_finally(self, branch: _Branch, packed: NDArray[np.uint64], rng: np.random.Generator) -> None:
        measured = {clbit: qubit for qubit, clbit in self._plan.final_measurements}
        branch.clbits[list(measured)] = 0
        packed[:] = _packed_bits.pack(branch.clbits[None, :])
        if measured:
            outcomes = sample_state(branch.state, branch.shots, rng, self._engine.team)
            _packed_bits.select(outcomes.view(np.uint64)[:, None], list(measured.values()), packed, list(measured))

    def _advance(self, branch: _Branch, pending: list[_Branch], rng: np.random.Generator) -> None:
        """Take a branch to the end of its steps; what splits off on the way goes to `pending`."""
        if branch.step is not None:
            self._choose(branch, pending, branch.step)
        while branch.rest is not None:
            steps, position, outer = branch.rest
            if position == len(steps):
                branch.rest = outer
                continue
            step = steps[position]
            branch.rest = (steps, position + 1, outer)
            if isinstance(step, UnitaryStep):
                self._engine.run(step.program, self._values, branch.state, branch.fresh)
                branch.fresh = False
                continue
            if branch.fresh:
                set_to_zero_state(branch.state)
                branch.fresh = False
            if isinstance(step, MeasureStep):
                idle = step.qubit == self._plan.num_qubits  # one that the plan lacks because it is in |0⟩
                outcome = 0 if idle else self._split(branch, pending, step.qubit, rng, clbit=step.clbit)
                branch.clbits[step.clbit] = outcome
            elif isinstance(step, InitializeStep):
                _initialize(branch.state, step)
            elif isinstance(step, BranchStep):
                branch.rest = (step.then if step.holds(branch.clbits) else step.otherwise, 0, branch.rest)
            elif isinstance(step, ResetStep):
                self._reset(branch, pending, step, rng)
            elif isinstance(step, DecodeStep):
                bits = branch.clbits[None, list(step.clbits)].astype(np.bool_)
                branch.clbits[list(step.into)] = step.decode(bits)[0]
            else:
                self._draw(branch, pending, step, rng)

    def _draw(
        self,
        branch: _Branch,
        pending: list[_Branch],
        step: ChannelStep | ReadoutErrorStep,
        rng: np.random.Generator,
    ) -> None:
        """Draw how many shots take each operator of a channel, or read each value, and go on with the fewest."""
        if isinstance(step, ChannelStep):
            probabilities = operator_probabilities(self._engine, step, branch.state)
        else:
            true = sum([int(branch.clbits[clbit]) << k for k, clbit in enumerate(step.clbits)])
            probabilities = step.error.confusion[true]
        counts = rng.multinomial(branch.shots, probabilities)
        branch.choices = [(choice, int(counts[choice])) for choice in np.argsort(-counts, kind="stable").tolist()
                          if counts[choice]]  # fmt: skip
        self._choose(branch, pending, step)

    def _choose(self, branch: _Branch, pending: list[_Branch], step: ChannelStep | ReadoutErrorStep) -> None:
        """Go on with the choice of fewest shots; the others wait with the state as it is."""
        choice, shots = branch.choices.pop()
        if branch.choices:
            num_qubits = branch.state.size.bit_length() - 1
            self._engine.reserve_state(num_qubits)
            others = _Branch(branch.state, branch.clbits.copy(), branch.rest, branch.shots - shots)
            others.step, others.choices = step, branch.choices
            pending.append(others)
            branch.state, branch.shots = self._engine.copy_of(branch.state, num_qubits), shots
        branch.step, branch.choices = None, []
        if isinstance(step, ChannelStep):
            apply_operator(self._engine, step, choice, branch.state)
        else:
            branch.clbits[list(step.clbits)] = [choice >> k & 1 for k in range(len(step.clbits))]

    def _reset(self, branch: _Branch, pending: list[_Branch], step: ResetStep, rng: np.random.Generator) -> None:
        for place, qubit in enumerate(step.qubits):
            # A branch that splits off here still has the later qubits of this step to reset.
            after = branch.rest
            branch.rest = ((ResetStep(step.qubits[place + 1 :]),), 0, after) if step.qubits[place + 1 :] else after
            self._split(branch, pending, qubit, rng, clbit=None)
            branch.rest = after

    def _split(
        self, branch: _Branch, pending: list[_Branch], qubit: int, rng: np.random.Generator, clbit: int | None
    ) -> int:
        """Measure a qubit, or reset it when there is no classical bit; the outcome that `branch` goes on with."""
        weights = outcome_weights(branch.state, qubit, self._engine.team)
        if weights.all():
            ones = int(rng.binomial(branch.shots, weights[1] / weights.sum()))
        else:
            ones = branch.shots if weights[1] > 0 else 0
        outcome = int(ones > 0)
        if 0 < ones < branch.shots:
            num_qubits = branch.state.size.bit_length() - 1
            self._engine.reserve_state(num_qubits)
            state = self._engine.empty_state(num_qubits)
            project(branch.state, qubit, 0, weights[0], out=state, team=self._engine.team)
            other = _Branch(state, branch.clbits.copy(), branch.rest, branch.shots - ones)
            if clbit is not None:
                other.clbits[clbit] = 0
            pending.append(other)
            branch.shots = ones
        project(branch.state, qubit, outcome, weights[outcome], reset=clbit is None, team=self._engine.team)
        return outcome


def _initialize(state: StateArray, step: InitializeStep) -> None:
    """Replace ``|0…0⟩`` on some qubits by a given state, in place."""
    total = state.size.bit_length() - 1
    k = len(step.qubits)
    axes = [total - 1 - q for q in reversed(step.qubits)]
    tensor = np.moveaxis(state.reshape((2,) * total), axes, list(range(k)))
    rest = tensor[(0,) * k].copy()
    vector = step.state_vector.reshape((2,) * k + (1,) * (total - k))
    np.multiply(vector, rest, out=tensor, casting="same_kind")
