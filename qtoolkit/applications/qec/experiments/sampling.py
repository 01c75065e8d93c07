"""Which simulator samples a circuit: Stim where it can, the near-Clifford simulator elsewhere; and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._optional import require
from qtoolkit.applications.qec.experiments.content import has_decoders
from qtoolkit.circuit import Circuit, KrausChannel
from qtoolkit.circuit.operation import everything_in
from qtoolkit.errors import CircuitError, ConversionError, InputError
from qtoolkit.interop.stim import from_stim, to_stim
from qtoolkit.noise import twirled_circuit
from qtoolkit.simulators import NearCliffordSimulator
from qtoolkit.simulators.stabilizer.extensions import has_extensions, with_tags

if TYPE_CHECKING:
    import stim

    from qtoolkit.simulators.near_clifford import NearCliffordPlan, NearCliffordReport

__all__ = [
    "SampledCircuit",
    "SamplingReport",
    "Shots",
    "parities_without_noise",
    "reason_for",
    "sampled_circuit",
    "shots_of",
    "twirl_for_stim",
]

SampledCircuit: TypeAlias = "stim.Circuit | Circuit"
"""Of Stim, which samples it then, or ours for the near-Clifford simulator."""


@dataclass(frozen=True)
class SamplingReport:
    """How an experiment is sampled and what its decoder knows; `str` makes a text of it.

    Attributes:
        sampler: ``"stim"`` or ``"near-clifford"``.
        reason: why it is this one.
        model: where the decoder's error model is from.
        near_clifford: what shots take in the near-Clifford simulator, where that samples.
    """

    sampler: str
    reason: str
    model: str
    near_clifford: NearCliffordReport | None = None

    def __str__(self) -> str:
        lines = [
            f"{'sampled by':<14}{self.sampler}",
            f"{'because':<14}{self.reason}",
            f"{'decoded by':<14}{self.model}",
        ]
        return "\n".join(lines if self.near_clifford is None else [*lines, str(self.near_clifford)])


def sampled_circuit(circuit: object) -> SampledCircuit:
    """A circuit in the form in which it is sampled: Stim's if Stim can sample it, else ours.

    Args:
        circuit: ours, Stim's or the text of one, which may have what `from_stim` knows beyond Stim.

    Raises:
        InputError: if it is none of these.
        MissingExtraError: if Stim is not installed.
    """
    stim = require("stim", extra="qec")
    if isinstance(circuit, Circuit):
        return _of_ours(circuit)[0]
    if isinstance(circuit, str):
        try:
            circuit = stim.Circuit(with_tags(circuit))
        except (ValueError, TypeError) as error:  # a TypeError where the text is none in UTF-8
            raise InputError(f"a circuit's text must be one of Stim: {_first_lines(error)}") from error
    if not isinstance(circuit, stim.Circuit):
        raise InputError(
            f"a circuit of an experiment must be a Circuit, a stim.Circuit or its text, got {shown(circuit)}"
        )
    return _of_ours(from_stim(circuit))[0] if has_extensions(str(circuit)) else circuit


def _of_ours(circuit: Circuit) -> tuple[SampledCircuit, str]:
    """A circuit for Stim if that can sample it, else a copy and what Stim cannot sample of it.

    Noise that is no mixture of Pauli errors is not left to Stim even where all of it happens to be a Clifford gate.
    """
    if circuit.num_parameters:
        raise InputError(
            f"a circuit of an experiment has no free parameters, got {circuit.parameters[0].name}: bind them first"
        )
    found = _first_other_channel(circuit)
    if found is not None:
        return circuit.copy(), f"the noise {shown(found.name)} is no mixture of Pauli errors"
    if has_decoders(circuit):
        return circuit.copy(), "it calls a decoder in between"
    try:
        return to_stim(circuit), ""
    except ConversionError as error:
        return circuit.copy(), str(error)


def _first_other_channel(circuit: Circuit) -> KrausChannel | None:
    # A channel keeps its probabilities once it was asked for them.
    gates = (operation.gate for operation in everything_in(circuit.operations))
    channels = (gate for gate in gates if isinstance(gate, KrausChannel))
    return next((channel for channel in channels if channel.pauli_probabilities is None), None)


def reason_for(circuit: SampledCircuit) -> str:
    """Why a circuit is sampled by what samples it."""
    if isinstance(circuit, Circuit):
        return _of_ours(circuit)[1]
    return "it has Pauli noise on Clifford gates, and nothing else"


class Shots(Protocol):
    """What draws shots of a circuit for one thread."""

    def sample(self, shots: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Events and flips of observables, packed: uint8 (shots, ⌈detectors / 8⌉) and (shots, ⌈observables / 8⌉)."""
        ...

    def model(self, decompose: bool) -> stim.DetectorErrorModel:
        """What a decoder is compiled for."""
        ...

    def report(self, model: str) -> SamplingReport:
        """How it samples, with a line on where the decoder's model is from."""
        ...


