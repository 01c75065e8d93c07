"""Several circuits on any sampler, with noise and shots of their own: what estimators have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.backends.sampler import BackendSampler
from qtoolkit.circuit import Barrier, Circuit, Gate, ParameterValues
from qtoolkit.primitives import Result, Sampler, StateSampler

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["prepared_state", "sampled"]


def sampled(
    sampler: Sampler,
    circuits: Sequence[Circuit],
    shots: Sequence[int],
    seed: int,
    parameters: ParameterValues | None = None,
    noise: NoiseModel | None = None,
    initial_state: NDArray[np.complex128] | None = None,
) -> list[Result]:
    """Measured bits of circuits that share their parameters.

    A backend gets the circuits that have as many shots as one job, and all jobs before the first is waited for, so
    that they wait in its queue together. A circuit with more shots than one job may have runs several times.

    Args:
        sampler: measures.
        circuits: any number of them.
        shots: of each.
        seed: of all of them together.
        parameters: values of their free parameters.
        noise: is put into every circuit before it runs.
        initial_state: where all circuits begin, from `prepared_state`; ``|0…0⟩`` without.
    """
    if not circuits:
        return []
    if noise is not None:
        if noise.compiles and parameters is not None:
            circuits, parameters = [circuit.bind(parameters) for circuit in circuits], None
        circuits = [noise.apply(circuit) for circuit in circuits]
    if isinstance(sampler, BackendSampler):
        most = sampler.backend.capabilities.max_shots
        parts = [_parts(count, most) for count in shots]
        every = [circuit for circuit, own in zip(circuits, parts, strict=True) for _ in own]
        found = iter(_in_jobs(sampler, every, [part for own in parts for part in own], seed, parameters))
        return [_merged([next(found) for _ in own]) for own in parts]
    seeds = np.random.SeedSequence(seed).generate_state(len(circuits), np.uint32)
    begin: dict[str, Any] = {} if initial_state is None else {"initial_state": initial_state}
    return [
        sampler.run(circuit, count, int(number), parameters, **begin)
        for circuit, count, number in zip(circuits, shots, seeds, strict=True)
    ]


def prepared_state(
    sampler: Sampler, circuit: Circuit, parameters: ParameterValues | None = None
) -> NDArray[np.complex128] | None:
    """The state behind a circuit, so that many measurements of it prepare it once.

    None where the sampler holds no amplitudes in double precision, or something in the circuit is no gate.
    """
    if not isinstance(sampler, StateSampler):
        return None
    prepared = circuit.without_final_measurements()
    if not all(isinstance(operation.gate, Gate | Barrier) for operation in prepared.operations):
        return None
    state = sampler.state_vector(prepared, parameters)
    is_whole = state.dtype == np.complex128 and state.shape == (1 << circuit.num_qubits,)
    return state.astype(np.complex128, copy=False) if is_whole else None


def _parts(shots: int, most: int | None) -> list[int]:
    """Numbers of at most so many that add up, as equal as can be."""
    if most is None or shots <= most:
        return [shots]
    number = -(-shots // most)
    return [shots // number + (index < shots % number) for index in range(number)]


def _merged(results: Sequence[Result]) -> Result:
    """The shots of several runs of a circuit as those of one."""
    first = results[0]
    if len(results) == 1:
        return first
    counts: Counter[str] = Counter()
    for result in results:
        counts.update(result.counts)
    evidence = {"registers": first.registers, "seed": first.seed, "backend_name": first.backend_name}
    return Result.from_counts(counts, first.num_clbits, **evidence)


def _in_jobs(
    sampler: BackendSampler,
    circuits: Sequence[Circuit],
    shots: Sequence[int],
    seed: int,
    parameters: ParameterValues | None,
) -> list[Result]:
    members: dict[int, list[int]] = {}
    for index, count in enumerate(shots):
        members.setdefault(count, []).append(index)
    numbers = np.random.SeedSequence(seed).generate_state(len(members), np.uint32).tolist()
    seeds = [seed] if len(members) == 1 else numbers
    jobs = [
        sampler.backend.run(
            [circuits[index] for index in indices],
            count,
            number,
            None if parameters is None else [parameters] * len(indices),
        )
        for (count, indices), number in zip(members.items(), seeds, strict=True)
    ]
    found: dict[int, Result] = {}
    for indices, job in zip(members.values(), jobs, strict=True):
        found.update(zip(indices, job.result(sampler.timeout), strict=True))
    return [found[index] for index in range(len(circuits))]
