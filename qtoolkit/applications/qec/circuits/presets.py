"""Noise presets: which channel follows which operation of an experiment."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from qtoolkit._arguments import check_flag, check_instance, shown
from qtoolkit._checks import require_choice, require_integer, require_number
from qtoolkit.applications.qec._validation import require_rate
from qtoolkit.applications.qec.circuits._insertion import inserted
from qtoolkit.applications.qec.circuits._native import with_native_cz
from qtoolkit.circuit import Circuit, KrausChannel
from qtoolkit.errors import InputError
from qtoolkit.noise import (
    amplitude_damping,
    bit_flip,
    depolarizing,
    over_rotation,
    pauli_channel,
    thermal_relaxation,
)

__all__ = ["NOISE_PRESETS", "Calibration", "NoisePreset", "noise_preset"]


@dataclass(frozen=True)
class Calibration:
    """What a device's calibration says, all qubits alike; times in seconds.

    Attributes:
        t1: relaxation time.
        t2: dephasing time, at most twice `t1`.
        one_qubit_error: probability of a Pauli error after a one-qubit gate.
        two_qubit_error: probability of a Pauli error after a two-qubit gate.
        readout_error: probability that a measurement is told wrongly.
        reset_error: probability that a reset ends in |1⟩.
        one_qubit_time: of a gate.
        two_qubit_time: of a gate.
        readout_time: of a measurement or reset.
    """

    t1: float
    t2: float
    one_qubit_error: float
    two_qubit_error: float
    readout_error: float
    reset_error: float
    one_qubit_time: float
    two_qubit_time: float
    readout_time: float


@dataclass(frozen=True)
class NoisePreset:
    """Channels by place; None where nothing happens.

    Full barriers divide a circuit into layers, whose operations happen at the same time; a barrier on the register
    ``data`` alone begins a round. A one-qubit gate in the layer in which its qubit is reset or measured belongs to
    that, and has no noise of its own. Qubits of a register ``ideal`` have no noise.

    Attributes:
        name: of the preset.
        data: on data qubits at the beginning of a round.
        one: after one-qubit gates.
        two: after two-qubit gates, on both qubits.
        each: after two-qubit gates, on each of both.
        reset: after resets.
        measure: before measurements.
        idle_one: on qubits that nothing touches in a layer of one-qubit gates.
        idle_two: likewise, in a layer with two-qubit gates.
        idle_readout: likewise, in a layer with measurements or resets.
        waiting: in a layer with measurements or resets, on all that are neither measured nor reset, as well.
        native_cz: whether the circuit is first written in CZ and one-qubit gates.

    Raises:
        InputError: if a channel is none, or acts on two qubits (on one, for `two`).
    """

    name: str
    data: KrausChannel | None = None
    one: KrausChannel | None = None
    two: KrausChannel | None = None
    each: KrausChannel | None = None
    reset: KrausChannel | None = None
    measure: KrausChannel | None = None
    idle_one: KrausChannel | None = None
    idle_two: KrausChannel | None = None
    idle_readout: KrausChannel | None = None
    waiting: KrausChannel | None = None
    native_cz: bool = False

    def __post_init__(self) -> None:
        check_instance(self.name, str, "the name of a preset must be text")
        object.__setattr__(self, "native_cz", check_flag(self.native_cz, "native_cz"))
        for place in fields(self):
            channel = getattr(self, place.name)
            if place.name in ("name", "native_cz") or channel is None:
                continue
            check_instance(channel, KrausChannel, f"{place.name} must be a KrausChannel or None")
            wanted = 2 if place.name == "two" else 1
            if channel.num_qubits != wanted:
                raise InputError(f"{place.name} must act on {wanted} qubit{'s' * (wanted - 1)}, got {shown(channel)}")

    def apply(self, circuit: Circuit, start: int = 0, stop: int | None = None) -> Circuit:
        """The circuit with its noise.

        Args:
            circuit: without noise, of gates on one or two qubits.
            start: the first operation that is noisy.
            stop: the first operation after that that is not; None for no such one.

        Raises:
            InputError: if it is no circuit, or has branches or gates on three qubits or more where noise is wanted.
        """
        check_instance(circuit, Circuit, "noise is inserted into a Circuit")
        first = require_integer("start", start, 0, len(circuit))
        last = len(circuit) if stop is None else require_integer("stop", stop, first, len(circuit))
        operations = list(circuit)
        middle = operations[first:last]
        if self.native_cz:
            middle = with_native_cz(middle, circuit.num_qubits)
        return inserted(self, circuit, operations[:first], middle, operations[last:])


def _code_capacity(rate: float) -> NoisePreset:
    return NoisePreset("code-capacity", data=depolarizing(_checked(rate)))


def _phenomenological(rate: float) -> NoisePreset:
    p = _checked(rate)
    return NoisePreset("phenomenological", data=depolarizing(p), measure=bit_flip(p))


def _circuit(rate: float) -> NoisePreset:
    p = _checked(rate)
    return NoisePreset(
        "circuit",
        data=depolarizing(p),
        one=depolarizing(p),
        two=depolarizing(p, 2),
        reset=bit_flip(p),
        measure=bit_flip(p),
    )


def _si1000(rate: float) -> NoisePreset:
    p = _checked(rate, 0.2)
    return NoisePreset(
        "si1000",
        one=depolarizing(p / 10),
        two=depolarizing(p, 2),
        reset=bit_flip(2 * p),
        measure=bit_flip(5 * p),
        idle_one=depolarizing(p / 10),
        idle_two=depolarizing(p / 10),
        idle_readout=depolarizing(p / 10),
        waiting=depolarizing(2 * p),
        native_cz=True,
    )


def _coherent(rate: float, axis: str = "Z") -> NoisePreset:
    letter = require_choice("axis", axis, ("X", "Y", "Z"))
    angle = 2 * math.asin(math.sqrt(_checked(rate, 1.0)))
    turn = over_rotation(letter, angle)
    return NoisePreset("coherent", data=turn, one=turn, two=over_rotation("ZZ", angle))


def _biased(rate: float, bias: float = 10.0) -> NoisePreset:
    p, eta = _checked(rate), require_number("bias", bias, minimum=0.0)
    error = pauli_channel({"X": p / (2 * (eta + 1)), "Y": p / (2 * (eta + 1)), "Z": p * eta / (eta + 1)})
    return NoisePreset("biased", data=error, one=error, each=error, reset=bit_flip(p), measure=bit_flip(p))


def _amplitude_damping(rate: float) -> NoisePreset:
    decay = amplitude_damping(_checked(rate, 1.0))
    return NoisePreset("amplitude-damping", data=decay, one=decay, each=decay)


def _device(calibration: Calibration) -> NoisePreset:
    known = check_instance(calibration, Calibration, "the preset device needs a Calibration")

    def idle(time: float) -> KrausChannel:
        return thermal_relaxation(known.t1, known.t2, time)

    return NoisePreset(
        "device",
        one=depolarizing(known.one_qubit_error),
        two=depolarizing(known.two_qubit_error, 2),
        reset=bit_flip(known.reset_error),
        measure=bit_flip(known.readout_error),
        idle_one=idle(known.one_qubit_time),
        idle_two=idle(known.two_qubit_time),
        idle_readout=idle(known.readout_time),
    )


def _checked(rate: float, most: float = 0.75) -> float:
    return require_rate("rate", rate, most)


NOISE_PRESETS: Mapping[str, Callable[..., NoisePreset]] = MappingProxyType(
    {
        "code-capacity": _code_capacity,
        "phenomenological": _phenomenological,
        "circuit": _circuit,
        "si1000": _si1000,
        "coherent": _coherent,
        "biased": _biased,
        "amplitude-damping": _amplitude_damping,
        "device": _device,
    }
)
"""Name to what makes the preset from its parameters; see `noise_preset`."""


def noise_preset(name: str, rate: float | None = None, **parameters: Any) -> NoisePreset:
    """A preset by its name in `NOISE_PRESETS`. p is the rate, 0 to 3/4 where nothing else is said.

    ======================  ==========================================================================================
    ``code-capacity``       depolarising at p of data qubits before each round
    ``phenomenological``    the same, and flips of outcomes at p (Dennis et al., J. Math. Phys. 43, 4452 (2002))
    ``circuit``             depolarising at p of data qubits before each round and after gates, flips at p after resets
                            and before measurements; idle qubits have no noise. This is what Stim's generated circuits
                            have with all four rates at p (compare Fowler et al., Phys. Rev. A 86, 032324 (2012))
    ``si1000``              superconducting, cycles of 1000 ns (Gidney et al., Quantum 5, 605 (2021), Table 2), in CZ:
                            depolarising at p after CZ, p/10 after one-qubit gates and on idle qubits, 2p more while
                            others are measured or reset; flips at 2p after resets, 5p before measurements; p ≤ 1/5
    ``coherent``            rotations by the angle θ with sin²(θ/2) = p: about `axis` (``"Z"``) of data qubits before
                            each round and after one-qubit gates, and about ZZ after two-qubit gates; p is what the
                            Pauli twirl has; p ≤ 1
    ``biased``              Pauli errors at p with p_Z = `bias` (p_X + p_Y) (10) and p_X = p_Y, of data qubits before
                            each round and after gates on each qubit; flips at p after resets and before measurements
                            (bias as in Bonilla Ataides et al., Nat. Commun. 12, 2172 (2021))
    ``amplitude-damping``   decay with probability p of data qubits before each round and after gates on each qubit;
                            p ≤ 1
    ``device``              from a `calibration`, see `Calibration`: depolarising after gates, flips after resets and
                            before measurements, thermal relaxation of idle qubits over the time of their layer
    ======================  ==========================================================================================

    Args:
        name: of the preset.
        rate: p, for all but ``device``.
        parameters: `axis`, `bias` or `calibration`, where the preset has them.

    Raises:
        InputError: for another name (the message lists all), a rate out of range, or parameters that do not fit.
    """
    build = NOISE_PRESETS.get(name) if isinstance(name, str) else None
    if build is None:
        raise InputError(f"no noise preset is called {shown(name)}; there are {', '.join(NOISE_PRESETS)}")
    given = parameters if rate is None else {"rate": rate, **parameters}
    try:
        inspect.signature(build).bind(**given)
    except TypeError:
        wanted = ", ".join(inspect.signature(build).parameters)
        raise InputError(f"{name} takes {wanted}, got {', '.join(given) or 'nothing'}") from None
    return build(**given)
