"""`Backend`: the local simulator as a Qiskit backend."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import qiskit.circuit as qc
from qiskit import QuantumCircuit
from qiskit.circuit import library
from qiskit.providers import BackendV2, Options
from qiskit.result import Result as QiskitResult
from qiskit.transpiler import Target

from qtoolkit._arguments import MOST_ITEMS, check_integer, items_of, seed_number
from qtoolkit._version import __version__
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.interop.qiskit.gates import native_gates
from qtoolkit.interop.qiskit.importer import from_qiskit
from qtoolkit.interop.qiskit.job import LocalJob
from qtoolkit.interop.qiskit.prepared import run_as_qiskit
from qtoolkit.primitives import Result
from qtoolkit.simulators import StatevectorSimulator

__all__ = ["Backend"]

_DEFAULT_SHOTS = 1024


class ShotsBackend(BackendV2):  # type: ignore[misc]
    """What backends for Qiskit's programs share: their options, and how circuits are taken."""

    _target: Target

    @property
    def target(self) -> Target:
        """The gates that run without decomposition, and on which qubits."""
        return self._target

    @property
    def max_circuits(self) -> None:
        """No limit."""
        return None

    @classmethod
    def _default_options(cls) -> Options:
        return Options(shots=_DEFAULT_SHOTS, memory=False, seed_simulator=None)

    def _asked(
        self, run_input: QuantumCircuit | Iterable[QuantumCircuit], options: dict[str, Any]
    ) -> tuple[dict[str, Any], list[QuantumCircuit], list[Circuit]]:
        """The options of a run, and its circuits in both forms.

        Raises:
            InputError: for another option, shots below 1, a seed that is none, or what is no circuit.
            ConversionError: naming what a circuit holds that this toolkit lacks.
        """
        check_options(options)
        chosen = {name: options.get(name, self.options.get(name)) for name in ("shots", "memory", "seed_simulator")}
        check_integer(chosen["shots"], "shots", 1)
        if chosen["seed_simulator"] is not None:
            seed_number(chosen["seed_simulator"], "seed_simulator")
        rule = "a backend runs a QuantumCircuit or a sequence of them"
        circuits = [run_input] if isinstance(run_input, QuantumCircuit) else list(items_of(run_input, rule))
        return chosen, circuits, [from_qiskit(circuit) for circuit in circuits]


class Backend(ShotsBackend):
    """Qiskit's `BackendV2` on the local state-vector simulator.

    `run` takes any circuit that `from_qiskit` converts, transpiled or not, with mid-circuit measurement, reset and
    conditions.

    Args:
        num_qubits: the widest circuit to take; by default what fits into memory.
        precision: ``"double"`` or ``"single"``.
        num_threads: threads of the simulator, all cores by default.
        name: shown in results.
        **options: other defaults for ``shots``, ``memory`` and ``seed_simulator``.

    Raises:
        InputError: for another precision, number of threads or option.
    """

    def __init__(
        self,
        num_qubits: int | None = None,
        precision: str = "double",
        num_threads: int | None = None,
        name: str = "qtoolkit_statevector",
        **options: Any,
    ) -> None:
        check_options(options)
        if num_qubits is not None:
            check_integer(num_qubits, "num_qubits", 0, MOST_ITEMS)
        super().__init__(
            name=name, description="State-vector simulator of qtoolkit", backend_version=__version__, **options
        )
        self._simulator = StatevectorSimulator(precision=precision, num_threads=num_threads)
        self._target = _target(num_qubits)

    def run(self, run_input: QuantumCircuit | Iterable[QuantumCircuit], **options: Any) -> LocalJob:
        """Run circuits.

        Args:
            run_input: one circuit or several.
            **options: ``shots`` for each circuit, ``memory`` to keep the bits of each shot, ``seed_simulator``
                to make the result reproducible.

        Raises:
            InputError: for another option, shots below 1, or more qubits than the backend has.
            ConversionError: naming what a circuit holds that cannot be simulated here.
            UnboundParameterError: if a circuit has free parameters.
        """
        chosen, circuits, converted = self._asked(run_input, options)
        for circuit in converted:
            circuit.check_bound()
            if self.num_qubits is not None and circuit.num_qubits > self.num_qubits:
                raise InputError(
                    f"this backend takes at most {self.num_qubits} qubits, got {circuit.num_qubits} in "
                    f"{circuit.name!r}; make it with a larger num_qubits"
                )
        job = LocalJob(self, lambda job_id: self._execute(job_id, circuits, converted, **chosen))
        job.submit()
        return job

    def _execute(
        self,
        job_id: str,
        circuits: Sequence[QuantumCircuit],
        converted: Sequence[Circuit],
        *,
        shots: int,
        memory: bool,
        seed_simulator: int | None,
    ) -> QiskitResult:
        started = time.perf_counter()
        seed = int(np.random.default_rng().integers(1 << 63)) if seed_simulator is None else seed_simulator
        experiments = []
        for number, (source, circuit) in enumerate(zip(circuits, converted, strict=True)):
            experiment = {"shots": shots, "seed_simulator": seed, "data": {}}
            if circuit.num_clbits:
                plan = self._simulator.compile(circuit)
                result = run_as_qiskit(self._simulator, plan, shots, np.random.default_rng((seed, number)))
                experiment |= {"data": data_of(result, memory), "metadata": dict(result.metadata)}
            experiments.append(experiment | description_of(source, circuit))
        return QiskitResult.from_dict(
            {
                "backend_name": self.name,
                "backend_version": self.backend_version,
                "job_id": job_id,
                "success": True,
                "status": "COMPLETED",
                "results": experiments,
                "time_taken": time.perf_counter() - started,
            }
        )


def check_options(options: dict[str, Any]) -> None:
    unknown = sorted(set(options) - {"shots", "memory", "seed_simulator"})
    if unknown:
        raise InputError(f"options of this backend are shots, memory and seed_simulator, got {', '.join(unknown)}")


def data_of(result: Result, memory: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"counts": {hex(int(bits, 2)): count for bits, count in result.counts.items()}}
    if memory:
        data["memory"] = [hex(int(bits, 2)) for bits in result.bitstrings]
    return data


def description_of(source: QuantumCircuit, circuit: Circuit) -> dict[str, Any]:
    covered = [clbit for register in circuit.clbit_registers for clbit in register.clbits]
    header = {
        "name": source.name,
        "n_qubits": source.num_qubits,
        "qreg_sizes": [[register.name, register.size] for register in source.qregs],
        "memory_slots": source.num_clbits,
        "global_phase": float(source.global_phase),
        "metadata": source.metadata or {},
    }
    if covered == list(range(circuit.num_clbits)):  # only then can spaces tell the registers apart
        header["creg_sizes"] = [[register.name, register.size] for register in source.cregs]
    return {"name": source.name, "header": header, "status": "DONE", "success": True}


def _target(num_qubits: int | None) -> Target:
    """Every gate on any qubits, without errors or durations."""
    target = Target(description="qtoolkit state-vector simulator", num_qubits=num_qubits)
    for name, gate in native_gates().items():
        target.add_instruction(gate, name=name)
    for instruction in (qc.Measure(), qc.Reset(), qc.Delay(qc.Parameter("duration"))):
        target.add_instruction(instruction)
    for name, kind in {
        "unitary": library.UnitaryGate,
        "diagonal": library.DiagonalGate,
        "initialize": library.Initialize,
        "if_else": qc.IfElseOp,
        "switch_case": qc.SwitchCaseOp,
        "for_loop": qc.ForLoopOp,
    }.items():
        target.add_instruction(kind, name=name)
    return target
