"""Which way the shots of a circuit with noise are drawn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import BranchStep, ChannelStep, ExecutionPlan, Step
from qtoolkit.simulators.engine import Engine
from qtoolkit.simulators.trajectories.jumps import shots_with_jumps
from qtoolkit.simulators.trajectories.runs import shots_of_signed
from qtoolkit.simulators.trajectories.signed import SignedCircuit, signed_circuit
from qtoolkit.simulators.trajectories.stretches import Stretches, stretches_of
from qtoolkit.simulators.walk import Walker

__all__ = ["has_channels", "noisy_shots"]

T = TypeVar("T")

BLOCKS = 16
"""Into which the shots are divided that an executor runs one by one: fixed, so that no result tells its workers."""

_signed: WeakKeyDictionary[ExecutionPlan, SignedCircuit | None] = WeakKeyDictionary()
_stretches: WeakKeyDictionary[ExecutionPlan, Stretches | None] = WeakKeyDictionary()
"""By plans without parameters."""


def has_channels(steps: tuple[Step, ...]) -> bool:
    """Whether there is a channel among the steps, in a branch too."""
    return any(
        isinstance(step, ChannelStep)
        or (isinstance(step, BranchStep) and (has_channels(step.then) or has_channels(step.otherwise)))
        for step in steps
    )


def noisy_shots(
    engine: Engine,
    plan: ExecutionPlan,
    values: NDArray[np.float64],
    shots: int,
    rng: np.random.Generator,
    executor: Executor | None,
) -> NDArray[np.uint64]:
    """Packed classical bits of every shot from ``|0…0⟩``, shape ``(shots, words)``.

    Args:
        engine: runs the gates.
        plan: of a circuit with channels, without idle qubits.
        values: of its parameters.
        shots: how many.
        rng: what is drawn with.
        executor: runs parts of them; they do not depend on how many workers it has.
    """
    signed = _kept(_signed, signed_circuit, plan, values)
    if signed is not None:
        return shots_of_signed(engine, signed, plan, shots, rng, executor)
    if executor is None:
        return _together(engine, plan, values, shots, rng)
    counts = [shots // BLOCKS + (block < shots % BLOCKS) for block in range(min(BLOCKS, shots))]
    seeds = rng.integers(1 << 62, size=len(counts)).tolist()
    kind = engine.precision, engine.vector_bytes
    tasks = [(kind, plan, values, count, seed) for count, seed in zip(counts, seeds, strict=True)]
    return np.concatenate(list(executor.map(_run_block, tasks)))


def _kept(
    known: WeakKeyDictionary[ExecutionPlan, T],
    make: Callable[[ExecutionPlan, NDArray[np.float64]], T],
    plan: ExecutionPlan,
    values: NDArray[np.float64],
) -> T:
    """What is made of a plan, once where it has no parameters."""
    if plan.parameters:
        return make(plan, values)
    if plan not in known:
        known[plan] = make(plan, values)
    return known[plan]


def _run_block(task: tuple[tuple[str, int], ExecutionPlan, NDArray[np.float64], int, int]) -> NDArray[np.uint64]:
    """One thread's work, in whatever process."""
    (precision, vector_bytes), plan, values, shots, seed = task
    return _together(Engine(precision, 1, vector_bytes), plan, values, shots, np.random.default_rng(seed))


def _together(
    engine: Engine, plan: ExecutionPlan, values: NDArray[np.float64], shots: int, rng: np.random.Generator
) -> NDArray[np.uint64]:
    """Shots that go together until noise parts them."""
    stretches = _kept(_stretches, stretches_of, plan, values) if shots > 1 else None
    if stretches is None:
        return Walker(engine, plan, values).all_shots(None, shots, rng)
    return shots_with_jumps(engine, stretches, plan, shots, rng)
