"""`QuantinuumLocalBackend`: the emulators of Quantinuum's SDK in this process."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Executor
from functools import cached_property, partial
from typing import Any

import numpy as np

from qtoolkit._memory import check_memory
from qtoolkit.backends.backend import Request
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.backends.compiling.transpiler import check_level
from qtoolkit.backends.futures import InProcessBackend
from qtoolkit.backends.job import Job
from qtoolkit.backends.quantinuum.compiling import compiled, native_gates
from qtoolkit.backends.quantinuum.sdk import sdk
from qtoolkit.backends.quantinuum.writing import bit_of
from qtoolkit.circuit import Circuit
from qtoolkit.errors import BackendError
from qtoolkit.primitives import Result

__all__ = ["QuantinuumLocalBackend"]

_EMULATOR = threading.Lock()
"""The emulators draw from one generator of the process, so that they run one by one, each from its seed."""


class QuantinuumLocalBackend(InProcessBackend):
    """A local emulator of Quantinuum's SDK: a state vector without noise, in the gates and the limits of the device.

    Args:
        device: ``"H1-1LE"`` or ``"H2-1LE"``.
        optimization_level: of TKET, 0 to 3.
        executor: runs the circuits, by default one after the other in a thread of the backend's own.

    Raises:
        InputError: for another optimization level.
        BackendError: if the installed SDK has no such emulator.
        MissingExtraError: if pytket-quantinuum or its emulator is not installed.
    """

    def __init__(self, device: str, optimization_level: int = 2, executor: Executor | None = None) -> None:
        super().__init__(f"quantinuum:{device}", executor)
        self.optimization_level = check_level(optimization_level)
        sdk("pytket_pecos")
        self._open = partial(sdk().QuantinuumBackend, device, api_handler=sdk().QuantinuumAPIOffline())
        self.device = self._open()
        try:
            self._info = self.device.backend_info
        except Exception as error:
            raise BackendError(
                f"the installed pytket-quantinuum has no emulator {device}; another version may"
            ) from error

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the device says of itself; the state vector may need more memory than there is long before."""
        return Capabilities(
            num_qubits=self._info.n_nodes,
            max_shots=self._info.misc["max_n_shots"],
            native_gates=native_gates(["Rz", "RZZ"]),
            supports_mid_circuit_measurement=True,
            supports_conditionals=True,
            supports_reset=True,
            supports_seed=True,
            supports_memory=True,
        )

    def _submit(self, request: Request) -> Job[Any]:
        programs = [compiled(circuit, self.device, self.optimization_level) for circuit in request.circuits]
        for program in programs:
            what = f"a state vector of {program.n_qubits} qubits in Quantinuum's emulator"
            check_memory(16 << program.n_qubits, what, "use fewer qubits, or a service")
        calls = [
            (self._run_here, (circuit, program, request.shots, seed))
            for circuit, program, seed in zip(request.circuits, programs, request.seeds, strict=True)
        ]
        return self._start(request, calls)

    def _run_here(self, circuit: Circuit, program: Any, shots: int, seed: int | None) -> Result:
        from pytket.circuit import Bit, OpType

        with _EMULATOR:
            started = time.perf_counter()
            emulator = self._open()  # it keeps every program and result for as long as it lives
            handle = emulator.process_circuit(_in_one_order(program), n_shots=shots, seed=_short(seed))
            answer = emulator.get_result(handle)
            seconds = time.perf_counter() - started
        bits = [Bit(*bit_of(clbit)) for clbit in range(circuit.num_clbits)]
        memory = np.asarray(answer.get_shots(cbits=bits), dtype=np.uint8)
        evidence = {
            "device": self._info.device_name,
            "depth": program.depth(),
            "two_qubit_gates": program.n_gates_of_type(OpType.ZZPhase),
            "wall_time": seconds,
            "sdk": f"pytket-quantinuum {self._info.version}",
        }
        return Result.from_memory(
            memory, registers=circuit.clbit_registers, seed=seed, backend_name=self.name, metadata=evidence
        )


def _in_one_order(program: Any) -> Any:
    """The program with a barrier before whatever draws a random number.

    The emulator takes measurements that do not depend on each other in an order that changes from run to run, and
    with it which of them gets which number.
    """
    from pytket.circuit import Circuit as TketCircuit
    from pytket.circuit import OpType

    result = TketCircuit()
    for qubit in program.qubits:
        result.add_qubit(qubit)
    for bit in program.bits:
        result.add_bit(bit)
    for command in program.get_commands():
        if command.op.type in (OpType.Measure, OpType.Reset, OpType.Conditional):
            result.add_barrier(program.qubits)
        result.add_gate(command.op, command.args)
    return result


def _short(seed: int | None) -> int | None:
    """A seed in the range that the emulator takes."""
    return None if seed is None else int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] >> 1)
