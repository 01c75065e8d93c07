"""Decoders that are tables: for each syndrome, the probability of every flip of the observables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_array
from qtoolkit._memory import reserved
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import CheckedDecoder, impossible_events
from qtoolkit.errors import InputError
from qtoolkit_kernels.elimination import MIX, sum_over_errors

__all__ = ["MAX_TABLE_BITS", "TableDecoder", "index_of", "joint_distribution"]

MAX_TABLE_BITS = 21
"""Largest number of detectors plus observables for which a table is built: 2²¹ doubles are 16 MiB."""


def joint_distribution(model: ModelLike) -> NDArray[np.float64]:
    """Probability of every pair of observable flips and syndrome.

    Each error mechanism is independent and flips a fixed set of bits, so the distribution is the convolution
    over GF(2) of two-point distributions and is built up one mechanism at a time: sums of positive numbers, so that the
    rarest syndromes are as exact as the others.

    Returns:
        float64, shape (2^observables, 2^detectors), summing to 1; bit k of an index is detector or observable k.

    Raises:
        InputError: if detectors plus observables exceed `MAX_TABLE_BITS`.
    """
    ours = as_model(model)
    check_table_bits(ours)
    bits = ours.num_detectors + ours.num_observables
    merged = ours.merged()
    masks = [
        sum(1 << d for d in detectors) | sum(1 << (ours.num_detectors + o) for o in observables)
        for detectors, observables in merged.symptoms
    ]
    steps = np.array([(MIX, mask, k) for k, mask in enumerate(masks)], np.int64).reshape(-1, 3)
    with reserved(3 * 8 << bits, f"a table of {bits} bits", "take fewer rounds"):
        table = np.empty((1, 1 << bits))
        no_events = np.zeros((1, 0), np.uint8)
        sum_over_errors(steps, merged.probabilities[None, :], no_events, table)
        return np.exp(table, out=table).reshape(1 << ours.num_observables, 1 << ours.num_detectors)


def check_table_bits(model: DetectorErrorModel) -> None:
    """Refuse a model that is too large for a table.

    Raises:
        InputError: saying so.
    """
    if model.num_detectors + model.num_observables > MAX_TABLE_BITS:
        raise InputError(
            f"an exact table holds at most {MAX_TABLE_BITS} detectors and observables, "
            f"got {model.num_detectors} + {model.num_observables}: sample instead, or take fewer rounds"
        )


def index_of(bits: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The number whose bit k is column k, for each row; at most 62 columns."""
    return np.asarray(bits @ (1 << np.arange(bits.shape[1], dtype=np.int64)), np.int64)


class TableDecoder(CheckedDecoder):
    """The optimal decoder for a known distribution of syndromes and flips, wherever that came from.

    Args:
        joint: float64 (2^observables, 2^detectors), P(observable flips and syndrome) or any multiple of it, column by
            column too: P(observable flips | syndrome) will do. Bit k of an index is observable or detector k. A column
            of zeros is a syndrome that cannot be.
        name: for results.

    Raises:
        InputError: if the table has another shape, or a negative entry.
    """

    def __init__(self, joint: NDArray[np.float64], *, name: str = "table") -> None:
        table = require_array("the table", joint, (None, None))
        rows, columns = table.shape
        if rows < 1 or columns < 1 or rows & (rows - 1) or columns & (columns - 1):
            raise InputError(f"a table must have shape (2^observables, 2^detectors), got {table.shape}")
        if table.min() < 0.0:
            raise InputError(f"a table must hold probabilities of at least 0, got {table.min():g}")
        super().__init__(name, columns.bit_length() - 1, rows.bit_length() - 1)
        self._table = table
        self._best = table.argmax(axis=0)
        self._is_possible = table.max(axis=0) > 0.0

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        flips = self._best[self._rows(events)]
        return np.asarray((flips[:, None] >> np.arange(self.num_observables)) & 1, dtype=np.bool_)

    def posterior(self, events: NDArray[np.bool_]) -> NDArray[np.float64]:
        """P(observable flips | events), float64 (shots, 2^observables).

        Raises:
            InputError: if the events are no bits of shape (shots, detectors), or cannot be.
        """
        found = self._table[:, self._rows(self._checked_events(events))].T
        return np.asarray(found / found.sum(axis=1, keepdims=True))

    def _rows(self, events: NDArray[np.bool_]) -> NDArray[np.int64]:
        syndromes = index_of(events)
        impossible = np.flatnonzero(~self._is_possible[syndromes])
        if impossible.size:
            raise impossible_events(events, int(impossible[0]))
        return syndromes
