"""The matching graph of a model: its parts as edges between two detectors, or from one to the boundary."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.qec.decoders._binary import combined
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel
from qtoolkit.errors import InputError

__all__ = ["MatchingGraph", "matching_graph", "require_edges"]


class MatchingGraph(NamedTuple):
    """Edges, each with the probability that an odd number of its mechanisms happens.

    Attributes:
        ends: int64 (edges, 2), two detectors, or one and −1 for the boundary.
        observables: by edge, the observables that it flips.
        probabilities: float64 (edges,).
        edges_of: by mechanism, its edges; empty for those that flip no detector.
    """

    ends: NDArray[np.int64]
    observables: list[tuple[int, ...]]
    probabilities: NDArray[np.float64]
    edges_of: list[tuple[int, ...]]

    def combined(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability of each edge, from those of the mechanisms; of shape (..., mechanisms) to (..., edges)."""
        owners = np.array([k for k, edges in enumerate(self.edges_of) for _ in edges], np.int64)
        edges = np.array([edge for edges in self.edges_of for edge in edges], np.int64)
        return combined(edges, len(self.observables), probabilities[..., owners])


def require_edges(
    model: DetectorErrorModel, graph: MatchingGraph, probabilities: NDArray[np.float64], what: str
) -> None:
    """Refuse probabilities of single shots that would need an edge which the graph lacks.

    Raises:
        InputError: naming the mechanism.
    """
    for k, edges in enumerate(graph.edges_of):
        if not edges and model.symptoms[k][0] and np.any(probabilities[..., k] > 0.0):
            raise InputError(
                f"{what} cannot give a probability of its own to {model.describe(k)}, for which its graph has no edge: a "
                "likelier error has the same detectors and other observables, or it flips more than two"
            )


def matching_graph(model: DetectorErrorModel, *, what: str = "matching") -> MatchingGraph:
    """The matching graph of a model.

    Two edges between the same detectors that flip different observables cannot both be taken: the likelier one stays,
    and a mechanism whose decomposition needs the other one is refused.

    Args:
        model: whose mechanisms have parts of one or two detectors.
        what: the decoder, for messages.

    Raises:
        InputError: naming the mechanism, if one is certain, has a part of three or more detectors, or is decomposed into
            edges that do not flip its observables.
    """
    weights: dict[tuple[tuple[int, ...], tuple[int, ...]], float] = {}
    for k, parts in enumerate(model.symptoms_of_parts):
        p = float(model.probabilities[k])
        if p > 0.0 and max(len(detectors) for detectors, _ in parts) > 2:
            raise InputError(
                f"{what} needs errors whose parts flip at most two detectors, got {model.describe(k)}: decompose it by "
                "^, or use a decoder of hypergraphs"
            )
        if p == 1.0:
            raise InputError(
                f"{what} needs errors of probability below 1, got {model.describe(k)}: a certain error is no noise, so "
                "let the circuit have it as a gate"
            )
        for part in parts:
            q = weights.get(part, 0.0)
            weights[part] = p + q - 2.0 * p * q
    likeliest: dict[tuple[int, ...], tuple[int, ...]] = {}
    for (detectors, observables), p in weights.items():
        if 0 < len(detectors) <= 2 and p > weights.get((detectors, likeliest.get(detectors, (-1,))), -1.0):
            likeliest[detectors] = observables
    place = {detectors: edge for edge, detectors in enumerate(likeliest)}
    edges_of = [
        _edges(model, k, parts, likeliest, place, what) for k, parts in enumerate(model.symptoms_of_parts)
    ]
    return MatchingGraph(
        np.array([(*detectors, -1)[:2] for detectors in place], np.int64).reshape(-1, 2),
        list(likeliest.values()),
        np.array([weights[detectors, observables] for detectors, observables in likeliest.items()]),
        edges_of,
    )


def _edges(
    model: DetectorErrorModel,
    mechanism: int,
    parts: list[tuple[tuple[int, ...], tuple[int, ...]]],
    likeliest: dict[tuple[int, ...], tuple[int, ...]],
    place: dict[tuple[int, ...], int],
    what: str,
) -> tuple[int, ...]:
    """The edges of a mechanism; none where it is too wide and never happens, or has a likelier rival."""
    if any(detectors and detectors not in likeliest for detectors, _ in parts):
        return ()
    if len(parts) == 1:
        detectors, observables = parts[0]
        return (place[detectors],) if detectors and likeliest[detectors] == observables else ()
    flipped: set[int] = set()
    for detectors, _ in parts:
        flipped.symmetric_difference_update(likeliest.get(detectors, ()))
    if tuple(sorted(flipped)) != model.symptoms[mechanism][1]:
        if model.probabilities[mechanism] == 0.0:
            return ()
        raise InputError(
            f"{what} needs decompositions into edges that flip the same observables, got {model.describe(mechanism)}, "
            f"whose edges flip {' '.join(f'L{k}' for k in sorted(flipped)) or 'none'}: likelier errors have the same "
            "detectors and other observables; use a decoder of hypergraphs"
        )
    return tuple(place[detectors] for detectors, _ in parts if detectors)
