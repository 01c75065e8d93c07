"""Lookup: the most likely single explanation of each syndrome, from a table."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from qtoolkit._checks import require_integer
from qtoolkit._memory import reserved
from qtoolkit.applications.qec.decoders._normal import NormalModel, normal_model
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, ModelLike, as_model
from qtoolkit.applications.qec.decoders.protocol import CheckedDecoder, impossible_events
from qtoolkit.applications.qec.decoders.table import index_of
from qtoolkit.errors import InputError

__all__ = ["LookupDecoder"]

_MOST_DETECTORS = 20
_MOST_OBSERVABLES = 62
_MOST_ERRORS = 20_000_000


@dataclass(frozen=True)
class LookupDecoder:
    """A table of the most likely set of mechanisms for each syndrome; not of the most likely flip, which is the sum
    over all such sets.

    Args:
        max_errors: None for a complete table, for at most 20 detectors. A number for a table of all sets of at most so
            many mechanisms, of any model: other syndromes are predicted to flip nothing.

    Raises:
        InputError: if `max_errors` is below 1; at `compile`, if the table would be too large, or the model has more
            than 62 observables.
    """

    max_errors: int | None = None

    def __post_init__(self) -> None:
        if self.max_errors is not None:
            object.__setattr__(self, "max_errors", require_integer("max_errors", self.max_errors, 1))

    @property
    def name(self) -> str:
        """As on the command line."""
        return "lookup"

    def compile(self, model: ModelLike) -> CompiledLookup:
        """The decoder for this model.

        Raises:
            InputError: if the table would be too large.
        """
        ours = as_model(model)
        if ours.num_observables > _MOST_OBSERVABLES:
            raise InputError(f"lookup takes at most {_MOST_OBSERVABLES} observables, got {ours.num_observables}")
        normal = normal_model(ours)
        flips = index_of(normal.model.observable_matrix.toarray().T.astype(np.bool_))
        odds = np.log(normal.model.probabilities) - np.log1p(-normal.model.probabilities)
        if self.max_errors is None:
            return CompiledLookup(ours, normal, *_complete(normal.model, flips, odds), complete=True)
        return CompiledLookup(ours, normal, *_listed(normal.model, flips, odds, self.max_errors), complete=False)


class CompiledLookup(CheckedDecoder):
    """A table of syndromes in ascending order, and of flips as numbers; −1 for what no errors give."""

    def __init__(
        self,
        model: DetectorErrorModel,
        normal: NormalModel,
        syndromes: NDArray[np.bytes_],
        flips: NDArray[np.int64],
        *,
        complete: bool,
    ) -> None:
        super().__init__("lookup", model.num_detectors, model.num_observables)
        self._normal = normal
        self._syndromes = syndromes
        self._flips = flips
        self._is_complete = complete

    def _decode(self, events: NDArray[np.bool_]) -> NDArray[np.bool_]:
        left = events ^ self._normal.events
        if self._is_complete:
            found = self._flips[index_of(left)]
            impossible = np.flatnonzero(found < 0)
            if impossible.size:
                raise impossible_events(events, int(impossible[0]))
        else:
            keys = _keys(np.packbits(left, axis=1, bitorder="little"))
            places = np.minimum(np.searchsorted(self._syndromes, keys), self._syndromes.size - 1)
            found = np.where(self._syndromes[places] == keys, self._flips[places], 0)
        flips = np.asarray((found[:, None] >> np.arange(self.num_observables)) & 1, np.bool_)
        return np.asarray(flips ^ self._normal.flips)


def _complete(
    model: DetectorErrorModel, flips: NDArray[np.int64], odds: NDArray[np.float64]
) -> tuple[NDArray[np.bytes_], NDArray[np.int64]]:
    """The flips of the most likely set of mechanisms for each syndrome, by dynamic programming over mechanisms."""
    if model.num_detectors > _MOST_DETECTORS:
        raise InputError(
            f"a complete lookup table holds at most {_MOST_DETECTORS} detectors, got {model.num_detectors}: give "
            "max_errors, or take another decoder"
        )
    size = 1 << model.num_detectors
    with reserved(6 * 8 * size, f"a table of {size} syndromes", "give max_errors"):
        best, found = np.full(size, -np.inf), np.full(size, -1, np.int64)
        best[0], found[0] = 0.0, 0
        places = np.arange(size)
        for k, (detectors, _) in enumerate(model.symptoms):
            others = places ^ sum(1 << d for d in detectors)
            score = best[others] + odds[k]
            better = score > best
            found = np.where(better, found[others] ^ flips[k], found)
            best = np.where(better, score, best)
    return np.zeros(0, "S1"), found


def _listed(
    model: DetectorErrorModel, flips: NDArray[np.int64], odds: NDArray[np.float64], max_errors: int
) -> tuple[NDArray[np.bytes_], NDArray[np.int64]]:
    """All sets of at most so many mechanisms: the syndromes in ascending order, and the flips of the likeliest set."""
    num = model.num_mechanisms
    size = sum(comb(num, k) for k in range(min(max_errors, num) + 1))
    if size > _MOST_ERRORS:
        raise InputError(
            f"a lookup table lists at most {_MOST_ERRORS} sets of mechanisms, got {size} of at most {max_errors} of "
            f"{num}: take a smaller max_errors"
        )
    columns = np.packbits(model.detector_matrix.toarray().T, axis=1, bitorder="little")
    with reserved(4 * size * (columns.shape[1] + 24), f"a table of {size} sets of mechanisms", "take fewer"):
        syndromes = [np.zeros((1, columns.shape[1]), np.uint8)]
        scores, found, last = [np.zeros(1)], [np.zeros(1, np.int64)], np.array([-1])
        for _ in range(min(max_errors, num)):
            # each set grows by every mechanism after its last one
            more = num - 1 - last
            parent = np.repeat(np.arange(last.size), more)
            own = np.arange(parent.size) - np.repeat(np.cumsum(more) - more, more) + last[parent] + 1
            syndromes.append(syndromes[-1][parent] ^ columns[own])
            scores.append(scores[-1][parent] + odds[own])
            found.append(found[-1][parent] ^ flips[own])
            last = own
        keys, score, flip = _keys(np.concatenate(syndromes)), np.concatenate(scores), np.concatenate(found)
        order = np.lexsort((-score, keys))
        first = np.ones(order.size, np.bool_)
        first[1:] = keys[order][1:] != keys[order][:-1]
        return keys[order][first], flip[order][first]


def _keys(packed: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    """Rows of bytes as text of one length, which NumPy can sort and search."""
    width = max(packed.shape[1], 1)
    return np.ascontiguousarray(np.pad(packed, ((0, 0), (0, width - packed.shape[1])))).view(f"S{width}").reshape(-1)
