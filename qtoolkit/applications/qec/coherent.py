"""The three-qubit repetition code under coherent over-rotation, on the state vector, beside its Pauli twirl."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._memory import check_memory
from qtoolkit._version import __version__
from qtoolkit.applications.qec._validation import require_count, require_finite, root_entropy
from qtoolkit.applications.qec.intervals import clopper_pearson
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.primitives import Sampler
from qtoolkit.simulators import StatevectorSimulator

__all__ = [
    "CoherentMemoryResult",
    "coherent_error_rates",
    "coherent_repetition_memory",
    "repetition_memory_circuit",
    "twirled_error_rates",
]

_DATA = (0, 1, 2)
_ANCILLAS = (3, 4)
_BYTES_PER_ROUND = 5000
_MAX_ROUNDS = 2**63 - 1
# Bit k of the syndrome is the parity of data qubits k and k + 1; the lightest flip that explains it is undone.
_FLIPPED_QUBIT = {0b01: 0, 0b11: 1, 0b10: 2}


@dataclass(frozen=True, eq=False)
class CoherentMemoryResult:
    """Probability that the logical qubit reads 1 after it was stored as 0, for several numbers of rounds.

    Attributes:
        angle: over-rotation of each data qubit in each round, in radians.
        rounds: the R numbers of rounds, int64, shape (R,).
        exact: coherent errors, from the state vector of every syndrome, float64, shape (R,).
        twirled: the Pauli twirl of the same errors, float64, shape (R,).
        errors: sampled logical errors, int64, shape (R,), or (0,) where nothing was sampled.
        shots: trajectories sampled for each number of rounds, 0 where none were.
        seed: root seed of the trajectories.
        wall_time: seconds for all of it.
        versions: package name to version.
    """

    angle: float
    rounds: NDArray[np.int64]
    exact: NDArray[np.float64]
    twirled: NDArray[np.float64]
    errors: NDArray[np.int64]
    shots: int
    seed: int
    wall_time: float
    versions: dict[str, str] = field(repr=False)

    @property
    def sampled(self) -> NDArray[np.float64]:
        """Fraction of trajectories with a logical error, shape (R,).

        Raises:
            InputError: if nothing was sampled.
        """
        self._require_shots()
        return np.asarray(self.errors / self.shots, dtype=np.float64)

    @property
    def confidence_intervals(self) -> NDArray[np.float64]:
        """Low and high ends of the 95 % Clopper–Pearson intervals of `sampled`, shape (2, R).

        Raises:
            InputError: if nothing was sampled.
        """
        self._require_shots()
        return np.array([clopper_pearson(int(count), self.shots) for count in self.errors]).T

    @property
    def standard_errors(self) -> NDArray[np.float64]:
        """Standard deviation of `sampled` at the exact rate, shape (R,).

        Raises:
            InputError: if nothing was sampled.
        """
        self._require_shots()
        return np.sqrt(self.exact * (1.0 - self.exact) / self.shots)

    def _require_shots(self) -> None:
        if not self.shots:
            raise InputError("sampled rates need shots, got a result of exact rates alone: pass shots")


def coherent_repetition_memory(
    angle: float,
    rounds: int | Sequence[int],
    shots: int | None = None,
    seed: int | np.random.Generator | None = None,
    *,
    sampler: Sampler | None = None,
) -> CoherentMemoryResult:
    """Store a logical 0 under coherent over-rotation; compare exact, Pauli-twirled and, if asked, sampled errors.

    The exact rates take milliseconds, whatever the rounds; trajectories take time for every shot and round.

    In each round every data qubit is turned by ``Rx(angle)``, two ancillas measure the parities of neighbours,
    and the qubit they point at is flipped back. With c = cos(angle/2) and s = sin(angle/2) the corrected round
    turns the logical qubit about its X axis: by an angle whose half has tangent −s³/c³ when the syndrome is
    trivial, by `angle` itself when it is not. These turns add as amplitudes, and to lowest order the logical
    error exceeds the twirl's by r(r − 1)·sin⁶(angle)/16 after r rounds: one round agrees exactly, many do not.

    Source: Greenbaum and Dutton, Quantum Sci. Technol. 3, 015007 (2018).

    Args:
        angle: over-rotation in radians.
        rounds: one or more numbers of rounds after which the logical qubit is read.
        shots: trajectories sampled for each number of rounds; None, the default, samples nothing.
        seed: seed of the trajectories.
        sampler: what runs the circuits; the local state-vector simulator if left out.

    Raises:
        InputError: if the angle is not finite, no rounds are given, or rounds or shots are below 1.
    """
    angle = require_finite("angle", angle)
    shots = 0 if shots is None else require_count("shots", shots)
    numbers = _round_numbers(rounds)
    root = root_entropy(seed)
    runner: Sampler = StatevectorSimulator() if sampler is None else sampler
    if not isinstance(runner, Sampler):
        raise InputError(f"sampler must have a method run, got {shown(sampler)}")

    start = time.perf_counter()
    exact = coherent_error_rates(angle, numbers)
    errors = _sampled_errors(runner, angle, numbers, shots, root) if shots else np.zeros(0, dtype=np.int64)
    return CoherentMemoryResult(
        angle=angle,
        rounds=np.array(numbers, dtype=np.int64),
        exact=exact,
        twirled=twirled_error_rates(angle, numbers),
        errors=errors,
        shots=shots,
        seed=root,
        wall_time=time.perf_counter() - start,
        versions={"qtoolkit": __version__, "numpy": np.__version__},
    )


def _sampled_errors(runner: Sampler, angle: float, numbers: Sequence[int], shots: int, root: int) -> NDArray[np.int64]:
    """Trajectories with a logical error, for each number of rounds."""
    errors = np.zeros(len(numbers), dtype=np.int64)
    for k, number in enumerate(numbers):
        own_seed = int(np.random.SeedSequence(root, spawn_key=(k,)).generate_state(1, np.uint32)[0])
        readout = runner.run(repetition_memory_circuit(angle, number), shots, seed=own_seed).register("readout")
        if readout.shots != shots or readout.num_clbits != len(_DATA):
            raise InputError(
                f"a sampler must return {shots} shots of {len(_DATA)} bits for the register readout, got "
                f"{readout.shots} of {readout.num_clbits}"
            )
        errors[k] = sum(count for bits, count in readout.counts.items() if bits.count("1") >= 2)
    return errors


def repetition_memory_circuit(angle: float, rounds: int) -> Circuit:
    """The experiment as a circuit: data on qubits 0 to 2, ancillas on 3 and 4, registers ``syndrome`` and ``readout``.

    Raises:
        InputError: if the angle is not finite or rounds < 1.
    """
    rounds = require_count("rounds", rounds)
    check_memory(_BYTES_PER_ROUND * rounds, f"a circuit of {rounds} rounds", "take fewer")
    error_and_parities = _error_and_parities(require_finite("angle", angle))
    circuit = Circuit(len(_DATA) + len(_ANCILLAS))
    syndrome = circuit.add_clbits(len(_ANCILLAS), "syndrome")
    readout = circuit.add_clbits(len(_DATA), "readout")
    for _ in range(rounds):
        circuit.extend(error_and_parities).measure(_ANCILLAS, syndrome.clbits).reset(_ANCILLAS)
        for value, qubit in _FLIPPED_QUBIT.items():
            circuit.if_(syndrome == value, Circuit(circuit.num_qubits).x(qubit))
    return circuit.measure(_DATA, readout.clbits)


def coherent_error_rates(angle: float, rounds: int | Sequence[int]) -> NDArray[np.float64]:
    """Exact logical error probabilities under coherent over-rotation, shape (R,).

    The state vector simulator gives the amplitudes of one corrected round for both logical basis states and all
    four syndromes; the logical density matrix, averaged over the syndromes, is then carried through all rounds by
    powers of that map.

    Raises:
        InputError: if the angle is not finite, no rounds are given or one is below 1.
    """
    numbers = _round_numbers(rounds)
    kraus = _corrected_round(require_finite("angle", angle))
    # ρ → Σ_s K_s ρ K_s† on the entries of ρ in rows; the answer is how much of |0⟩⟨0| it moves to |1⟩⟨1|
    step = np.einsum("sij,slk->iljk", kraus, kraus.conj()).reshape(4, 4)
    return np.array([np.linalg.matrix_power(step, number)[3, 0].real for number in numbers])


def twirled_error_rates(angle: float, rounds: int | Sequence[int]) -> NDArray[np.float64]:
    """Exact logical error probabilities if each over-rotation were a random bit flip, shape (R,).

    The Pauli twirl of ``Rx(angle)`` flips a qubit with probability p = sin²(angle/2). A round fails when two or
    three of three qubits flip, and the logical qubit reads 1 after an odd number of failures.

    Raises:
        InputError: if the angle is not finite, no rounds are given or one is below 1.
    """
    flip = math.sin(require_finite("angle", angle) / 2.0) ** 2
    failure = 3.0 * flip**2 * (1.0 - flip) + flip**3
    return np.asarray((1.0 - (1.0 - 2.0 * failure) ** np.array(_round_numbers(rounds))) / 2.0, dtype=np.float64)


def _error_and_parities(angle: float) -> Circuit:
    circuit = Circuit(len(_DATA) + len(_ANCILLAS))
    for qubit in _DATA:
        circuit.rx(angle, qubit)
    for left, ancilla in enumerate(_ANCILLAS):
        circuit.cx(left, ancilla).cx(left + 1, ancilla)
    return circuit


def _corrected_round(angle: float) -> NDArray[np.complex128]:
    """Logical amplitudes of one corrected round, shape (4, 2, 2): syndrome, logical out, logical in."""
    simulator, circuit = StatevectorSimulator(), _error_and_parities(angle)
    codewords = (0, 2 ** len(_DATA) - 1)
    kraus = np.zeros((2 ** len(_ANCILLAS), 2, 2), dtype=np.complex128)
    for logical, codeword in enumerate(codewords):
        start = np.zeros(2**circuit.num_qubits, dtype=np.complex128)
        start[codeword] = 1.0
        by_syndrome = simulator.state_vector(circuit, initial_state=start).reshape(len(kraus), 2 ** len(_DATA))
        for syndrome in range(len(kraus)):
            flip = 1 << _FLIPPED_QUBIT[syndrome] if syndrome else 0
            kraus[syndrome, :, logical] = [by_syndrome[syndrome, target ^ flip] for target in codewords]
    return kraus


def _round_numbers(rounds: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(rounds, str | bytes):
        raise InputError(f"rounds must be one or more integers, got {rounds!r}")
    listed = tuple(rounds) if isinstance(rounds, Sequence | np.ndarray) else (rounds,)
    if not listed:
        raise InputError("rounds must hold at least one number of rounds, got none")
    return tuple(require_count("rounds", number, maximum=_MAX_ROUNDS) for number in listed)
