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

    Two edges may have the same ends and flip different observables.

    Attributes:
        ends: int64 (edges, 2), two detectors, or one and −1 for the boundary.
        observables: by edge, the observables that it flips.
        probabilities: float64 (edges,).
        edges_of: by mechanism, its edges; empty for those that flip no detector, or too many and never happen.
        is_likeliest: bool (edges,), whether no other edge with the same ends is likelier, or as likely and earlier.
    """

    ends: NDArray[np.int64]
    observables: list[tuple[int, ...]]
    probabilities: NDArray[np.float64]
    edges_of: list[tuple[int, ...]]
    is_likeliest: NDArray[np.bool_]

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
                f"{what} cannot give a probability of its own to {model.describe(k)}, which flips more than two "
                "detectors: decompose it by ^"
            )


def matching_graph(model: DetectorErrorModel, *, what: str = "matching") -> MatchingGraph:
    """The matching graph of a model.

    Of two edges with the same ends that flip different observables a shot has the likelier one. A mechanism that is
    decomposed into others than those is refused: where it happens, its edges would not flip its observables.

    Args:
        model: whose mechanisms have parts of one or two detectors.
        what: the decoder, for messages.

    Raises:
        InputError: naming the mechanism, if one is certain, has a part of three or more detectors, or is decomposed
            into edges that do not flip its observables.
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
    edges = [part for part in weights if 0 < len(part[0]) <= 2]
    place = {part: edge for edge, part in enumerate(edges)}
    likeliest: dict[tuple[int, ...], int] = {}
    for edge, part in enumerate(edges):
        rival = likeliest.setdefault(part[0], edge)
        if weights[part] > weights[edges[rival]]:
            likeliest[part[0]] = edge
    for k, parts in enumerate(model.symptoms_of_parts):
        if len(parts) > 1 and model.probabilities[k] > 0.0:
            _check_parts(model, k, [edges[likeliest[d]] if d else ((), ()) for d, _ in parts], what)
    return MatchingGraph(
        np.array([(*detectors, -1)[:2] for detectors, _ in edges], np.int64).reshape(-1, 2),
        [observables for _, observables in edges],
        np.array([weights[part] for part in edges], np.float64),
        [
            tuple(place[part] for part in parts if part[0]) if all(p in place for p in parts if p[0]) else ()
            for parts in model.symptoms_of_parts
        ],
        np.array([likeliest[detectors] == edge for edge, (detectors, _) in enumerate(edges)], np.bool_),
    )


def _check_parts(
    model: DetectorErrorModel, mechanism: int, likeliest: list[tuple[tuple[int, ...], tuple[int, ...]]], what: str
) -> None:
    """Refuse a decomposition into edges that a likelier one with the same ends stands in the way of."""
    if likeliest == model.symptoms_of_parts[mechanism]:
        return
    flips = " ^ ".join(" ".join(f"L{k}" for k in observables) or "none" for _, observables in likeliest)
    raise InputError(
        f"{what} needs decompositions into edges that flip the same observables, got {model.describe(mechanism)}, "
        f"whose edges flip {flips}: likelier errors have the same detectors and other observables; use a decoder of "
        "hypergraphs"
    )
