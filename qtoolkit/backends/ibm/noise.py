"""The noise of IBM's devices, as their calibrations tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtoolkit._arguments import check_instance
from qtoolkit._optional import require
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.compact import moved
from qtoolkit.errors import InputError
from qtoolkit.noise import NoiseModel

if TYPE_CHECKING:
    from qiskit.providers import BackendV2

__all__ = ["IBMNoise"]


class IBMNoise(NoiseModel):
    """The noise of a Qiskit device, for simulators of ours: what Aer makes of its calibration.

    Gates are followed by depolarising noise and relaxation such that their average errors are those of the
    calibration, and measurements are misread as it says. The noise belongs to the device's own gates on its own
    couplings, so `apply` compiles a circuit for the device first, as `IBMBackend` does. Qubit k of the circuit is qubit
    k of what it returns; those that the compiler has used besides come behind.

    Args:
        device: a Qiskit backend with properties, such as a fake one of `qiskit_ibm_runtime`.
        optimization_level: of the transpiler, 0 to 3.
        seed: of the transpiler.

    Raises:
        InputError: if it is no Qiskit backend.
        MissingExtraError: if Qiskit's Aer is not installed.
    """

    def __init__(self, device: BackendV2, optimization_level: int = 1, seed: int = 0) -> None:
        from qiskit.providers import BackendV2

        from qtoolkit.interop.qiskit.noise import from_aer_noise

        super().__init__()
        self.device = check_instance(device, BackendV2, "an IBM device is a Qiskit BackendV2")
        self.optimization_level = optimization_level
        self.seed = seed
        model = from_aer_noise(require("qiskit_aer.noise", extra="ibm").NoiseModel.from_backend(device))
        self._rules, self._readouts = model._rules, model._readouts

    def __repr__(self) -> str:
        return f"IBMNoise({self.device.name}, optimization_level={self.optimization_level}, seed={self.seed})"

    def apply(self, circuit: Circuit) -> Circuit:
        """The circuit in the device's gates, with its noise.

        Raises:
            InputError: if it is no circuit.
            BackendError: if it does not fit the device.
        """
        from qtoolkit.backends.ibm.circuits import device_circuit
        from qtoolkit.interop.qiskit import from_qiskit

        check_instance(circuit, Circuit, "noise is added to a Circuit", remedy="add it before compiling")
        if circuit.parameters:
            raise InputError(f"a circuit is compiled for {self.device.name} when its parameters are bound")
        compiled = device_circuit(circuit, self.device, self.optimization_level, self.seed)
        noisy = super().apply(from_qiskit(compiled))
        return _on_own_qubits(noisy, compiled.layout, circuit)


def _on_own_qubits(noisy: Circuit, layout: Any, circuit: Circuit) -> Circuit:
    """The circuit with each qubit where it was before it was laid out; each starts in |0⟩, wherever that is."""
    ends = list(range(circuit.num_qubits)) if layout is None else layout.final_index_layout()
    touched = {qubit for operation in noisy.operations for qubit in operation.qubits}
    order = [*ends, *sorted(touched.difference(ends))]
    result = moved(noisy, {qubit: place for place, qubit in enumerate(order)})
    result.name = circuit.name
    return result
