"""Measured bits of many runs of a circuit."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit import _needs
from qtoolkit._arguments import check_instance, seeded, settled_seed, shown
from qtoolkit._memory import check_memory
from qtoolkit._packed_bits import num_words
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.circuit.tape import MEASURE
from qtoolkit.compiler import ExecutionPlan, PaddedPlan
from qtoolkit.primitives import Result
from qtoolkit.simulators.engine import Engine, StateArray
from qtoolkit.simulators.evidence import result_of_words
from qtoolkit.simulators.idle import whole_plan
from qtoolkit.simulators.measure import as_reals
from qtoolkit.simulators.noisy import bound_for, with_noise
from qtoolkit.simulators.options import check_shots
from qtoolkit.simulators.plan_memory import reserved_run
from qtoolkit.simulators.planning import measurements_of, plan_of, state_unplanned
from qtoolkit.simulators.start import start_of
from qtoolkit.simulators.trajectories.noisy_shots import has_channels, noisy_shots
from qtoolkit.simulators.walk import Walker
from qtoolkit_kernels import sampling as kernels
from qtoolkit_kernels.measurement import BLOCK
from qtoolkit_kernels.seeding import MOST_SEED

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["result_of_shots"]

FEW = 1 << 14
"""Up to so many shots of a small state are one call, on the calling thread."""

_Shots = tuple[NDArray[np.uint64], int | None]
"""Packed classical bits of every shot, shape ``(shots, words)``, and the seed to report."""


def result_of_shots(
    engine: Engine,
    circuit: Circuit | ExecutionPlan,
    shots: int,
    seed: int | np.random.Generator | None,
    parameters: ParameterValues | None,
    initial_state: ArrayLike | None,
    noise: NoiseModel | None = None,
    executor: Executor | None = None,
) -> Result:
    """See `StatevectorSimulator.run`."""
    started = time.perf_counter()
    if executor is not None:
        check_instance(executor, Executor, "executor must be a concurrent.futures.Executor")
    if noise is not None:
        circuit, parameters = bound_for(noise, circuit, parameters)
        circuit = with_noise(circuit, noise)
    unplanned = None if initial_state is not None else state_unplanned(engine, circuit, parameters)
    found = None if unplanned is None else _few_shots(unplanned, circuit, shots, seed)
    if found is None:
        found = _many_shots(engine, circuit, unplanned, shots, seed, parameters, initial_state, executor)
    packed, number = found
    return result_of_words(packed, circuit, number, engine, "statevector", started)


def _few_shots(
    state: StateArray, circuit: Circuit | ExecutionPlan, shots: object, seed: int | np.random.Generator | None
) -> _Shots | None:
    """Shots of a circuit that ends in a state and final measurements; None for what is not small, usual or right."""
    if type(circuit) is not Circuit or type(shots) is not int or not 0 < shots <= FEW:
        return None
    if state.size > BLOCK or not 0 < circuit.num_clbits <= kernels.WORD:
        return None
    given = settled_seed(seed)
    if isinstance(given, int):
        if given > MOST_SEED:
            return None
        number, uniforms = given, np.empty(shots)
    else:
        number, uniforms = -1, given.random(shots)
    bits, rows = np.empty((shots, 1), np.int64), circuit.operations.rows()
    if not kernels.sample_measured(as_reals(state), number, uniforms, rows, MEASURE, bits[:, 0]):
        return None
    return bits.view(np.uint64), None if number < 0 else number


def _many_shots(
    engine: Engine,
    circuit: Circuit | ExecutionPlan,
    unplanned: StateArray | None,
    shots: int,
    seed: int | np.random.Generator | None,
    parameters: ParameterValues | None,
    initial_state: ArrayLike | None,
    executor: Executor | None,
) -> _Shots:
    plan = plan_of(engine, circuit) if unplanned is None else measurements_of(circuit)
    check_shots(shots, plan.active.measures)
    words = num_words(plan.num_clbits)
    what = f"{shown(shots)} shots of {plan.num_clbits} bits"
    check_memory(_needs.shots(int(shots), words), what, "take fewer at a time and add the counts")
    if isinstance(plan, PaddedPlan):
        plan = plan.active if initial_state is None else whole_plan(engine, plan)
    values = plan.parameter_vector(parameters if unplanned is None else None)
    number, rng = seeded(seed)
    with reserved_run(engine, plan, _needs.sampled_state, (int(shots), words), f" with {what}", 8 * int(shots) * words):
        if unplanned is None and initial_state is None and has_channels(plan.steps):
            return noisy_shots(engine, plan, values, int(shots), rng, executor), number
        state = start_of(engine, plan, initial_state) if unplanned is None else unplanned
        return Walker(engine, plan, values).all_shots(state, int(shots), rng), number
