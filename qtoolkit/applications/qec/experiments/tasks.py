"""Memories of any code as tasks: distances, rates and bases, for `run_experiments`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from qtoolkit._arguments import items_of, shown
from qtoolkit._checks import require_choice, require_integer, require_number
from qtoolkit.applications.qec._validation import require_count
from qtoolkit.applications.qec.circuits import NOISE_PRESETS, NoisePreset, memory_circuit, noise_preset
from qtoolkit.applications.qec.codes import CODES, HoneycombCode, RotatedSurfaceCode, StabilizerCode, code_named
from qtoolkit.applications.qec.decoders import Decoder
from qtoolkit.applications.qec.experiments.memory import Basis
from qtoolkit.applications.qec.experiments.task import ExperimentTask, Label
from qtoolkit.errors import InputError

__all__ = ["AnyCode", "Rounds", "memory_tasks", "rounds_at"]

AnyCode: TypeAlias = StabilizerCode | RotatedSurfaceCode | HoneycombCode

Rounds: TypeAlias = "int | Mapping[int, int] | Callable[[int], int]"
"""Rounds of every distance, by distance, or as a function of it."""


def rounds_at(rounds: Rounds | None, distance: int, default: int) -> int:
    """Rounds of one distance.

    Raises:
        InputError: if they are no integer of at least 1, or a mapping has none for the distance.
    """
    if rounds is None:
        return default
    if isinstance(rounds, Mapping):
        if distance not in rounds:
            raise InputError(f"rounds must be given for each distance, got none for {distance}: {shown(dict(rounds))}")
        return require_count(f"rounds of distance {distance}", rounds[distance])
    return require_count("rounds", rounds(distance) if callable(rounds) else rounds)


def memory_tasks(
    code: str | AnyCode,
    distances: Iterable[int] | None,
    physical_error_rates: Iterable[float],
    *,
    rounds: Rounds | None = None,
    bases: Iterable[Basis] = ("z",),
    noise: str | Callable[[float], NoisePreset] = "circuit",
    decoder: Decoder | str | None = "matching",
    batch_shots: int | None = None,
) -> tuple[ExperimentTask, ...]:
    """A memory experiment for every distance, rate and basis, in that order, for `run_experiments`.

    Args:
        code: a name in `CODES`, or a code.
        distances: of a family of codes; None for a single code, which has its own.
        physical_error_rates: the one parameter of the noise.
        rounds: of every distance, by distance, or a function of the distance; by default as many as the distance, and
            one under ``"code-capacity"``, whose rounds are measured without errors.
        bases: of the logical eigenstates that are stored: ``("z",)``, ``("x",)`` or both.
        noise: a name in `NOISE_PRESETS`, or a function that makes a preset of a rate. Coherent noise and decay are
            sampled by the near-Clifford simulator, see `ExperimentTask.explain`.
        decoder: a name in `DECODERS`, or an object with ``compile(model)``; None predicts no flips.
        batch_shots: shots drawn at once; see `ExperimentTask`.

    Raises:
        InputError: if a list is empty or repeats itself, an argument is none of those described.
        InsufficientMemoryError: if there is no memory for so many rounds.
        MissingExtraError: if Stim is not installed.
    """
    codes = _codes(code, distances)
    wanted = [require_choice("basis", basis, ("x", "z")) for basis in _distinct("bases", bases)]
    rates = [
        require_number("physical_error_rates", rate) for rate in _distinct("physical_error_rates", physical_error_rates)
    ]
    noises = [_noise(noise, rate) for rate in rates]
    tasks = []
    for distance, made in codes.items():
        own_rounds = rounds_at(rounds, distance, 1 if noise == "code-capacity" else distance)
        for rate, preset in zip(rates, noises, strict=True):
            labels: dict[str, Label] = {
                "code": code if isinstance(code, str) else _name(code),
                "distance": distance,
                "physical_error_rate": rate,
                "noise": noise if isinstance(noise, str) else preset.name,
            }
            for basis in wanted:
                circuit = memory_circuit(made, own_rounds, "x" if basis == "x" else "z", preset)
                tasks.append(
                    ExperimentTask(
                        circuit,
                        decoder,
                        rounds=own_rounds,
                        labels={**labels, "basis": basis},
                        batch_shots=batch_shots,
                    )
                )
    return tuple(tasks)


def _codes(code: str | AnyCode, distances: Iterable[int] | None) -> dict[int, AnyCode]:
    """By distance."""
    if isinstance(code, str):
        family = CODES.get(code)
        if family is None:
            raise InputError(f"code must be one of {', '.join(CODES)}, or a code, got {shown(code)}")
        if family.takes_distance:
            if distances is None:
                raise InputError(f"the code {code} has a distance to choose, got none")
            listed = [require_integer("distance", distance) for distance in _distinct("distances", distances)]
            return {distance: code_named(code, distance=distance) for distance in listed}
        single: AnyCode = code_named(code)
    elif isinstance(code, StabilizerCode | RotatedSurfaceCode | HoneycombCode):
        single = code
    else:
        raise InputError(f"code must be a name or a code, got {shown(code)}")
    if distances is not None:
        raise InputError(
            f"a single code has its own distance, got distances for {code if isinstance(code, str) else single!r}"
        )
    return {_distance(single): single}


def _distance(code: AnyCode) -> int:
    known = getattr(code, "distance", None)
    if known is None:
        raise InputError(f"a code of an experiment must know its distance, got {code!r}: give it as distance=…")
    return int(known)


def _name(code: AnyCode) -> str:
    return str(getattr(code, "name", "") or type(code).__name__)


def _noise(noise: str | Callable[[float], NoisePreset], rate: float) -> NoisePreset:
    if callable(noise):
        preset = noise(rate)
        if not isinstance(preset, NoisePreset):
            raise InputError(f"noise must be a name or make NoisePresets, got one that makes {shown(preset)}")
        return preset
    return noise_preset(require_choice("noise", noise, NOISE_PRESETS), rate)


def _distinct(name: str, values: Iterable[Any]) -> list[Any]:
    listed = list(items_of(values, f"{name} must be a sequence"))
    if not listed or len(set(map(shown, listed))) != len(listed):
        raise InputError(f"{name} must be distinct and at least one, got {shown(listed)}")
    return listed
