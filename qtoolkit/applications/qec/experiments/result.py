"""`ExperimentResult`: counted logical errors with their intervals, and what is needed to repeat or to continue them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit.applications.qec.experiments.task import Label
from qtoolkit.applications.qec.intervals import clopper_pearson, per_round_rate
from qtoolkit.errors import InputError

__all__ = ["ExperimentResult"]


@dataclass(frozen=True, repr=False)
class ExperimentResult:
    """What came of a task.

    Batches are counted in their order until `max_shots` shots are drawn or, at the end of a batch, `max_errors` errors
    are seen. So the numbers depend on the task, the seed and the two limits alone: not on how often a run was stopped
    and continued, nor on how many processes shared the work. They do depend on the version of Stim and on the width of
    the processor's vectors that it was built for, as its random stream does.

    Attributes:
        task_id: of the task; see `ExperimentTask.id`.
        labels: of the task.
        rounds: of error correction.
        decoder: its name.
        shots: that were drawn, discarded ones too.
        discards: shots in which a herald fired.
        errors: accepted shots of which an observable was mispredicted.
        observable_errors: accepted shots of those, by observable.
        accepted_before: accepted shots of all batches but the last, which tell the estimate where it stopped.
        max_errors: errors at which batches ended; None for no such limit.
        seed: root seed; the stream of batch k is ``SeedSequence(seed, spawn_key=(task.stream, k))``.
        batch_shots: shots of a batch.
        interrupted: whether Ctrl-C ended the run before its limits did.
        wall_time: seconds of drawing and decoding, summed over processes.
        versions: package name to version.
    """

    task_id: str
    labels: Mapping[str, Label] = field(hash=False)
    rounds: int
    decoder: str
    shots: int
    discards: int
    errors: int
    observable_errors: tuple[int, ...]
    accepted_before: int
    max_errors: int | None
    seed: int
    batch_shots: int
    interrupted: bool = field(default=False, compare=False)
    wall_time: float = field(default=0.0, compare=False)
    versions: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __repr__(self) -> str:
        labels = ", ".join(f"{name}={value}" for name, value in self.labels.items())
        labels += ": " if labels else ""
        low, high = self.confidence_interval
        discards = f", {self.discards:,} discarded" if self.discards else ""
        return (
            f"ExperimentResult({labels}{self.errors:,} errors in {self.shots:,} shots{discards}, "
            f"{self.logical_error_rate:.4g} ({low:.4g} to {high:.4g}), {self.decoder}, seed {self.seed}"
            f"{', interrupted' if self.interrupted else ''})"
        )

    @property
    def accepted(self) -> int:
        """Shots that no herald discarded."""
        return self.shots - self.discards

    @property
    def discard_rate(self) -> float:
        """Fraction of shots that heralds discard."""
        return self.discards / self.shots

    @property
    def discard_interval(self) -> tuple[float, float]:
        """Clopper–Pearson interval of the discard rate at 95 %."""
        return clopper_pearson(self.discards, self.shots)

    @property
    def logical_error_rate(self) -> float:
        """The probability that an accepted shot has a logical error; NaN where no shot is accepted.

        It is `errors` / `accepted`, except where a limit on errors ended the run: that stops sooner after unlucky
        shots, and the plain fraction is too large by about one part in `errors`. The estimate given then is free of
        that bias: the mean fraction of errors in all batches but the last, over all orders of the shots that had
        stopped at the same batch. For batches of one shot it is (errors − 1) / (accepted − 1).

        Source: Girshick, Mosteller and Savage, Ann. Math. Stat. 17, 13 (1946), by Rao and Blackwell's theorem.
        """
        if not self.accepted:
            return math.nan
        return _unbiased_rate(self.errors, self.accepted_before, self.accepted, self.max_errors)

    @property
    def confidence_interval(self) -> tuple[float, float]:
        """Clopper–Pearson interval of the logical error rate at 95 %; it covers under a limit on errors too."""
        return clopper_pearson(self.errors, self.accepted) if self.accepted else (0.0, 1.0)

    @property
    def logical_error_rate_per_round(self) -> float:
        """The logical error rate of one round; see `per_round_rate`."""
        return per_round_rate(self.logical_error_rate, self.rounds) if self.accepted else math.nan

    @property
    def confidence_interval_per_round(self) -> tuple[float, float]:
        """The interval at 95 %, both ends converted to one round."""
        low, high = self.confidence_interval
        return per_round_rate(low, self.rounds), per_round_rate(high, self.rounds)

    @property
    def distance(self) -> int:
        """The label of this name.

        Raises:
            InputError: if it is missing or no integer.
        """
        value = self.labels.get("distance")
        if not isinstance(value, int):
            raise InputError(f"the task must have a label distance that is an integer, got {shown(dict(self.labels))}")
        return value

    @property
    def physical_error_rate(self) -> float:
        """The label of this name.

        Raises:
            InputError: if it is missing or no number.
        """
        value = self.labels.get("physical_error_rate")
        if not isinstance(value, int | float):
            raise InputError(
                f"the task must have a label physical_error_rate that is a number, got {shown(dict(self.labels))}"
            )
        return float(value)

    @property
    def basis(self) -> str:
        """The label of this name, or nothing."""
        return str(self.labels.get("basis", ""))

    @property
    def noise(self) -> str:
        """The label of this name, or nothing."""
        return str(self.labels.get("noise", ""))


def _unbiased_rate(errors: int, before: int, accepted: int, max_errors: int | None) -> float:
    """See `ExperimentResult.logical_error_rate`.

    Of the orders of so many errors among the accepted shots, those that reach the last batch have r < `max_errors`
    errors before it: r is hypergeometric, cut off there, and its mean is that of the first batches.
    """
    if max_errors is None or errors < max_errors or not 0 < before < accepted:
        return errors / accepted
    from scipy.special import gammaln

    last = accepted - before
    r = np.arange(max(0, errors - last), min(max_errors - 1, errors, before) + 1, dtype=np.float64)
    if not r.size:
        return errors / accepted

    def log_choose(n: float, k: np.ndarray) -> np.ndarray:
        return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))

    log_weight = log_choose(before, r) + log_choose(last, errors - r)
    weight = np.exp(log_weight - log_weight.max())
    return float(weight @ r / weight.sum() / before)
