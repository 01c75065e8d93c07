"""What a backend can do, and the check that refuses a circuit before anything is submitted."""

from __future__ import annotations

from dataclasses import dataclass

from qtoolkit._arguments import check_instance, check_integer, shown
from qtoolkit.circuit import (
    Barrier,
    Circuit,
    Decode,
    IfElse,
    Initialize,
    KrausChannel,
    Measure,
    ReadoutError,
    Reset,
)
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.operation import everything_in
from qtoolkit.errors import BackendError, CircuitError, InputError

__all__ = ["Capabilities"]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a backend can do.

    Attributes:
        num_qubits: the widest circuit it takes; None where only memory sets the limit.
        max_shots: the most shots of one circuit; None where there is no limit.
        max_circuits: the most circuits of one submission; None where there is no limit. More are sent in several.
        native_gates: this toolkit's names of the gates it runs as they are; None where that is every gate. Others are
            decomposed on the way, so this is a fact to plan with and no rule.
        connectivity: pairs of qubits that a two-qubit gate can join; None where that is every pair. Circuits are
            routed on the way.
        supports_mid_circuit_measurement: whether a qubit can be used after its measurement.
        supports_conditionals: whether measured bits can decide what runs (`Circuit.if_`).
        supports_reset: whether a used qubit can be put back into ``|0⟩``.
        supports_noise: whether it runs channels and readout errors that a circuit holds.
        supports_decoders: whether it calls decoders in the middle of a circuit (`Circuit.decode`).
        supports_seed: whether a seed reproduces a result. Where it cannot, `Result.seed` is None, whatever was asked.
        supports_memory: whether `Result.memory` holds the bits of every shot, and not counts alone.
        is_simulator: false for quantum hardware.
        is_local: whether circuits stay on this machine.
    """

    num_qubits: int | None
    max_shots: int | None = None
    max_circuits: int | None = None
    native_gates: frozenset[str] | None = None
    connectivity: tuple[tuple[int, int], ...] | None = None
    supports_mid_circuit_measurement: bool = False
    supports_conditionals: bool = False
    supports_reset: bool = False
    supports_noise: bool = False
    supports_decoders: bool = False
    supports_seed: bool = False
    supports_memory: bool = False
    is_simulator: bool = True
    is_local: bool = True

    def check(self, circuit: Circuit, shots: int, name: str = "this backend") -> None:
        """Raise if the backend cannot run a circuit.

        Args:
            circuit: with every parameter bound.
            shots: number of shots.
            name: the backend's name, for the message.

        Raises:
            InputError: if `shots` is not an integer of at least 1.
            UnboundParameterError: if a parameter has no value.
            CircuitError: if the circuit measures nothing.
            BackendError: naming what the backend cannot do and what to do instead.
        """
        check_integer(shots, "shots", 1)
        check_instance(name, str, "a backend's name must be a string")
        check_instance(circuit, Circuit, "a backend runs a Circuit", InputError)
        if self.max_shots is not None and shots > self.max_shots:
            raise BackendError(f"{name} takes at most {self.max_shots} shots, got {shown(shots)}; run several jobs")
        if self.num_qubits is not None and circuit.num_qubits > self.num_qubits:
            raise BackendError(
                f"{name} has {self.num_qubits} qubits, got a circuit of {circuit.num_qubits}; take a larger backend"
            )
        circuit.check_bound()
        if not any(isinstance(operation.gate, Measure) for operation in everything_in(circuit.operations)):
            raise CircuitError("a circuit must measure something to be run, got no measurement; add measure_all()")
        self._check_dynamics(circuit, name)

    def _check_dynamics(self, circuit: Circuit, name: str) -> None:
        body, _ = circuit.split_final_measurements()
        remedy = "run it on the backend local, or rewrite the circuit without"
        for operation in everything_in(body.operations):
            if isinstance(operation.gate, KrausChannel | ReadoutError) and not self.supports_noise:
                raise BackendError(
                    f"{name} runs circuits without noise of their own, got {operation.gate.name}; {remedy}"
                )
            if isinstance(operation.gate, Decode) and not self.supports_decoders:
                raise BackendError(f"{name} calls no decoders, got {operation.gate.name}; {remedy}")
        if not self.supports_conditionals and any(isinstance(op.gate, IfElse) for op in body.operations):
            raise BackendError(f"{name} runs no operations under a condition, got if_; {remedy}")
        for operation in everything_in(body.operations):
            if isinstance(operation.gate, Measure) and not self.supports_mid_circuit_measurement:
                raise BackendError(
                    f"{name} measures only at the end of a circuit, got a measurement of qubit {operation.qubits[0]} "
                    f"with operations after it; {remedy}"
                )
        if self.supports_reset:
            return
        used: set[int] = set()
        for operation in everything_in(body.operations):
            again = used.intersection(operation.qubits)
            if isinstance(operation.gate, Reset) or (isinstance(operation.gate, Initialize) and again):
                qubit = min(again) if again else operation.qubits[0]
                raise BackendError(f"{name} cannot reset qubits, got {operation.gate.name} on qubit {qubit}; {remedy}")
            if not isinstance(operation.gate, (Barrier, *ANNOTATIONS)):
                used.update(operation.qubits)
