"""Is twirling safe? What a Pauli model of coherent noise says about a code, beside what the noise does."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import seeded
from qtoolkit.applications.qec._validation import require_count
from qtoolkit.applications.qec.exact.channel import LogicalChannel, recovered
from qtoolkit.applications.qec.exact.classes import require_progress
from qtoolkit.applications.qec.exact.frame import PauliFrame, frame_of
from qtoolkit.applications.qec.exact.noise import QubitNoise, qubit_noise
from qtoolkit.applications.qec.exact.tables import syndrome_table
from qtoolkit.circuit import KrausChannel
from qtoolkit.errors import InputError
from qtoolkit.noise import diamond_bounds, from_pauli_transfer_matrix

__all__ = ["Prediction", "TwirlComparison", "twirl_comparison"]

MAX_ROUNDS, MAX_FRAMES = 10**9, 10**6


@dataclass(frozen=True)
class Prediction:
    """What one model of the noise says after all rounds.

    Attributes:
        name: of the model.
        infidelity: 1 − entanglement fidelity of the logical channel with the identity.
        diamond_distance: diamond norm of its difference from the identity, from 0 to 2.
        diamond_gap: between the bounds of that.
        standard_error: of the infidelity where it is a mean over drawn frames; 0 where it is exact.
    """

    name: str
    infidelity: float
    diamond_distance: float
    diamond_gap: float = 0.0
    standard_error: float = 0.0


@dataclass(frozen=True, eq=False, repr=False)
class TwirlComparison:
    """Predictions for one code and one noise, exact but for the frames that randomised compiling draws.

    Attributes:
        num_qubits, num_logical: of the code.
        rounds: of noise and recovery with perfect syndromes.
        coherent: the noise as it is, with the decoder of the Pauli model.
        aware: the noise as it is, with the decoder that knows it.
        twirled: the Pauli model with its decoder.
        randomised: the noise between random Pauli operators that are known and undone, drawn afresh for each of some
            frames and averaged over them; in the limit it is `twirled`.
        frames: how many were drawn.
        seed: that repeats them; None if a generator drew them.
        wall_time: seconds.
    """

    num_qubits: int
    num_logical: int
    rounds: int
    coherent: Prediction
    aware: Prediction
    twirled: Prediction
    randomised: Prediction
    frames: int
    seed: int | None
    wall_time: float = field(default=0.0)

    @property
    def infidelity_factor(self) -> float:
        """The infidelity of the noise as it is, in that of the Pauli model: above 1 where twirling is too hopeful."""
        return _ratio(self.coherent.infidelity, self.twirled.infidelity)

    @property
    def diamond_factor(self) -> float:
        """The same of the diamond distance, which bounds what the worst circuit makes of the error."""
        return _ratio(self.coherent.diamond_distance, self.twirled.diamond_distance)

    @property
    def predictions(self) -> tuple[Prediction, ...]:
        """All of them."""
        return self.coherent, self.aware, self.twirled, self.randomised

    def __repr__(self) -> str:
        rounds = f"{self.rounds} round{'s' if self.rounds > 1 else ''}"
        lines = [f"Is twirling safe? [[{self.num_qubits}, {self.num_logical}]] code, {rounds} of perfect syndromes"]
        lines.append(f"{'':<34}  infidelity  diamond distance")
        for prediction in self.predictions:
            error = f" ± {prediction.standard_error:.1e}" if prediction.standard_error else ""
            lines.append(
                f"{prediction.name:<34}  {prediction.infidelity:<10.4g}  {prediction.diamond_distance:.4g}"
                + (f"   (infidelity{error})" if error else "")
            )
        lines.append(
            f"The Pauli model predicts an infidelity {_misled(self.infidelity_factor)} and a diamond distance "
            f"{_misled(self.diamond_factor)}."
        )
        return "\n".join(lines)


def _misled(factor: float) -> str:
    """In words, how far the Pauli model is from the noise as it is."""
    if 0.995 < factor < 1.005:
        return "that is right"
    return (
        f"{factor:.3g} times too low" if factor > 1.0 else f"{1.0 / factor if factor else math.inf:.3g} times too high"
    )


def _ratio(found: float, predicted: float) -> float:
    if predicted > 0.0:
        return found / predicted
    return 1.0 if found <= 0.0 else math.inf


def twirl_comparison(
    code: object,
    noise: object,
    *,
    rounds: int = 1,
    frames: int = 16,
    seed: int | np.random.Generator | None = None,
    progress: Callable[[float], None] | None = None,
) -> TwirlComparison:
    """Compare what coherent noise does to a code with what its Pauli twirl and randomised compiling predict.

    Every round has noise on the data, a perfect syndrome and a Pauli recovery; its average logical channel is raised to
    the number of rounds. Coherent errors of rounds add as amplitudes, those of a Pauli model as probabilities.

    Args:
        code, noise: as for `logical_channel`; the noise is that of one round.
        rounds: of noise and recovery.
        frames: of random Pauli operators that are averaged over.
        seed: of the frames.
        progress: told the fraction that is done.

    Raises:
        InputError: if an argument breaks its rule.
        InsufficientMemoryError: if the tables do not fit.
    """
    start = time.perf_counter()
    frame = frame_of(code)
    found = qubit_noise(noise, frame.num_qubits)
    require_progress(progress)
    rounds = require_count("rounds", rounds, maximum=MAX_ROUNDS)
    frames = require_count("frames", frames, maximum=MAX_FRAMES)
    if not 1 <= frame.num_logical <= 4:
        raise InputError(f"predictions are for codes of 1 to 4 logical qubits, got {frame.num_logical}")
    number, rng = seeded(seed)

    model = _likeliest(frame, found.twirled())
    # Syndromes and members of both tables are numbered alike, since the same letters occur.
    members = model[1]
    table = syndrome_table(frame, found)
    weights = table.weights()
    aware = recovered(table, weights, weights.argmax(axis=0), "likeliest", start)
    coherent = recovered(table, weights, members, "given", start)
    means, mean, values = np.zeros_like(coherent.average), 0.0, []
    for drawn in range(frames):
        operator = int.from_bytes(rng.bytes(16), "little") & (1 << 2 * frame.num_qubits) - 1
        one = _with_members(frame, found.conjugated(operator), members)
        means += one.average / frames
        mean += one.infidelity / frames
        values.append(_after(one.average, one.infidelity, rounds))
        if progress is not None:
            progress((drawn + 1) / frames)
    spread = float(np.std(values, ddof=1) / math.sqrt(frames)) if frames > 1 else 0.0
    return TwirlComparison(
        num_qubits=frame.num_qubits,
        num_logical=frame.num_logical,
        rounds=rounds,
        coherent=_predicted("coherent, decoder of the twirl", coherent.average, coherent.infidelity, rounds),
        aware=_predicted("coherent, decoder that knows it", aware.average, aware.infidelity, rounds),
        twirled=_predicted("Pauli twirl", model[0].average, model[0].infidelity, rounds),
        randomised=_predicted(f"randomised compiling, {frames} frames", means, mean, rounds, spread),
        frames=frames,
        seed=number,
        wall_time=time.perf_counter() - start,
    )


def _likeliest(frame: PauliFrame, noise: QubitNoise) -> tuple[LogicalChannel, NDArray[np.int64]]:
    start = time.perf_counter()
    table = syndrome_table(frame, noise)
    weights = table.weights()
    members = weights.argmax(axis=0)
    return recovered(table, weights, members, "likeliest", start), members


def _with_members(frame: PauliFrame, noise: QubitNoise, members: NDArray[np.int64]) -> LogicalChannel:
    start = time.perf_counter()
    table = syndrome_table(frame, noise)
    return recovered(table, table.weights(), members, "given", start)


def _after(average: NDArray[np.float64], infidelity: float, rounds: int) -> float:
    """Infidelity after some rounds, whose first is known to more digits than its matrix tells."""
    if rounds == 1:
        return infidelity
    power = np.linalg.matrix_power(average, rounds)
    return float(np.trace(np.eye(len(power)) - power)) / len(power)


def _predicted(
    name: str, average: NDArray[np.float64], infidelity: float, rounds: int, standard_error: float = 0.0
) -> Prediction:
    power = np.linalg.matrix_power(average, rounds)
    channel = from_pauli_transfer_matrix(power)
    lower, upper = diamond_bounds(channel, KrausChannel((np.eye(2**channel.num_qubits),)), 1e-9)
    return Prediction(name, _after(average, infidelity, rounds), (lower + upper) / 2.0, upper - lower, standard_error)
