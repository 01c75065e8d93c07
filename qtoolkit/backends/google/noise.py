"""The noise of Google's processors, as their median calibrations tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from qtoolkit._arguments import shown
from qtoolkit._optional import require
from qtoolkit.backends.device_model import DeviceModel
from qtoolkit.backends.google.compiling import compiled_for, noisy_gateset
from qtoolkit.circuit import Circuit, Initialize, Instruction, KrausChannel, ReadoutError
from qtoolkit.errors import BackendError, InputError

if TYPE_CHECKING:
    import cirq

__all__ = ["PROCESSORS", "GoogleNoise"]

PROCESSORS = ("rainbow", "weber", "willow_pink")
"""Processors whose medians come with cirq-google."""


class GoogleNoise(DeviceModel):
    """The noise of one of Google's processors, for simulators of ours: what cirq-google makes of its medians.

    Gates are followed by depolarising noise, coherent errors of their angles and relaxation for as long as they take,
    and readout errs as measured. The noise belongs to the processor's own gates, square roots of iSWAP or controlled Z
    among them, on its grid, so `apply` compiles and routes a circuit with Cirq first. Qubit k of the circuit is qubit k
    of what it returns; those that the router has used besides come behind. Cirq adds no noise to gates in conditions.

    Args:
        processor: ``"rainbow"``, ``"weber"`` or ``"willow_pink"``.

    Raises:
        InputError: if it is none of these.
        MissingExtraError: if cirq-google is not installed.
    """

    refused: ClassVar[tuple[type[Instruction], ...]] = (*DeviceModel.refused, Initialize)

    def __init__(self, processor: str = "rainbow") -> None:
        super().__init__()
        if processor not in PROCESSORS:
            raise InputError(f"medians are at hand of the processors {', '.join(PROCESSORS)}, got {shown(processor)}")
        google = require("cirq_google", extra="google")
        self.processor = processor
        device = google.engine.create_device_from_processor_id(processor)
        properties = google.engine.load_device_noise_properties(processor)
        self._graph = device.metadata.nx_graph
        self._gateset = noisy_gateset(device, properties)
        self._model = google.NoiseModelFromGoogleNoiseProperties(properties)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GoogleNoise) and self.processor == other.processor

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"GoogleNoise({self.processor!r})"

    def __str__(self) -> str:
        return f"the noise of Google's {self.processor}, by its median calibration"

    @property
    def device_name(self) -> str:
        """How messages call the device."""
        return self.processor

    def add(
        self,
        channel: KrausChannel,
        gates: str | int | Iterable[str | int] | None = None,
        qubits: int | Iterable[int] | Iterable[tuple[int, ...]] | None = None,
        *,
        but: str | Iterable[str] = (),
    ) -> Self:
        """Not here: the noise is all that the calibration tells.

        Raises:
            InputError: always, with what to do instead.
        """
        raise self._no_rules()

    def add_readout(self, error: ReadoutError, qubits: int | Iterable[int] | None = None) -> Self:
        """Not here, as `add`.

        Raises:
            InputError: always.
        """
        raise self._no_rules()

    def add_idle(
        self,
        channel: KrausChannel | Callable[[float], KrausChannel],
        qubits: int | Iterable[int] | None = None,
        durations: Mapping[str | int, float] | None = None,
    ) -> Self:
        """Not here, as `add`.

        Raises:
            InputError: always.
        """
        raise self._no_rules()

    def add_relaxation(
        self,
        t1: float,
        t2: float,
        durations: Mapping[str | int, float],
        excited_population: float = 0.0,
        qubits: int | Iterable[int] | None = None,
    ) -> Self:
        """Not here, as `add`.

        Raises:
            InputError: always.
        """
        raise self._no_rules()

    def _no_rules(self) -> InputError:
        return InputError(
            f"the noise of {self.processor} takes no further rules, which would follow its compiled gates; apply a "
            "NoiseModel of them to what apply returns"
        )

    def _compiled_with_noise(self, circuit: Circuit) -> Circuit:
        from qtoolkit.interop.cirq.from_circuit import convert

        noisy, ends = self.compiled(circuit)
        found = convert(noisy, (*ends, *sorted(noisy.all_qubits().difference(ends))))
        return _with_bits_of(circuit, found.circuit, found.records)

    def compiled(self, circuit: Circuit) -> tuple[cirq.Circuit, tuple[cirq.Qid, ...]]:
        """What Cirq makes of a circuit, with its noise, and where each qubit is at the end; `apply` converts it.

        Classical bit k is the key ``bitk``.

        Raises:
            ConversionError, BackendError: as for `apply`.
        """
        import cirq

        from qtoolkit.interop.cirq.to_circuit import to_cirq

        theirs = to_cirq(_with_a_key_for_each_bit(circuit))
        qubits = cirq.LineQubit.range(circuit.num_qubits)
        compiled, ends = compiled_for(theirs, qubits, self._graph, self._gateset, self.processor)
        return compiled.with_noise(self._model), ends


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
