"""Memory experiments of the rotated surface code, by itself: how often it loses a stored logical state."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from qtoolkit._arguments import check_callable, shown
from qtoolkit._checks import require_choice
from qtoolkit._memory import check_memory
from qtoolkit._optional import require
from qtoolkit.applications.qec._validation import require_count, require_rate
from qtoolkit.applications.qec.codes import RotatedSurfaceCode
from qtoolkit.applications.qec.decoders import CheckedDecoder, Decoder
from qtoolkit.applications.qec.decoders.protocol import check_decoder
from qtoolkit.applications.qec.experiments.collect import ExperimentProgress, run_experiment
from qtoolkit.applications.qec.experiments.result import ExperimentResult
from qtoolkit.applications.qec.experiments.store import ExperimentStore
from qtoolkit.applications.qec.experiments.task import ExperimentTask
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import stim

__all__ = [
    "Basis",
    "MemoryExperiment",
    "NoiseKind",
    "memory_experiment",
]

Basis: TypeAlias = Literal["x", "z"]
"""The logical Pauli operator whose eigenstate is stored and read."""

NoiseKind: TypeAlias = Literal["circuit_level", "phenomenological", "code_capacity"]
"""Which operations of the circuit are noisy; see `MemoryExperiment`."""

_MAX_DEPOLARISING_RATE = 0.75
_BYTES_PER_DETECTOR = 1000
"""Of a detector error model with its matching graph, about."""


@dataclass(frozen=True)
class MemoryExperiment:
    """A rotated surface code that stores a logical eigenstate for a number of rounds; compiled once, run many times.

    Kinds of noise, all with the one rate p:

    - ``circuit_level``: depolarising after every gate and on data qubits before each round, bit flips after every
      reset and before every measurement.
    - ``phenomenological``: depolarising on data qubits before each round and flips before every measurement,
      the final one of the data qubits included.
    - ``code_capacity``: depolarising on data qubits before each round; nothing else fails.

    Depolarising one qubit at rate p applies X, Y or Z with probability p/3 each; two qubits, one of the fifteen
    Pauli products with probability p/15 each.

    Source: Dennis et al., J. Math. Phys. 43, 4452 (2002); Fowler et al., Phys. Rev. A 86, 032324 (2012).

    The decoder is an object with ``compile(model)``, or a name of `DECODERS`.

    Raises:
        InputError: if rounds < 1, the rate lies outside [0, 3/4], basis or noise is none of those listed, or the code
            or the decoder is none.
        InsufficientMemoryError: if there is no memory for so many rounds.
    """

    code: RotatedSurfaceCode
    rounds: int
    physical_error_rate: float
    basis: Basis = "z"
    noise: NoiseKind = "circuit_level"
    decoder: Decoder | str = "matching"

    def __post_init__(self) -> None:
        if not isinstance(self.code, RotatedSurfaceCode):
            raise InputError(
                f"code must be a RotatedSurfaceCode, got {shown(self.code)}; memories of other codes are tasks: "
                "memory_tasks, or ExperimentTask(memory_circuit(code, ...), decoder)"
            )
        check_decoder(self.decoder)
        rate = require_rate("physical_error_rate", self.physical_error_rate, _MAX_DEPOLARISING_RATE)
        object.__setattr__(self, "rounds", require_count("rounds", self.rounds))
        check_memory(
            _BYTES_PER_DETECTOR * self.rounds * self.code.distance**2,
            f"noise of {shown(self.rounds)} rounds",
            "take fewer",
        )
        object.__setattr__(self, "physical_error_rate", rate)
        require_choice("basis", self.basis, get_args(Basis))
        require_choice("noise", self.noise, get_args(NoiseKind))

    @cached_property
    def circuit(self) -> stim.Circuit:
        """The noisy circuit with its detectors and its one observable.

        Raises:
            MissingExtraError: if Stim is not installed.
        """
        p = self.physical_error_rate
        rates = {"before_round_data_depolarization": p}
        if self.noise != "code_capacity":
            rates["before_measure_flip_probability"] = p
        if self.noise == "circuit_level":
            rates |= {"after_clifford_depolarization": p, "after_reset_flip_probability": p}
        return require("stim", extra="qec").Circuit.generated(
            f"surface_code:rotated_memory_{self.basis}", distance=self.code.distance, rounds=self.rounds, **rates
        )

    @property
    def detector_error_model(self) -> stim.DetectorErrorModel:
        """The error mechanisms of the circuit, decomposed into graph-like parts where the decoder takes those."""
        return self.task.model

    @cached_property
    def compiled_decoder(self) -> CheckedDecoder:
        """The decoder, compiled for the detector error model.

        Raises:
            InputError: if it compiles to none, or does not take the model.
            MissingExtraError: if it needs a package that is not installed.
        """
        return self.task.compiled()

    @cached_property
    def task(self) -> ExperimentTask:
        """What `run` samples and decodes.

        Raises:
            MissingExtraError: if Stim is not installed.
        """
        return self._task(None)

    def run(
        self,
        *,
        max_shots: int,
        max_errors: int | None = None,
        relative_error: float | None = None,
        seed: int | np.random.Generator | None = None,
        batch_shots: int | None = None,
        previous: ExperimentResult | None = None,
        store: ExperimentStore | None = None,
        executor: Executor | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> ExperimentResult:
        """Sample and decode until a limit is met; `run_experiments` says how.

        Args:
            max_shots: shots at which to stop; those of `previous` count.
            max_errors: logical errors at which to stop, at the end of a batch.
            relative_error: standard error over rate at which to stop.
            seed: seed of the run; leave it out when continuing, where the seed of `previous` goes on.
            batch_shots: shots drawn at once; those of `previous`, or as many as `ExperimentTask` takes.
            previous: result to continue; what comes is what one run of as many shots would have come to.
            store: where batches are read from and kept.
            executor: any of `concurrent.futures`.
            progress: called after each batch with the shots drawn so far and `max_shots`.

        Raises:
            InputError: if a limit or the batch size is below 1, `previous` is of another experiment or seed, or the
                decoder returns anything but bits of shape (shots, observables).
            InsufficientMemoryError: if there is no memory for a batch.
            MissingExtraError: if Stim or PyMatching is not installed.
        """
        if batch_shots is None and isinstance(previous, ExperimentResult):
            batch_shots = previous.batch_shots
        task = self.task if batch_shots is None else self._task(batch_shots)
        if progress is not None:
            check_callable(progress, "progress")

        def tell(state: ExperimentProgress) -> None:
            if progress is not None:
                progress(state.shots, max_shots)

        return run_experiment(
            task,
            max_shots=max_shots,
            max_errors=max_errors,
            relative_error=relative_error,
            seed=seed,
            previous=previous,
            store=store,
            executor=executor,
            progress=tell,
        )

    def _task(self, batch_shots: int | None) -> ExperimentTask:
        return ExperimentTask(
            self.circuit,
            self.decoder,
            rounds=self.rounds,
            labels={
                "code": "rotated-surface",
                "distance": self.code.distance,
                "physical_error_rate": self.physical_error_rate,
                "basis": self.basis,
                "noise": self.noise,
            },
            batch_shots=batch_shots,
        )


def memory_experiment(
    distance: int,
    rounds: int,
    physical_error_rate: float,
    *,
    shots: int,
    basis: Basis = "z",
    noise: NoiseKind = "circuit_level",
    max_errors: int | None = None,
    seed: int | np.random.Generator | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ExperimentResult:
    """Run one memory experiment of the rotated surface code; `MemoryExperiment` offers every choice.

    Raises:
        InputError: for an even distance, rounds < 1, shots < 1 or a rate outside [0, 3/4].
        MissingExtraError: if Stim or PyMatching is not installed.
    """
    shots = require_count("shots", shots)
    experiment = MemoryExperiment(RotatedSurfaceCode(distance), rounds, physical_error_rate, basis, noise)
    return experiment.run(max_shots=shots, max_errors=max_errors, seed=seed, progress=progress)
