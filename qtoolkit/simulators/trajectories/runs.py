"""Runs the different sign patterns of a noisy circuit's shots, each once, on an executor or here."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs, _packed_bits
from qtoolkit._memory import reserved
from qtoolkit.compiler import ExecutionPlan
from qtoolkit.simulators.batch.runs import batch_probabilities
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.final_steps import run_final_steps
from qtoolkit.simulators.trajectories.frames import Drawn, draw_errors
from qtoolkit.simulators.trajectories.signed import SignedCircuit
from qtoolkit.simulators.walk import Walker

__all__ = ["shots_of_signed"]

SHOTS_AT_A_TIME = 1 << 16
"""Errors are drawn for so many shots at once."""

BATCH_QUBITS = 8
"""Up to this size, states run side by side in the lanes of registers sooner than one by one."""

ROWS_AT_A_TIME = 1 << 18
"""Probabilities that a batch fills."""

RUNS_A_TASK = 64
"""That are sent to an executor together."""

_Words = NDArray[np.uint64]


class _Runs(NamedTuple):
    """Different sign patterns, and their shots.

    Attributes:
        angles: float64 of shape ``(num_rotations,)``, where noise flips no sign.
        signs: bool of shape ``(patterns, num_rotations)``, which it flips.
        counts: shots of each.
        seeds: int64, one for each.
    """

    angles: NDArray[np.float64]
    signs: NDArray[np.bool_]
    counts: NDArray[np.int64]
    seeds: NDArray[np.int64]

    def part(self, first: int, last: int) -> _Runs:
        """Some of them."""
        return _Runs(self.angles, self.signs[first:last], self.counts[first:last], self.seeds[first:last])

    def values(self) -> NDArray[np.float64]:
        """The angles of each, float64 of shape ``(patterns, num_rotations)``."""
        return np.where(self.signs, -self.angles, self.angles)


def shots_of_signed(
    engine: Engine,
    circuit: SignedCircuit,
    plan: ExecutionPlan,
    shots: int,
    rng: np.random.Generator,
    executor: Executor | None = None,
) -> _Words:
    """Packed classical bits of every shot, shape ``(shots, words)``; they do not depend on the executor.

    Args:
        engine: runs the gates.
        circuit: what the shots run.
        plan: of the circuit with its noise, which says what is done with the bits at the end.
        shots: how many.
        rng: what is drawn with.
        executor: runs the patterns.
    """
    words = _packed_bits.num_words(plan.num_clbits)
    packed = np.zeros((shots, words), np.uint64)
    sizes = len(circuit.angles), plan.num_qubits, plan.num_clbits
    for first in range(0, shots, SHOTS_AT_A_TIME):
        part = packed[first : first + SHOTS_AT_A_TIME]
        needed = _needs.drawn_errors(*sizes, len(part))
        with reserved(needed, f"errors of {len(part)} shots", "use fewer gates or qubits"):
            drawn = draw_errors(circuit, len(part), rng)
            runs, order = _grouped(circuit, drawn, rng)
            part[order] = _run_all(engine, circuit.plan, runs, executor)[:, :words]
            part ^= _packed_bits.pack(drawn.flips.astype(np.uint8))[:, :words]
    run_final_steps(plan.final_steps, packed, rng)
    return packed


def _grouped(circuit: SignedCircuit, drawn: Drawn, rng: np.random.Generator) -> tuple[_Runs, NDArray[np.int64]]:
    """The different patterns, and the shots in their order."""
    shots = drawn.flips.shape[0]
    if len(circuit.angles) == 0:
        first, owners = np.zeros(1, np.int64), np.zeros(shots, np.int64)
    else:
        rows = np.ascontiguousarray(np.packbits(drawn.signs, axis=0).T)
        _, first, owners = np.unique(
            rows.view(np.dtype((np.void, rows.shape[1])))[:, 0], return_index=True, return_inverse=True
        )
    counts = np.bincount(owners, minlength=len(first))
    seeds = rng.integers(1 << 62, size=len(first))
    return _Runs(circuit.angles, drawn.signs[:, first].T.copy(), counts, seeds), np.argsort(owners, kind="stable")


def _run_all(engine: Engine, plan: ExecutionPlan, runs: _Runs, executor: Executor | None) -> _Words:
    """Packed bits of all shots, pattern after pattern."""
    if executor is None or len(runs.counts) <= 1:
        return _run(engine, plan, runs)
    starts = range(0, len(runs.counts), RUNS_A_TASK)
    tasks = [runs.part(first, first + RUNS_A_TASK) for first in starts]
    engines = [_alone(engine)] * len(tasks)
    return np.concatenate(list(executor.map(_run_task, engines, [plan] * len(tasks), tasks)))


def _alone(engine: Engine) -> tuple[str, int]:
    return engine.precision, engine.vector_bytes


def _run_task(engine: tuple[str, int], plan: ExecutionPlan, runs: _Runs) -> _Words:
    """One thread's work, in whatever process."""
    return _run(Engine(engine[0], 1, engine[1]), plan, runs)


def _run(engine: Engine, plan: ExecutionPlan, runs: _Runs) -> _Words:
    if plan.num_qubits <= BATCH_QUBITS and plan.only_program is not None:
        return _run_in_lanes(engine, plan, runs)
    found = []
    for number, (count, seed) in enumerate(zip(runs.counts.tolist(), runs.seeds.tolist(), strict=True)):
        values = runs.part(number, number + 1).values()[0]
        found.append(Walker(engine, plan, values).all_shots(None, count, np.random.default_rng(seed)))
    return np.concatenate(found)


def _run_in_lanes(engine: Engine, plan: ExecutionPlan, runs: _Runs) -> _Words:
    measured = {clbit: qubit for qubit, clbit in plan.final_measurements}
    packed = np.zeros((int(runs.counts.sum()), _packed_bits.num_words(plan.num_clbits)), np.uint64)
    done = 0
    step = max(1, ROWS_AT_A_TIME >> plan.num_qubits)
    for first in range(0, len(runs.counts), step):
        part = runs.part(first, first + step)
        edges = np.cumsum(batch_probabilities(engine, plan, part.values(), range(plan.num_qubits)), axis=1)
        for own, count, seed in zip(edges, part.counts.tolist(), part.seeds.tolist(), strict=True):
            uniforms = np.random.default_rng(seed).random(count)
            outcomes = np.searchsorted(own, uniforms * own[-1], side="right").astype(np.uint64)
            rows = packed[done : done + count]
            _packed_bits.select(outcomes[:, None], list(measured.values()), rows, list(measured))
            done += count
    return packed
