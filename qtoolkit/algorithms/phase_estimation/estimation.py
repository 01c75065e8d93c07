"""Energies by phase estimation: circuits run, outcomes read, and what they prove."""

from __future__ import annotations

import math
import time
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_flag, check_instance, check_integer, check_number, seeded
from qtoolkit._checks import require_choice, require_number
from qtoolkit.algorithms.phase_estimation.problem import MAX_BITS, EnergyProblem
from qtoolkit.algorithms.phase_estimation.result import EnergyEstimate
from qtoolkit.backends import Backend
from qtoolkit.backends.sampler import sampler_or_simulator
from qtoolkit.errors import BackendError
from qtoolkit.primitives import Result, Sampler

__all__ = ["PhaseMethod", "estimate_energy"]

PhaseMethod: TypeAlias = Literal["textbook", "iterative"]

_GOLDEN = (1.0 + math.sqrt(5.0)) / 2.0
_FINENESS = 4096
_FARTHEST = 64
"""Distances from the most frequent outcome are looked at up to so many steps, in parts of a step."""


def estimate_energy(
    problem: EnergyProblem,
    num_bits: int,
    shots: int = 1000,
    *,
    method: PhaseMethod = "iterative",
    sampler: Sampler | Backend | None = None,
    confidence: float = 0.95,
    check_alias: bool = True,
    exact_energy: float | None = None,
    seed: int | np.random.Generator | None = None,
) -> EnergyEstimate:
    """The energy of the strongest eigenstate in a prepared state, by phase estimation.

    The interval is proven: were no eigenvalue within it, every shot would fall on the outcome that was seen most often
    with less than a known probability (the law of phase estimation at that distance), and as many shots there, at any
    outcome, would have a chance below ``1 − confidence``.

    Args:
        problem: Hamiltonian, state and evolution.
        num_bits: bits of the phase, 2 to 20; each doubles resolution and depth.
        shots: runs of the circuit.
        method: ``"iterative"``, one qubit beside the system, which needs measurements within the circuit;
            ``"textbook"``, a register of `num_bits` qubits.
        sampler: simulator, `BackendSampler` or backend; the local state-vector simulator by default.
        confidence: of the interval.
        check_alias: where the range of the problem may not hold the whole spectrum, run once more at a width larger by
            the golden ratio, and see whether both agree.
        exact_energy: kept in the result for the gap.
        seed: makes the run reproducible.

    Raises:
        InputError: if an argument does not fit.
        BackendError: if the sampler returns other bits than were measured, or the backend refuses the circuit.
    """
    started = time.perf_counter()
    check_instance(problem, EnergyProblem, "what is estimated must be an EnergyProblem")
    bits, shots = check_integer(num_bits, "num_bits", 2, MAX_BITS), check_integer(shots, "shots", 1, 1 << 40)
    require_choice("method", method, ("textbook", "iterative"))
    kind = "a number between 0 and 1"
    confidence = check_number(confidence, "confidence", kind=kind, accept=lambda x: 0.0 < x < 1.0)
    if exact_energy is not None:
        exact_energy = require_number("exact_energy", exact_energy)
    runner = sampler_or_simulator(sampler)
    number, rng = seeded(seed)
    outcomes, result = _outcomes(problem, bits, shots, method, runner, rng)
    low, high = problem.energy_range
    resolution = (high - low) / (1 << bits)
    place, share, offset = _peak(outcomes)
    half_width = _reach(outcomes, shots, confidence) * resolution + problem.evolution_error
    inside = problem.spectrum_bounds if problem.is_alias_free else (low, high)
    images = _images(low + place * resolution, half_width, high - low, inside)
    alias_free: bool | None = True
    likely = images
    if not problem.is_alias_free:
        alias_free = None
        if check_flag(check_alias, "check_alias"):
            wider = _widened(problem)
            again, _ = _outcomes(wider, bits, shots, method, runner, rng)
            agreeing = _agreeing(images, half_width, wider, again, confidence)
            alias_free, likely = bool(agreeing), agreeing or images
    # of the energies of a phase close to 0, the one that lies within the range
    grid_energy = min(likely, key=lambda image: _outside(image + offset * resolution, inside))
    # all of them, because the second measurement may have seen another eigenstate
    interval = min(images) - half_width, max(images) + half_width
    if len(images) > 1:
        interval = max(interval[0], inside[0]), min(interval[1], inside[1])
    energy = grid_energy + offset * resolution
    found = np.flatnonzero(outcomes)
    return EnergyEstimate(
        energy=energy,
        interval=interval,
        confidence=confidence,
        resolution=resolution,
        grid_energy=grid_energy,
        probability=share,
        histogram={low + int(y) * resolution: int(outcomes[y]) for y in found},
        energy_range=(low, high),
        is_alias_free=alias_free,
        evolution_error=problem.evolution_error,
        num_bits=bits,
        shots=shots,
        method=method,
        evolution=problem.evolution,
        num_evolutions=(1 << bits) - 1,
        exact_energy=exact_energy,
        seed=number,
        backend_name=result.backend_name,
        wall_time=time.perf_counter() - started,
    )


