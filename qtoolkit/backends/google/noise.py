"""The noise of Google's processors, as their median calibrations tell it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qtoolkit._arguments import check_instance, shown
from qtoolkit._optional import require
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError, InputError
from qtoolkit.noise import NoiseModel

if TYPE_CHECKING:
    import cirq

__all__ = ["PROCESSORS", "GoogleNoise"]

PROCESSORS = ("rainbow", "weber", "willow_pink")
"""Processors whose medians come with cirq-google."""


class GoogleNoise(NoiseModel):
    """The noise of one of Google's processors, for simulators of ours: what cirq-google makes of its medians.

    Gates are followed by depolarising noise, coherent errors of their angles and relaxation for as long as they take,
    and readout errs as measured. The noise belongs to the processor's own gates, square roots of iSWAP among them, on
    its grid, so `apply` compiles and routes a circuit with Cirq first. Qubit k of the circuit is qubit k of what it
    returns; those that the router has used besides come behind.

    Args:
        processor: ``"rainbow"``, ``"weber"`` or ``"willow_pink"``.

    Raises:
        InputError: if it is none of these.
        MissingExtraError: if cirq-google is not installed.
    """

    def __init__(self, processor: str = "rainbow") -> None:
        super().__init__()
        if processor not in PROCESSORS:
            raise InputError(f"medians are at hand of the processors {', '.join(PROCESSORS)}, got {shown(processor)}")
        google = require("cirq_google", extra="google")
        self.processor = processor
        self._graph = google.engine.create_device_from_processor_id(processor).metadata.nx_graph
        self._model = google.NoiseModelFromGoogleNoiseProperties(google.engine.load_device_noise_properties(processor))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GoogleNoise) and self.processor == other.processor

    __hash__ = None

    def __repr__(self) -> str:
        return f"GoogleNoise({self.processor!r})"

    def __str__(self) -> str:
        return f"the noise of Google's {self.processor}, by its median calibration"

    def apply(self, circuit: Circuit) -> Circuit:
        """The circuit in the processor's gates, with its noise.

        Raises:
            InputError: if it is no circuit, or has free parameters.
            ConversionError: naming what Cirq cannot hold.
            BackendError: if it does not fit the processor, or measures into one bit twice.
        """
        from qtoolkit.interop.cirq.from_circuit import convert

        noisy, ends = self.compiled(circuit)
        found = convert(noisy, (*ends, *sorted(noisy.all_qubits().difference(ends))))
        return _with_bits_of(circuit, found.circuit, found.records)

    def compiled(self, circuit: Circuit) -> tuple[cirq.Circuit, tuple[cirq.Qid, ...]]:
        """What Cirq makes of a circuit, with its noise, and where each qubit is at the end; `apply` converts it.

        Classical bit k is the key ``bitk``.

        Raises:
            InputError, ConversionError, BackendError: as for `apply`.
        """
        import cirq

        from qtoolkit.interop.cirq.to_circuit import to_cirq

        check_instance(circuit, Circuit, "noise is added to a Circuit", remedy="add it before compiling")
        if circuit.parameters:
            raise InputError(f"a circuit is compiled for {self.processor} when its parameters are bound")
        gateset = cirq.SqrtIswapTargetGateset()
        theirs = cirq.optimize_for_target_gateset(to_cirq(_with_a_key_for_each_bit(circuit)), gateset=gateset)
        logical = cirq.LineQubit.range(circuit.num_qubits)
        try:
            routed, start, moves = cirq.RouteCQC(self._graph).route_circuit(theirs)
        except ValueError as error:
            raise BackendError(f"the circuit cannot be routed on {self.processor}: {error}") from error
        compiled = cirq.optimize_for_target_gateset(routed, gateset=gateset)
        return compiled.with_noise(self._model), tuple(moves[start[qubit]] for qubit in logical)


def _with_a_key_for_each_bit(circuit: Circuit) -> Circuit:
    """The circuit, with a register over each of its bits alone, which becomes a key of Cirq."""
    result = Circuit(circuit.num_qubits)
    for clbit in range(circuit.num_clbits):
        result.add_clbits(1, _key(clbit))
    return result.extend(circuit)


def _key(clbit: int) -> str:
    return f"bit{clbit}"


def _with_bits_of(circuit: Circuit, noisy: Circuit, records: Mapping[str, Any]) -> Circuit:
    """The noisy circuit with the classical bits and registers of the one it was made of."""
    bits = {_key(clbit): clbit for clbit in range(circuit.num_clbits)}
    targets = [0] * noisy.num_clbits
    for key, instances in records.items():
        if len(instances) > 1:
            raise BackendError(
                f"classical bit {bits[key]} is measured {len(instances)} times; give each a bit of its own"
            )
        (place,) = instances[0]
        targets[place] = bits[key]
    result = Circuit(noisy.num_qubits, name=circuit.name)
    result.num_clbits = circuit.num_clbits
    for register in circuit.clbit_registers:
        result.name_clbits(register.name, register.clbits)
    return result.extend(noisy, clbits=targets)
