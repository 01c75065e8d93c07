"""The near-Clifford simulator."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_integer, seeded, shown
from qtoolkit._version import __version__
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.errors import CircuitError, InputError, UnboundParameterError
from qtoolkit.primitives import Result
from qtoolkit.simulators.near_clifford.lowering import lower
from qtoolkit.simulators.near_clifford.program import FrameProgram, compile_program
from qtoolkit.simulators.near_clifford.report import NearCliffordReport, report_of
from qtoolkit.simulators.near_clifford.sampler import sample
from qtoolkit.simulators.noisy import checked_noise, with_noise
from qtoolkit.simulators.options import check_shots, threads_of
from qtoolkit_kernels.team import Team

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["NearCliffordPlan", "NearCliffordSimulator"]


class NearCliffordPlan:
    """A circuit compiled for shots; what is asked for first is compiled then.

    Args:
        circuit: without free parameters.

    Raises:
        CircuitError: if it holds an instruction of an unknown kind, or a matrix on more than four qubits.
    """

    def __init__(self, circuit: Circuit) -> None:
        self._lowered = lower(circuit)
        self.num_clbits = circuit.num_clbits
        self.num_detectors = circuit.num_detectors
        self.num_observables = circuit.num_observables
        self.clbit_registers = circuit.clbit_registers
        self.measures = circuit.num_clbits > 0 and self._lowered.writes_bits

    @cached_property
    def records(self) -> FrameProgram:
        """The program that finds classical bits."""
        return compile_program(self._lowered, 0)

    @cached_property
    def parities(self) -> FrameProgram:
        """The program that finds detectors and observables."""
        return compile_program(self._lowered, self.num_detectors + self.num_observables)


class NearCliffordSimulator:
    """Shots of circuits whose gates are mostly Clifford gates, with any noise, measurement and feedback.

    A Clifford frame, known before the first shot, carries most of the state; amplitudes are held for those qubits only
    that other rotations entangle, and as long as they do. Pauli noise and fair coins cost by their number, whatever the
    number of qubits. See the page on the near-Clifford simulator for what is fast, and `explain` for what a circuit
    takes.

    Args:
        num_threads: 1 to the number of cores; None for all of them. Results do not depend on it.

    Raises:
        InputError: for another number of threads.
    """

    def __init__(self, num_threads: int | None = None) -> None:
        self._team = Team(threads_of(num_threads))

    @property
    def num_threads(self) -> int:
        """Threads that share the shots."""
        return self._team.num_threads

    def __repr__(self) -> str:
        return f"NearCliffordSimulator(num_threads={self.num_threads})"

    def __reduce__(self) -> tuple[type[NearCliffordSimulator], tuple[int]]:
        return NearCliffordSimulator, (self.num_threads,)

    def compile(
        self, circuit: Circuit | NearCliffordPlan, parameters: ParameterValues | None = None
    ) -> NearCliffordPlan:
        """Compile a circuit once, to run it many times.

        Args:
            circuit: any circuit; a plan is returned as it is.
            parameters: values of the free parameters.

        Raises:
            CircuitError: if it holds an instruction of an unknown kind, or a matrix on more than four qubits.
            UnboundParameterError: if a parameter has no value.
        """
        if isinstance(circuit, NearCliffordPlan):
            return circuit
        if not isinstance(circuit, Circuit):
            raise InputError(f"a simulator takes a Circuit or what compile made of one, got {shown(circuit)}")
        bound = circuit if parameters is None else circuit.bind(parameters)
        if bound.num_parameters:
            raise UnboundParameterError(
                f"the circuit has the free parameter {bound.parameters[0].name}; pass values for all of them"
            )
        return NearCliffordPlan(bound)

    def run(
        self,
        circuit: Circuit | NearCliffordPlan,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> Result:
        """Measured bits of `shots` independent runs.

        Args:
            circuit: with a measurement at least; bits never measured are 0.
            shots: at least 1. The first shots of a longer run with the same seed are the same.
            seed: makes the result reproducible; without one, the result carries the seed that was drawn.
            parameters: values of the free parameters.
            noise: is put into the circuit, which must not be compiled then, before it runs.

        Raises:
            CircuitError: if the circuit measures nothing, or entangles more than 40 qubits by rotations.
            InputError: if `shots` is below 1 or `seed` is no integer of at least 0.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if amplitudes or shots do not fit into free memory.
        """
        started = time.perf_counter()
        plan = self.compile(_noisy(circuit, noise), parameters)
        check_shots(shots, plan.measures)
        number, rng = seeded(seed)
        program = plan.records
        words: NDArray[np.uint64] = sample(program, int(shots), rng, self._team, packed=True)  # type: ignore[assignment]
        return Result.from_packed(
            words,
            plan.num_clbits,
            registers=plan.clbit_registers,
            seed=number,
            backend_name="near-clifford",
            metadata={
                "num_threads": self.num_threads,
                "active_qubits": program.peak,
                "wall_time": time.perf_counter() - started,
                "version": __version__,
            },
        )

    def sample_detectors(
        self,
        circuit: Circuit | NearCliffordPlan,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Detectors and logical observables of `shots` independent runs: parities of recorded bits.

        Only what they depend on is simulated, so this takes less time than `run`.

        Args:
            circuit: with a detector or an observable at least.
            shots: at least 1. The first shots of a longer run with the same seed are the same.
            seed: makes the result reproducible.
            parameters: values of the free parameters.
            noise: is put into the circuit, which must not be compiled then, before it runs.

        Returns:
            bool arrays of shape ``(shots, num_detectors)`` and ``(shots, num_observables)``.

        Raises:
            CircuitError: if the circuit declares no detector and no observable, or entangles more than 40 qubits by
                rotations.
            InputError: if `shots` is below 1 or `seed` is no integer of at least 0.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if amplitudes or shots do not fit into free memory.
        """
        plan = self.compile(_noisy(circuit, noise), parameters)
        shots = check_integer(shots, "shots", 1)
        if not plan.num_detectors + plan.num_observables:
            raise CircuitError(
                "a circuit must declare a detector or an observable to be sampled, got none; see detector()"
            )
        _, rng = seeded(seed)
        found = sample(plan.parities, shots, rng, self._team, packed=False).view(np.bool_)
        return found[:, : plan.num_detectors], found[:, plan.num_detectors :]

    def explain(
        self,
        circuit: Circuit | NearCliffordPlan,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> NearCliffordReport:
        """Tell what shots of a circuit take, and why; nothing is run. Print the report to read it.

        Args:
            circuit: as for `run`. With detectors or observables it is explained as `sample_detectors` runs it.
            parameters: values of the free parameters.
            noise: as for `run`.

        Raises:
            CircuitError, InputError: as for `run`.
            UnboundParameterError: if a parameter has no value.
        """
        plan = self.compile(_noisy(circuit, noise), parameters)
        if plan.num_detectors + plan.num_observables:
            return report_of(plan.parities, plan.num_detectors)
        return report_of(plan.records, None)


def _noisy(circuit: Circuit | NearCliffordPlan, noise: NoiseModel | None) -> Circuit | NearCliffordPlan:
    """The circuit with a model's noise.

    Raises:
        InputError: if it is no model, or the circuit is compiled.
    """
    if checked_noise(noise) is None:
        return circuit
    if isinstance(circuit, NearCliffordPlan):
        raise InputError("noise is added to a circuit, got one that is compiled; compile noise.apply(circuit)")
    return with_noise(circuit, noise)  # type: ignore[arg-type]