def _outcomes(
    problem: EnergyProblem, bits: int, shots: int, method: str, sampler: Sampler, rng: np.random.Generator
) -> tuple[NDArray[np.int64], Result]:
    """How often each outcome came, shape ``(2**bits,)``."""
    circuit = problem.textbook_circuit(bits) if method == "textbook" else problem.iterative_circuit(bits)
    result = sampler.run(circuit, shots, seed=int(rng.integers(1 << 32)))
    counts = np.zeros(1 << bits, np.int64)
    for key, count in result.counts.items():
        if len(key) != bits:
            raise BackendError(f"the sampler must return {bits} bits for each shot, got {len(key)}")
        counts[int(key, 2)] += count
    if counts.sum() != shots:
        raise BackendError(f"the sampler must return {shots} shots, got {int(counts.sum())}")
    return counts, result


def _peak(counts: NDArray[np.int64]) -> tuple[int, float, float]:
    """The most frequent outcome, its share with the larger neighbour, and how far from it the phase is, in steps.

    Amplitudes at the two outcomes next to a phase are inverse to its distances from them, but for higher orders.
    """
    size, place = len(counts), int(np.argmax(counts))
    sides = int(counts[(place + 1) % size]), int(counts[(place - 1) % size])
    side = max(sides)
    ratio = math.sqrt(side) / (math.sqrt(side) + math.sqrt(counts[place]))
    offset = ratio if sides[0] >= sides[1] else -ratio
    return place, float((counts[place] + side) / counts.sum()), offset


def _images(energy: float, half_width: float, width: float, inside: tuple[float, float]) -> list[float]:
    """The energies that a phase may stand for: a circle of phases is a line of energies that was cut somewhere.

    Args:
        energy: one of them.
        half_width: how far the eigenvalue may be from it.
        width: of a whole turn.
        inside: where eigenvalues are.
    """
    turns = [energy + turn * width for turn in (-1, 0, 1)]
    return [image for image in turns if _outside(image, inside) <= half_width] or [energy]


def _outside(energy: float, inside: tuple[float, float]) -> float:
    """How far an energy is from a range; 0 within."""
    return max(inside[0] - energy, energy - inside[1], 0.0)


def _agreeing(
    images: list[float], half_width: float, wider: EnergyProblem, outcomes: NDArray[np.int64], confidence: float
) -> list[float]:
    """Those of some energies that the outcomes at another width allow too."""
    low, high = wider.energy_range
    resolution = (high - low) / len(outcomes)
    reach = _reach(outcomes, int(outcomes.sum()), confidence) * resolution + wider.evolution_error
    there = low + _peak(outcomes)[0] * resolution
    distances = [abs(image - there) % (high - low) for image in images]
    return [
        image
        for image, distance in zip(images, distances, strict=True)
        if min(distance, high - low - distance) <= half_width + reach
    ]


def _reach(counts: NDArray[np.int64], shots: int, confidence: float) -> float:
    """How many steps the nearest eigenvalue may be from the most frequent outcome at most."""
    from scipy.special import bdtrc

    size, most = len(counts), int(counts.max())
    miss = (1.0 - confidence) / size  # any outcome might have come out on top
    distances = np.arange(1, _FINENESS * min(size // 2, _FARTHEST) + 1) / _FINENESS
    enough = np.flatnonzero(bdtrc(most - 1, shots, _chances_beyond(distances, size)) <= miss)
    return float(distances[enough[0]]) if enough.size else size / 2.0


def _chances_beyond(distances: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """The highest probability of an outcome whose distance from every eigenphase is at least so many steps."""
    lobe = float(_law(np.linspace(1.0, min(2.0, size / 2), 1001), size).max()) + 1e-6
    envelope = 1.0 / (size * np.sin(np.pi * distances / size)) ** 2
    found = np.where(distances < 1.0, np.maximum(_law(distances, size), lobe), np.minimum(envelope, lobe))
    return np.minimum(found, 1.0)


def _law(distances: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """The probability of an outcome so many steps from an eigenphase."""
    found: NDArray[np.float64] = (np.sin(np.pi * distances) / (size * np.sin(np.pi * distances / size))) ** 2
    return found


def _widened(problem: EnergyProblem) -> EnergyProblem:
    return problem.with_range(problem.energy_range[0], problem.energy_range[0] + _GOLDEN * problem.width)
