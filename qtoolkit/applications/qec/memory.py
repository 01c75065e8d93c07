"""Memory experiments: how often a surface code loses a stored logical state, with a confidence interval."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit._memory import check_memory
from qtoolkit._optional import require
from qtoolkit._version import __version__
from qtoolkit.applications.qec._validation import (
    require_count,
    require_rate,
    root_entropy,
)
from qtoolkit.applications.qec.codes import RotatedSurfaceCode
from qtoolkit.applications.qec.decoders.protocol import CheckedDecoder, Decoder, check_decoder, compile_decoder
from qtoolkit.applications.qec.intervals import clopper_pearson, per_round_rate
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    import stim

__all__ = ["Basis", "MemoryExperiment", "MemoryResult", "NoiseKind", "memory_experiment"]

Basis: TypeAlias = Literal["x", "z"]
"""The logical Pauli operator whose eigenstate is stored and read."""

NoiseKind: TypeAlias = Literal["circuit_level", "phenomenological", "code_capacity"]
"""Which operations of the circuit are noisy; see `MemoryExperiment`."""

_MAX_DEPOLARISING_RATE = 0.75
_BYTES_PER_DETECTOR = 1000
"""Of a detector error model with its matching graph, about."""


@dataclass(frozen=True)
class MemoryResult:
    """Counted logical errors of one memory experiment, with what is needed to repeat or to continue it.

    Attributes:
        distance: code distance.
        rounds: rounds of stabilizer measurement.
        physical_error_rate: the single parameter of the noise.
        basis: stored logical eigenstate.
        noise: kind of noise.
        decoder: name of the decoder.
        shots: runs of the experiment.
        errors: runs whose logical flip the decoder mispredicted.
        seed: root seed; batch k is drawn from ``SeedSequence(seed, spawn_key=(k,))``. A seed repeats a run only
            with the same versions, batch size and processor vector width, on which Stim's random stream depends.
        batches: batches drawn, which is also the index of the next one.
        wall_time: seconds of sampling and decoding.
        versions: package name to version.
    """

    distance: int
    rounds: int
    physical_error_rate: float
    basis: Basis
    noise: NoiseKind
    decoder: str
    shots: int
    errors: int
    seed: int
    batches: int
    wall_time: float = field(compare=False)
    versions: dict[str, str] = field(compare=False, repr=False)

    @property
    def logical_error_rate(self) -> float:
        """Fraction of shots with a logical error."""
        return self.errors / self.shots

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Clopper–Pearson interval of the logical error rate at 95 %."""
        return clopper_pearson(self.errors, self.shots)

    @property
    def logical_error_rate_per_round(self) -> float:
        """The logical error rate of one round; see `per_round_rate`."""
        return per_round_rate(self.logical_error_rate, self.rounds)

    @property
    def confidence_interval_per_round(self) -> tuple[float, float]:
        """Clopper–Pearson interval at 95 %, both ends converted to one round."""
        low, high = self.confidence_interval
        return per_round_rate(low, self.rounds), per_round_rate(high, self.rounds)


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
            raise InputError(f"code must be a RotatedSurfaceCode, got {shown(self.code)}")
        check_decoder(self.decoder)
        rate = require_rate("physical_error_rate", self.physical_error_rate, _MAX_DEPOLARISING_RATE)
        object.__setattr__(self, "rounds", require_count("rounds", self.rounds))
        check_memory(
            _BYTES_PER_DETECTOR * self.rounds * self.code.distance**2, f"noise of {self.rounds} rounds", "take fewer"
        )
        object.__setattr__(self, "physical_error_rate", rate)
        for name, value, known in (("basis", self.basis, Basis), ("noise", self.noise, NoiseKind)):
            if value not in get_args(known):
                raise InputError(f"{name} must be one of {', '.join(get_args(known))}, got {value!r}")

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

    @cached_property
    def detector_error_model(self) -> stim.DetectorErrorModel:
        """The error mechanisms of the circuit, decomposed into graph-like parts."""
        return self.circuit.detector_error_model(decompose_errors=True)

    @cached_property
    def compiled_decoder(self) -> CheckedDecoder:
        """The decoder, compiled for the detector error model.

        Raises:
            InputError: if it compiles to none, or does not take the model.
            MissingExtraError: if it needs a package that is not installed.
        """
        return compile_decoder(self.decoder, self.detector_error_model)

    def run(
        self,
        *,
        max_shots: int,
        max_errors: int | None = None,
        seed: int | np.random.Generator | None = None,
        batch_shots: int = 8192,
        previous: MemoryResult | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> MemoryResult:
        """Sample and decode until `max_shots` shots are drawn or `max_errors` errors are seen.

        Both limits count the shots and errors of `previous`, if given. The limit on errors is looked at after each
        batch, so the last batch is never cut short in the middle, which would bias the rate.

        Args:
            max_shots: shots at which to stop.
            max_errors: logical errors at which to stop.
            seed: seed of the run; leave it out when continuing, where the seed of `previous` goes on.
            batch_shots: shots sampled and decoded at once.
            previous: result to continue; its batches and those drawn here are statistically independent.
            progress: called after each batch with the shots drawn so far and `max_shots`.

        Raises:
            InputError: if a limit or the batch size is below 1, `previous` is of another experiment or seed, or the
                decoder returns anything but bits of shape (shots, observables).
            InsufficientMemoryError: if there is no memory for a batch.
            MissingExtraError: if Stim or PyMatching is not installed.
        """
        max_shots = require_count("max_shots", max_shots)
        batch_shots = require_count("batch_shots", batch_shots)
        if max_errors is not None:
            max_errors = require_count("max_errors", max_errors)
        drawn_at_once = min(batch_shots, max_shots)
        columns = int(self.circuit.num_detectors) + int(self.circuit.num_observables)
        check_memory(2 * drawn_at_once * columns, f"a batch of {drawn_at_once} shots", "take a smaller batch_shots")
        if previous is None:
            root, shots, errors, batches, spent = root_entropy(seed), 0, 0, 0, 0.0
        else:
            self._require_continuable(previous, seed)
            root, shots, errors = previous.seed, previous.shots, previous.errors
            batches, spent = previous.batches, previous.wall_time

        start = time.perf_counter()
        while shots < max_shots and (max_errors is None or errors < max_errors):
            drawn = min(batch_shots, max_shots - shots)
            errors += self._count_errors(drawn, np.random.SeedSequence(root, spawn_key=(batches,)))
            shots += drawn
            batches += 1
            if progress is not None:
                progress(shots, max_shots)
        return MemoryResult(
            distance=self.code.distance,
            rounds=self.rounds,
            physical_error_rate=self.physical_error_rate,
            basis=self.basis,
            noise=self.noise,
            decoder=self.compiled_decoder.name,
            shots=shots,
            errors=errors,
            seed=root,
            batches=batches,
            wall_time=spent + time.perf_counter() - start,
            versions=_versions(),
        )

    def _count_errors(self, shots: int, seed: np.random.SeedSequence) -> int:
        sampler = self.circuit.compile_detector_sampler(seed=int(seed.generate_state(1, np.uint64)[0]))
        events, flips = sampler.sample(shots, separate_observables=True)
        predictions = self.compiled_decoder.decode_batch(events)
        return int(np.count_nonzero(np.any(predictions != flips, axis=1)))

    def _require_continuable(self, previous: MemoryResult, seed: int | np.random.Generator | None) -> None:
        if not isinstance(previous, MemoryResult):
            raise InputError(f"previous must be a MemoryResult, got {shown(previous)}")
        ours = (self.code.distance, self.rounds, self.physical_error_rate, self.basis, self.noise)
        theirs = (
            previous.distance,
            previous.rounds,
            previous.physical_error_rate,
            previous.basis,
            previous.noise,
        )
        if (*ours, self.compiled_decoder.name) != (*theirs, previous.decoder):
            raise InputError(
                "only a result of the same experiment can be continued, got "
                f"{(*theirs, previous.decoder)} for {(*ours, self.compiled_decoder.name)}"
            )
        if seed is not None and seed != previous.seed:
            raise InputError(
                f"a continued run keeps its seed {previous.seed}, got {seed}: leave seed out, or start a separate run"
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
) -> MemoryResult:
    """Run one memory experiment of the rotated surface code; `MemoryExperiment` offers every choice.

    Raises:
        InputError: for an even distance, rounds < 1, shots < 1 or a rate outside [0, 3/4].
        MissingExtraError: if Stim or PyMatching is not installed.
    """
    shots = require_count("shots", shots)
    experiment = MemoryExperiment(RotatedSurfaceCode(distance), rounds, physical_error_rate, basis, noise)
    return experiment.run(max_shots=shots, max_errors=max_errors, seed=seed, progress=progress)


def _versions() -> dict[str, str]:
    packages = {name: str(require(name, extra="qec").__version__) for name in ("stim", "pymatching")}
    return {"qtoolkit": __version__, "numpy": np.__version__, **packages}
