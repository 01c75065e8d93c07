"""Shots of a circuit with any noise on state vectors: they go together until one takes an unlikely operator.

Every shot draws a number below 1. While the common state, whose channels have all taken their likeliest operators,
keeps more of its squared norm than that, the shot is with it; where the norm falls below, the shot takes one of that
channel's other operators, each with the probability ``‖Kψ‖²``, and goes on from there with a new number.

Source: K. Mølmer, Y. Castin and J. Dalibard, J. Opt. Soc. Am. B 10, 524 (1993), section 2, for discrete times.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _packed_bits
from qtoolkit._memory import return_some
from qtoolkit.compiler import ExecutionPlan, Program
from qtoolkit.simulators.channels import reduced_density_matrix
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.final_steps import run_final_steps
from qtoolkit.simulators.measure import norm_squared, normalise
from qtoolkit.simulators.memory import set_to_zero_state
from qtoolkit.simulators.sample import sample_state
from qtoolkit.simulators.trajectories.stretches import GROUPS_A_RUN, Part, Stretches
from qtoolkit.simulators.values import NO_VALUES
from qtoolkit_kernels.team import check_stop

__all__ = ["shots_with_jumps"]

Numbers = NDArray[np.float64]


def shots_with_jumps(
    engine: Engine, stretches: Stretches, plan: ExecutionPlan, shots: int, rng: np.random.Generator
) -> NDArray[np.uint64]:
    """Packed classical bits of every shot, shape ``(shots, words)``, in random order.

    Args:
        engine: runs the gates.
        stretches: of the plan.
        plan: the circuit.
        shots: how many.
        rng: what is drawn with.
    """
    packed = np.zeros((shots, _packed_bits.num_words(plan.num_clbits)), np.uint64)
    walk = _Walk(engine, stretches, plan, rng, packed)
    state = engine.empty_state(plan.num_qubits)
    set_to_zero_state(state)
    walk.run(state, 0, _descending(rng.random(shots)))
    packed = rng.permutation(packed, axis=0) if walk.has_jumped else packed
    run_final_steps(plan.final_steps, packed, rng)
    return packed


def _descending(numbers: Numbers) -> Numbers:
    return np.sort(numbers)[::-1]


class _Walk:
    def __init__(
        self,
        engine: Engine,
        stretches: Stretches,
        plan: ExecutionPlan,
        rng: np.random.Generator,
        packed: NDArray[np.uint64],
    ) -> None:
        self._engine = engine
        self._groups = stretches.groups
        self._program = stretches.program
        self._runs = stretches.runs
        self._num_qubits = plan.num_qubits
        self._measured = {c: q for q, c in plan.final_measurements if q < plan.num_qubits}
        self._rng = rng
        self._packed = packed
        self._done = 0
        self.has_jumped = False

    def run(self, state: StateArray, group: int, numbers: Numbers) -> None:
        """Take shots that share a state of norm 1 to the end, from a group on.

        Args:
            state: used up.
            group: the first that is still to be run.
            numbers: of the shots, descending; those that leave are the first.
        """
        before = self._room()
        while group < len(self._groups) and numbers.size:
            check_stop()
            last = min(len(self._groups), (group // GROUPS_A_RUN + 1) * GROUPS_A_RUN)
            before[:] = state
            if group % GROUPS_A_RUN or not self._runs:
                self._apply(self._program, group, last, state)
            else:
                self._engine.run(self._runs[group // GROUPS_A_RUN], NO_VALUES, state, forward_only=False)
            leaving = self._count_above(numbers, state)
            if leaving:
                self._leave_in_groups(before, group, last, numbers[:leaving])
                numbers = numbers[leaving:]
            group = last
        self._free(before)
        if numbers.size:
            self._measure(state, numbers.size)

    def _leave_in_groups(self, state: StateArray, first: int, last: int, numbers: Numbers) -> None:
        """Find the groups in which shots leave, running all of them; the state is used up."""
        before = self._room()
        for group in range(first, last):
            if not numbers.size:
                break
            before[:] = state
            self._apply(self._program, group, group + 1, state)
            leaving = self._count_above(numbers, state)
            if leaving:
                self._leave_in_parts(before, group, 0, numbers[:leaving])
                numbers = numbers[leaving:]
        self._free(before)

    def _leave_in_parts(self, state: StateArray, group: int, first: int, numbers: Numbers) -> Numbers:
        """Run the parts of a group from one on; shots leave at its channels. Returns the numbers of those that stay."""
        before = self._room()
        parts = self._groups[group].parts
        for place in range(first, len(parts)):
            if not numbers.size:
                break
            part = parts[place]
            is_channel = len(part.operators) > 1
            if is_channel:
                before[:] = state
            self._apply(part.program, 0, 1, state)
            if is_channel:
                leaving = self._count_above(numbers, state)
                if leaving:
                    self._jump(before, group, place, leaving)
                    numbers = numbers[leaving:]
        self._free(before)
        return numbers

    def _jump(self, state: StateArray, group: int, place: int, shots: int) -> None:
        """Have shots take other operators of a channel than the likeliest, and go on; the state is used up."""
        self.has_jumped = True
        part = self._groups[group].parts[place]
        counts = self._rng.multinomial(shots, _chances(part, state))
        chosen = np.flatnonzero(counts).tolist()
        for number in chosen:
            own = state if number == chosen[-1] else self._copy(state)
            self._apply(part.program, 1 + number, 2 + number, own)
            normalise(own, self._engine.team)
            numbers = _descending(self._rng.random(int(counts[number])))
            stay = self._leave_in_parts(own, group, place + 1, numbers)
            if stay.size:
                # What is left of the norm has been survived; the numbers above it are gone.
                norm = normalise(own, self._engine.team)
                self.run(own, group + 1, stay / norm)
            if own is not state:
                self._free(own)

    def _measure(self, state: StateArray, shots: int) -> None:
        part = self._packed[self._done : self._done + shots]
        self._done += shots
        if self._measured:
            outcomes = sample_state(state, shots, self._rng, self._engine.team)
            sources, targets = list(self._measured.values()), list(self._measured)
            _packed_bits.select(outcomes.view(np.uint64)[:, None], sources, part, targets)

    def _apply(self, program: Program, first: int, last: int, state: StateArray) -> None:
        self._engine.run_gates(program, program.constant_coefficients, state, first, last)

    def _count_above(self, numbers: Numbers, state: StateArray) -> int:
        """How many numbers, which descend, are not below the squared norm."""
        norm = norm_squared(state, self._engine.team)
        return int(np.searchsorted(-numbers, -norm, side="right"))

    def _room(self) -> StateArray:
        """Memory of a state, as it comes."""
        self._engine.reserve_state(self._num_qubits)
        return self._engine.empty_state(self._num_qubits)

    def _copy(self, state: StateArray) -> StateArray:
        self._engine.reserve_state(self._num_qubits)
        return self._engine.copy_of(state, self._num_qubits)

    def _free(self, state: StateArray) -> None:
        return_some(state.nbytes)


def _chances(part: Part, state: StateArray) -> Numbers:
    """Of a channel's operators but the first, how likely each is where one of them acts."""
    reduced = reduced_density_matrix(state, part.qubits)
    weights = np.maximum(np.einsum("mij,ji->m", part.effects[1:], reduced).real, 0.0)
    chances: Numbers = weights / weights.sum()
    return chances