def shots_of(circuit: SampledCircuit) -> Shots:
    """What draws shots of a circuit; compiled when the first are asked for."""
    return _NearCliffordShots(circuit) if isinstance(circuit, Circuit) else _StimShots(circuit)


class _StimShots:
    def __init__(self, circuit: stim.Circuit) -> None:
        self._circuit = circuit

    def sample(self, shots: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        sampler = self._circuit.compile_detector_sampler(seed=seed)
        events, flips = sampler.sample(shots, separate_observables=True, bit_packed=True)
        return events, flips

    def model(self, decompose: bool) -> stim.DetectorErrorModel:
        return _error_model(self._circuit, decompose)

    def report(self, model: str) -> SamplingReport:
        return SamplingReport("stim", reason_for(self._circuit), model)


class _NearCliffordShots:
    """Detectors and observables beside those of the circuit without noise."""

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        # Batches are what is shared by workers.
        self._simulator = NearCliffordSimulator(1)

    @cached_property
    def _plan(self) -> NearCliffordPlan:
        return self._simulator.compile(self._circuit)

    @cached_property
    def _signs(self) -> NDArray[np.bool_]:
        return parities_without_noise(self._circuit)

    def sample(self, shots: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        try:
            events, flips = self._simulator.sample_detectors(self._plan, shots, seed)
        except CircuitError as error:
            raise _unsampled(error) from error
        first = events.shape[1]
        return (
            np.packbits(events ^ self._signs[:first], axis=1, bitorder="little"),
            np.packbits(flips ^ self._signs[first:], axis=1, bitorder="little"),
        )

    def model(self, decompose: bool) -> stim.DetectorErrorModel:
        # Errors of a twirled channel exclude each other; a model of independent ones is near enough to decode by.
        return _error_model(twirl_for_stim(self._circuit), decompose, approximate=True)

    def report(self, model: str) -> SamplingReport:
        try:
            found = self._simulator.explain(self._plan)
        except CircuitError as error:
            raise _unsampled(error) from error
        return SamplingReport("near-clifford", reason_for(self._circuit), model, found)


def twirl_for_stim(circuit: Circuit) -> stim.Circuit:
    """A circuit with Pauli errors in the place of its noise, as Stim's.

    Raises:
        InputError: naming the operation that Stim cannot take.
    """
    try:
        return to_stim(twirled_circuit(circuit))
    except ConversionError as error:
        raise InputError(
            f"the circuit's noise alone can be twirled, and the rest must be Clifford: {error}; give a "
            "detector_error_model, or decoder=None to predict nothing"
        ) from error


def parities_without_noise(circuit: Circuit) -> NDArray[np.bool_]:
    """Which parities, detectors first, are odd without noise, bool (detectors + observables,).

    They are taken for even where the circuit is not Clifford without its noise.
    """
    try:
        found = twirl_for_stim(circuit).reference_detector_and_observable_signs(bit_packed=False)
    except InputError:
        return np.zeros(circuit.num_detectors + circuit.num_observables, np.bool_)
    return np.concatenate(found)


def _unsampled(error: Exception) -> InputError:
    return InputError(f"the circuit of an experiment cannot be sampled: {error}")


def _error_model(circuit: stim.Circuit, decompose: bool, approximate: bool = False) -> stim.DetectorErrorModel:
    """The detector error model of a circuit of Stim.

    Raises:
        InputError: if a detector is random without noise, or an error cannot be decomposed.
    """
    try:
        return circuit.detector_error_model(decompose_errors=decompose, approximate_disjoint_errors=approximate)
    except ValueError as error:
        remedy = "; decompose=False keeps it whole, for a decoder of hypergraphs" if decompose else ""
        raise InputError(f"the circuit has no detector error model: {_first_lines(error)}{remedy}") from error


def _first_lines(error: Exception) -> str:
    """What an error says, in one line of at most 300 characters."""
    return " ".join(str(error).split())[:300]
