"""The noise of IBM's devices, as their calibrations tell it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qtoolkit._arguments import check_instance
from qtoolkit._optional import require
from qtoolkit.backends.device_model import DeviceModel
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.compact import moved

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.providers import BackendV2

__all__ = ["IBMNoise"]


class IBMNoise(DeviceModel):
    """The noise of a Qiskit device, for simulators of ours: what Aer makes of its calibration.

    Gates are followed by depolarising noise and relaxation such that their average errors are those of the
    calibration, and measurements are misread as it says; what waits stays as it is. The noise belongs to the device's
    own gates on its own couplings, so `apply` compiles a circuit for the device first, as `IBMBackend` does. Qubit k of
    the circuit is qubit k of what it returns; those that the compiler has used besides come behind.

    Args:
        device: a Qiskit backend with properties, such as a fake one of `qiskit_ibm_runtime`.
        optimization_level: of the transpiler, 0 to 3.
        seed: of the transpiler.
        layout: the device's qubit for each qubit of a circuit; the compiler chooses without.

    Raises:
        InputError: if it is no Qiskit backend, or the layout has no distinct qubits of it.
        MissingExtraError: if Qiskit's Aer is not installed.
    """

    def __init__(
        self, device: BackendV2, optimization_level: int = 1, seed: int = 0, layout: Sequence[int] | None = None
    ) -> None:
        from qiskit.providers import BackendV2

        from qtoolkit.backends.ibm.circuits import check_layout
        from qtoolkit.interop.qiskit.noise import NAMES, model_with_names

        super().__init__()
        self.device = check_instance(device, BackendV2, "an IBM device is a Qiskit BackendV2")
        self.optimization_level = optimization_level
        self.seed = seed
        self.layout = check_layout(layout, self.device.num_qubits)
        noise = require("qiskit_aer.noise", extra="ibm")
        # u2 is one pulse, u3 are two: its error is that of the square root of X that `_with_roots` writes for it.
        model = model_with_names(noise.NoiseModel.from_backend(device), {**NAMES, "u2": "sx"}, noise)
        self._rules, self._readouts = model._rules, model._readouts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IBMNoise) and self._key() == other._key()

    __hash__ = None  # type: ignore[assignment]

    def _key(self) -> tuple[object, ...]:
        return self.device.name, self.optimization_level, self.seed, self.layout, self.rules

    def __repr__(self) -> str:
        return f"IBMNoise({self.device.name}, optimization_level={self.optimization_level}, seed={self.seed})"

    def __str__(self) -> str:
        return f"the noise of IBM's {self.device.name}, by its calibration"

    @property
    def device_name(self) -> str:
        """How messages call the device."""
        name: str = self.device.name
        return name

    def _compiled_with_noise(self, circuit: Circuit) -> Circuit:
        from qtoolkit.backends.ibm.circuits import device_circuit
        from qtoolkit.interop.qiskit import from_qiskit
        from qtoolkit.noise.insertion import Writer

        compiled = device_circuit(circuit, self.device, self.optimization_level, self.seed, self.layout)
        converted = from_qiskit(_with_roots(compiled))
        return _on_own_qubits(
            Writer(self._rules, self._readouts, self._idles).written(converted), compiled.layout, circuit
        )


def _with_roots(circuit: QuantumCircuit) -> QuantumCircuit:
    """The circuit with a square root of X, between phases, for each u2."""
    from qiskit.circuit import ControlFlowOp

    result = circuit.copy_empty_like()
    for item in circuit.data:
        operation = item.operation
        if operation.name == "u2":
            phi, lam = operation.params
            result.p(lam - math.pi / 2, item.qubits)
            result.sx(item.qubits)
            result.p(phi + math.pi / 2, item.qubits)
            result.global_phase -= math.pi / 4
            continue
        if isinstance(operation, ControlFlowOp):
            operation = operation.replace_blocks([_with_roots(block) for block in operation.blocks])
        result.append(operation, item.qubits, item.clbits)
    return result


def _on_own_qubits(noisy: Circuit, layout: Any, circuit: Circuit) -> Circuit:
    """The circuit with each qubit where it was before it was laid out; each starts in |0⟩, wherever that is."""
    ends = list(range(circuit.num_qubits)) if layout is None else layout.final_index_layout()
    touched = {qubit for operation in noisy.operations for qubit in operation.qubits}
    order = [*ends, *sorted(touched.difference(ends))]
    result = moved(noisy, {qubit: place for place, qubit in enumerate(order)})
    result.name = circuit.name
    return result
