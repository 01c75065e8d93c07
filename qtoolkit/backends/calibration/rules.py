"""From a calibration to the rules of a noise model."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import permutations
from typing import TYPE_CHECKING

from qtoolkit._arguments import items_of, shown
from qtoolkit.backends.calibration.lookup import Lookup
from qtoolkit.circuit import KrausChannel, ReadoutError
from qtoolkit.errors import InputError
from qtoolkit.noise import NoiseModel, depolarizing, thermal_relaxation

if TYPE_CHECKING:
    from qtoolkit.backends.calibration.calibration import Calibration, GateCalibration

__all__ = ["error_parts", "noise_of", "relaxation_error"]

Times = tuple[float, float]
"""T1 and T2 of a qubit, infinite where they are not known."""

_Place = tuple[int, ...]
_Gates = tuple[str | int, frozenset[str]]
"""A gate's name, or the number of qubits of gates, and the names of those that are left out."""


def noise_of(
    calibration: Calibration, qubits: Iterable[int | str] | None = None, full_relaxation: bool = False
) -> NoiseModel:
    """See `Calibration.noise_model`."""
    places = _places(calibration, qubits)
    lookup = Lookup(calibration)
    depolarized: dict[tuple[_Gates, float], set[_Place]] = {}
    relaxed: dict[tuple[_Gates, float, tuple[Times, ...]], set[_Place]] = {}
    for gates, entry, operands in _entries(calibration, lookup, places):
        times = tuple(_times(calibration, qubit) for qubit in operands)
        placed = tuple(places[qubit] for qubit in operands)
        p, duration = error_parts(entry, times, full_relaxation)
        if p > 0.0:
            depolarized.setdefault((gates, p), set()).add(placed)
        if duration > 0.0 and any(t2 < math.inf for _, t2 in times):
            relaxed.setdefault((gates, duration, times), set()).add(placed)
    model = NoiseModel()
    for ((gate, left_out), p), where in depolarized.items():
        size = len(next(iter(where)))
        model.add(depolarizing(p, size), gate, sorted(where), but=left_out)
    for ((gate, left_out), duration, times), where in relaxed.items():
        model.add(_relaxation(times, duration), gate, sorted(where), but=left_out)
    for qubit, place in places.items():
        facts = calibration.qubits.get(qubit)
        if facts is None or (not facts.p1_given_0 and not facts.p0_given_1):
            continue
        up, down = facts.p1_given_0 or 0.0, facts.p0_given_1 or 0.0
        model.add_readout(ReadoutError([[1.0 - up, up], [down, 1.0 - down]]), place)
    return model


def relaxation_error(times: Iterable[Times], duration: float | None) -> float:
    """1 minus the average fidelity of qubits that relax independently over a time.

    The entanglement fidelity of one is ``(1 + exp(-t/T1) + 2 exp(-t/T2)) / 4``.

    Args:
        times: T1 and T2 of each qubit, T2 at most ``2 T1``.
        duration: t, in the same unit; None for none.
    """
    log, side = 0.0, 1
    for t1, t2 in times:
        side *= 2
        if duration:
            log += math.log1p((math.expm1(-duration / t1) + 2.0 * math.expm1(-duration / t2)) / 4.0)
    return -math.expm1(log) * side / (side + 1.0)


def error_parts(entry: GateCalibration, times: tuple[Times, ...], full_relaxation: bool = False) -> tuple[float, float]:
    """How a gate's error is divided: p of `depolarizing`, and for how long its qubits relax.

    Both together have the gate's average error. What is measured as relaxation while qubits wait is in part undone by
    gates; where it alone, over the gate's duration, has more than the gate's error, it lasts for as long as it has
    just that, or for all of the duration if that is asked for. Without an error, or with one of 0, which nobody
    measures, there is relaxation alone.
    """
    duration = entry.duration or 0.0
    if not entry.error:
        return 0.0, duration
    side, most = 1 << entry.num_qubits, 1.0 - 0.25**entry.num_qubits
    if entry.is_dead:
        return most, 0.0
    relaxation = relaxation_error(times, duration)
    if relaxation >= entry.error:
        return 0.0, duration if full_relaxation else _time_of_error(times, duration, entry.error)
    mixed = side * (entry.error - relaxation) / (side * (1.0 - relaxation) - 1.0)
    return min(mixed * most, most), duration


def _time_of_error(times: tuple[Times, ...], longest: float, error: float) -> float:
    """When relaxation has an average error, at the latest."""
    from scipy.optimize import brentq

    found: float = brentq(
        lambda time: relaxation_error(times, time) - error, 0.0, longest, xtol=1e-15 * longest, rtol=1e-14
    )
    return found


def _places(calibration: Calibration, qubits: Iterable[int | str] | None) -> dict[int, int]:
    """Qubits of circuits by those of the device."""
    if qubits is None:
        return {number: number for number in range(calibration.num_qubits)}
    labels = {} if calibration.labels is None else {label: k for k, label in enumerate(calibration.labels)}
    found: dict[int, int] = {}
    for place, given in enumerate(items_of(qubits, "the qubits of a device are numbers or labels")):
        number = labels.get(given) if isinstance(given, str) else given
        if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < calibration.num_qubits:
            raise InputError(f"{calibration.device} has {calibration.num_qubits} qubits, and none is {shown(given)}")
        if number in found:
            raise InputError(
                f"each qubit of {calibration.device} is one of a circuit at most, got {shown(given)} twice"
            )
        found[number] = place
    return found


def _entries(
    calibration: Calibration, lookup: Lookup, places: dict[int, int]
) -> Iterator[tuple[_Gates, GateCalibration, _Place]]:
    """Which gates on which qubits have which entry: those with entries of their own, then the others."""
    everywhere = any(gate.qubits is None and gate.num_qubits == 2 for gate in calibration.gates)
    known = {size_place[1] for size_place in lookup.names if size_place[1] is not None}
    known.update(gate.qubits for gate in calibration.gates if gate.qubits is not None)
    pairs = {place for place in known if len(place) == 2}.union(calibration.coupling or ())
    if everywhere and calibration.coupling is None:
        pairs.update(permutations(places, 2))
    pairs.update([(b, a) for a, b in pairs])
    for operands in [*((qubit,) for qubit in places), *sorted(pairs)]:
        if not all(qubit in places for qubit in operands):
            continue
        size = len(operands)
        names = lookup.names.get((size, operands), set()) | lookup.names.get((size, None), set())
        for name in sorted(names):
            entry = lookup.own(name, operands)
            if entry is not None and name != "reset":
                yield (name, frozenset()), entry, operands
        other = lookup.other(operands)
        if other is not None:
            yield (size, frozenset(names | (calibration.frames if size == 1 else frozenset()))), other, operands


def _times(calibration: Calibration, qubit: int) -> Times:
    facts = calibration.qubits.get(qubit)
    if facts is None or (facts.t1 is None and facts.t2 is None):
        return math.inf, math.inf
    t1 = math.inf if facts.t1 is None else facts.t1
    t2 = math.inf if facts.t2 is None else facts.t2
    return t1, min(t2, 2.0 * t1)


def _relaxation(times: tuple[Times, ...], duration: float) -> KrausChannel:
    channels = [thermal_relaxation(t1, t2, duration) for t1, t2 in times]
    result = channels[0]
    for channel in channels[1:]:
        result = channel.tensor(result)
    return result
