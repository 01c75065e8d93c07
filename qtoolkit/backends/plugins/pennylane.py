"""A backend as a PennyLane device."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pennylane.devices import Device, ExecutionConfig
from pennylane.devices.modifiers import simulator_tracking, single_tape_support
from pennylane.devices.preprocess import (
    decompose,
    device_resolve_dynamic_wires,
    validate_device_wires,
    validate_measurements,
)
from pennylane.transforms import broadcast_expand, defer_measurements, split_non_commuting
from pennylane.transforms.core import CompilePipeline, transform

from qtoolkit._arguments import check_seed
from qtoolkit._version import __version__
from qtoolkit.backends.backend import Backend
from qtoolkit.backends.job import check_timeout
from qtoolkit.backends.plugins.cirq import shots_of
from qtoolkit.backends.registry import get_backend
from qtoolkit.circuit import Circuit, StandardGate
from qtoolkit.errors import InputError

__all__ = ["PennyLaneDevice"]

_GATES = {
    "PauliX": "x",
    "PauliY": "y",
    "PauliZ": "z",
    "Hadamard": "h",
    "S": "s",
    "Adjoint(S)": "sdg",
    "T": "t",
    "Adjoint(T)": "tdg",
    "SX": "sx",
    "Adjoint(SX)": "sxdg",
    "RX": "rx",
    "RY": "ry",
    "RZ": "rz",
    "PhaseShift": "p",
    "CNOT": "cx",
    "CY": "cy",
    "CZ": "cz",
    "CH": "ch",
    "SWAP": "swap",
    "ISWAP": "iswap",
    "ECR": "ecr",
    "CRX": "crx",
    "CRY": "cry",
    "CRZ": "crz",
    "ControlledPhaseShift": "cp",
    "IsingXX": "rxx",
    "IsingYY": "ryy",
    "IsingZZ": "rzz",
    "Toffoli": "ccx",
    "CCZ": "ccz",
    "CSWAP": "cswap",
}
"""PennyLane's gates with the same matrix and angles here; it decomposes others into these."""

_NOTHING = {"Identity", "GlobalPhase", "Barrier", "Snapshot"}


@simulator_tracking
@single_tape_support
class PennyLaneDevice(Device):  # type: ignore[misc]  # PennyLane's classes are Any to the type checker
    """A backend of this toolkit behind PennyLane's interface.

    Every measurement is made of samples, so programs must set shots; parameters are differentiated by PennyLane's
    parameter-shift rule. All tapes of an execution that have as many shots are one job.

    Args:
        wires: how many, or their labels; those of each program by default.
        backend: one, or its name as in `get_backend`.
        shots: that programs have unless they set others.
        seed: of the jobs, where the backend takes one.
        timeout: seconds to wait for each job; None waits as long as a job may take.

    Raises:
        InputError, UnknownBackendError: if the backend is none.
    """

    name = "qtoolkit.backend"
    pennylane_requires = ">=0.42"
    version = __version__
    author = "qtoolkit developers"

    def __init__(
        self,
        wires: Any = None,
        backend: Backend | str = "local",
        *,
        shots: Any = None,
        seed: int | None = None,
        timeout: float | None = None,
    ) -> None:
        super().__init__(wires=wires, shots=shots)
        self.backend = get_backend(backend) if isinstance(backend, str) else backend
        self.timeout = check_timeout(timeout)
        self._rng = np.random.default_rng(check_seed(seed))

    def preprocess(self, execution_config: Any = None) -> tuple[Any, Any]:
        """How PennyLane brings a program into gates and samples of the computational basis."""
        program = CompilePipeline()
        program.add_transform(validate_measurements, name=self.name)
        program.add_transform(defer_measurements, allow_postselect=False)
        program.add_transform(split_non_commuting)
        program.add_transform(_in_the_basis_of_samples)
        program.add_transform(
            decompose,
            target_gates={*_GATES, *_NOTHING},
            stopping_condition=_is_native,
            skip_initial_state_prep=False,
            device_wires=self.wires,
            name=self.name,
        )
        program.add_transform(device_resolve_dynamic_wires, wires=self.wires, allow_resets=False)
        program.add_transform(validate_device_wires, wires=self.wires, name=self.name)
        program.add_transform(broadcast_expand)
        return program, ExecutionConfig() if execution_config is None else execution_config

    def execute(self, circuits: Any, execution_config: Any = None) -> tuple[Any, ...]:
        """Run tapes.

        Raises:
            InputError: if a tape sets no shots.
            QToolkitError: as for `Backend.run` and `Job.result`.
        """
        tapes = list(circuits)
        samples: dict[int, NDArray[np.uint8]] = {}
        by_shots: dict[int, list[int]] = {}
        for index, tape in enumerate(tapes):
            if not tape.shots:
                raise InputError("a backend measures shots, got a program without; use qml.set_shots(1000)")
            by_shots.setdefault(tape.shots.total_shots, []).append(index)
        for shots, indices in by_shots.items():
            job = self.backend.run([self._circuit(tapes[index]) for index in indices], shots, self._rng)
            for index, result in zip(indices, job.result(self.timeout), strict=True):
                samples[index] = shots_of(result)
        return tuple(self._measured(tape, samples[index]) for index, tape in enumerate(tapes))

    def _circuit(self, tape: Any) -> Circuit:
        """A tape as a circuit that measures every wire, bit k that of wire k of `_labels`."""
        places = {wire: place for place, wire in enumerate(self._labels(tape))}
        circuit = Circuit(max(1, len(places)))
        for operation in tape.operations:
            if operation.name not in _NOTHING:
                angles = [float(angle) for angle in operation.parameters]
                circuit.append(StandardGate(_GATES[operation.name], angles), [places[wire] for wire in operation.wires])
        return circuit.measure_all("samples")

    def _labels(self, tape: Any) -> Any:
        """Labels of a tape's wires, in their order on the device."""
        return self.wires or tape.wires

    def _measured(self, tape: Any, samples: NDArray[np.uint8]) -> Any:
        """The measurements of a tape: for each part of its shots, if these are parts, one or several."""
        parts = [samples[first:last].astype(np.int64) for first, last in tape.shots.bins()]
        found = []
        for part in parts:
            values = tuple(item.process_samples(part, self._labels(tape)) for item in tape.measurements)
            found.append(values[0] if len(values) == 1 else values)
        return tuple(found) if tape.shots.has_partitioned_shots else found[0]


@transform  # type: ignore[untyped-decorator]
def _in_the_basis_of_samples(tape: Any) -> tuple[list[Any], Any]:
    """The gates behind which the observables of a tape, which commute, are diagonal."""
    operations = [*tape.operations, *tape.diagonalizing_gates]
    return [tape.copy(operations=operations)], lambda results: results[0]


def _is_native(operation: Any) -> bool:
    return operation.name in _GATES or operation.name in _NOTHING
