"""Maximum-likelihood decoding that knows the noise as it is: coherent, damping, any noise of single qubits."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit.applications.qec._validation import require_count, require_rate
from qtoolkit.applications.qec.exact.records import (
    MAX_ROUNDS,
    RecordDistribution,
    record_distribution,
    require_basis,
)
from qtoolkit.errors import InputError

__all__ = ["CoherentMaximumLikelihoodDecoder", "RecordDecoder"]


@dataclass(frozen=True, eq=False)
class CoherentMaximumLikelihoodDecoder:
    """The decoder that keeps the most entanglement fidelity, as a table over all records of a small code.

    Under Pauli noise it is exact maximum likelihood over all logical operators jointly. Under other noise amplitudes
    that a Pauli model adds as probabilities interfere, and the best recovery of a syndrome can be another one.

    Events are those of `RecordDistribution.detection_events`: changes of the checks that noise can violate, round by
    round. Predictions are flips of the k logical Z operators, then of the k logical X operators, or of those of one
    basis alone.

    Args:
        code, noise, rounds, measurement_error: as for `record_distribution`.
        basis: ``"Z"`` or ``"X"`` to predict the flips of the logical operators of one basis; None for both.

    Raises:
        InputError: if the rounds, the error or the basis are none.
    """

    code: object = field(repr=False)
    noise: object = field(repr=False)
    rounds: int = 1
    measurement_error: float = 0.0
    basis: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "rounds", require_count("rounds", self.rounds, maximum=MAX_ROUNDS))
        object.__setattr__(self, "measurement_error", require_rate("measurement_error", self.measurement_error))
        require_basis(self.basis)

    def compile(self, model: object = None) -> RecordDecoder:
        """The table, with its exact infidelity.

        Args:
            model: a detector error model, whose numbers of detectors and observables must be those of the table; None
                for no such check. Its rates are not used: the noise is the decoder's own.

        Raises:
            InputError: if the code, the noise or the rounds are none, or the model has other numbers.
            InsufficientMemoryError: if the table does not fit.
        """
        distribution = record_distribution(self.code, self.noise, self.rounds, self.measurement_error)
        decoder = RecordDecoder(distribution, self.basis)
        if model is not None:
            found = tuple(getattr(model, name, None) for name in ("num_detectors", "num_observables"))
            if None in found:
                raise InputError(f"a decoder needs a detector error model or None, got {shown(model)}")
            if found != (decoder.num_detectors, decoder.num_observables):
                raise InputError(
                    f"this decoder is for {decoder.num_detectors} detectors and {decoder.num_observables} observables, "
                    f"got a model of {found[0]} and {found[1]}: rounds times checks, and logical operators"
                )
        return decoder


class RecordDecoder:
    """Looks up the best flips for the detection events of each shot.

    Attributes:
        name: of the decoder.
        distribution: what it was made from, with the exact infidelity.
        num_detectors: rounds times checks.
        num_observables: 2k, or k for one basis.
    """

    name = "coherent-maximum-likelihood"

    def __init__(self, distribution: RecordDistribution, basis: str | None = None) -> None:
        self.distribution = distribution
        self._flips = distribution.best_flips(basis)
        self.num_detectors = distribution.rounds * len(distribution.checks)
        self.num_observables = self._flips.shape[1]

    def decode_batch(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Predicted flips, bool, shape (shots, observables), for events of shape (shots, detectors).

        Raises:
            InputError: if the events are no bits of this shape, or end in a syndrome that noise cannot cause.
        """
        return np.asarray(self._flips[self.distribution.numbers_of(events)], dtype=np.bool_)

    def __repr__(self) -> str:
        return f"<{self.name} decoder of {self.num_detectors} detectors and {self.num_observables} observables>"
