"""The matching graph of a model: its parts as edges between two detectors, or from one to the boundary."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.qec.decoders._binary import columns_of, combined
from qtoolkit.applications.qec.decoders.model import DetectorErrorModel, DetectorErrorParts
from qtoolkit.errors import InputError

__all__ = ["MatchingGraph", "matching_graph", "require_edges"]

_OF_HYPERGRAPHS = 'a decoder of hypergraphs, such as "lookup", "bp-osd" or "bp-lsd"'


class MatchingGraph(NamedTuple):
    """Edges, each with the probability that an odd number of its mechanisms happens.

    Two edges may have the same ends and flip different observables.

    Attributes:
        ends: int64 (edges, 2), two detectors, or one and −1 for the boundary.
        observables: by edge, the observables that it flips.
        probabilities: float64 (edges,).
        owners, edges: int64, a mechanism and one of its edges, by mechanism.
        has_edges: bool (mechanisms,), false for those that flip no detector, or too many and never happen.
        is_likeliest: bool (edges,), whether no other edge with the same ends is likelier, or as likely and earlier.
    """

    ends: NDArray[np.int64]
    observables: list[tuple[int, ...]]
    probabilities: NDArray[np.float64]
    owners: NDArray[np.int64]
    edges: NDArray[np.int64]
    has_edges: NDArray[np.bool_]
    is_likeliest: NDArray[np.bool_]

    def combined(self, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability of each edge, from those of the mechanisms; of shape (..., mechanisms) to (..., edges)."""
        return combined(self.edges, len(self.observables), probabilities[..., self.owners])

    def likeliest_mechanisms(self) -> NDArray[np.int64]:
        """The mechanisms that have edges, all of them the likeliest with their ends."""
        rivals = np.bincount(self.owners, ~self.is_likeliest[self.edges], self.has_edges.size)
        return np.flatnonzero(self.has_edges & (rivals == 0))


def require_edges(
    model: DetectorErrorModel, graph: MatchingGraph, probabilities: NDArray[np.float64], what: str
) -> None:
    """Refuse probabilities of single shots that would need an edge which the graph lacks.

    Raises:
        InputError: naming the mechanism.
    """
    for k in np.flatnonzero(~graph.has_edges).tolist():
        if model.symptoms[k][0] and np.any(probabilities[..., k] > 0.0):
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
    alone = DetectorErrorParts(np.arange(model.num_mechanisms), model.detector_matrix, model.observable_matrix)
    parts = alone if model.parts is None else model.parts
    happens = model.probabilities > 0.0
    weight = np.diff(parts.detector_matrix.indptr)
    _check_mechanisms(model, happens[parts.owner] & (weight > 2), parts.owner, what)

    is_edge = (weight > 0) & (weight <= 2)
    places = np.flatnonzero(is_edge)
    first = parts.detector_matrix.indptr[places]
    ends = np.full((places.size, 2), -1, np.int64)
    ends[:, 0] = parts.detector_matrix.indices[first]
    pairs = weight[places] == 2
    ends[pairs, 1] = parts.detector_matrix.indices[first[pairs] + 1]
    _, between = np.unique(ends[:, 0] * (model.num_detectors + 1) + ends[:, 1], return_inverse=True)
    flips = _numbered(parts)
    _, seen, edge_of = np.unique(
        between.reshape(-1) * (flips.max(initial=0) + 1) + flips[places], return_index=True, return_inverse=True
    )
    # Edges come in the order of the mechanisms that they are first seen in.
    order = np.argsort(seen)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    edge_of, seen = rank[edge_of.reshape(-1)], seen[order]

    probabilities = combined(edge_of, seen.size, model.probabilities[parts.owner[places]])
    by_ends = np.lexsort((np.arange(seen.size), -probabilities, between.reshape(-1)[seen]))
    is_likeliest = np.zeros(seen.size, np.bool_)
    is_first = np.ones(seen.size, np.bool_)
    is_first[1:] = np.diff(between.reshape(-1)[seen][by_ends]) != 0
    is_likeliest[by_ends[is_first]] = True

    lacks = np.zeros(model.num_mechanisms, np.bool_)
    lacks[parts.owner[weight > 2]] = True
    has_edges = np.zeros(model.num_mechanisms, np.bool_)
    has_edges[parts.owner[places]] = True
    has_edges &= ~lacks
    kept = has_edges[parts.owner[places]]
    graph = MatchingGraph(
        ends[seen],
        columns_of(parts.observable_matrix[:, places[seen]]),
        probabilities,
        parts.owner[places][kept],
        edge_of[kept],
        has_edges,
        is_likeliest,
    )
    # What stands beside other parts must be an edge as it is.
    differs = np.zeros(weight.size, np.bool_)
    differs[places] = ~is_likeliest[edge_of]
    differs |= (weight == 0) & (np.diff(parts.observable_matrix.indptr) > 0)
    is_several = np.bincount(parts.owner, minlength=model.num_mechanisms) > 1
    wrong = parts.owner[differs & (is_several & happens)[parts.owner]]
    if wrong.size:
        raise _misleading(model, int(wrong[0]), graph, what)
    return graph


def _numbered(parts: DetectorErrorParts) -> NDArray[np.int64]:
    """A number for the set of observables of each part, the same for the same ones."""
    matrix = parts.observable_matrix
    sizes = np.diff(matrix.indptr)
    if sizes.max(initial=0) <= 1:
        numbers = np.zeros(sizes.size, np.int64)
        numbers[sizes == 1] = matrix.indices + 1
        return numbers
    known: dict[tuple[int, ...], int] = {}
    return np.array([known.setdefault(flips, len(known)) for flips in columns_of(matrix)], np.int64)


def _check_mechanisms(
    model: DetectorErrorModel, too_many: NDArray[np.bool_], owner: NDArray[np.int64], what: str
) -> None:
    """Refuse the first mechanism with a part of too many detectors, or that is certain."""
    hyper, certain = owner[too_many], np.flatnonzero(model.probabilities == 1.0)
    if hyper.size and not (certain.size and certain[0] < hyper[0]):
        raise InputError(
            f"{what} needs errors whose parts flip at most two detectors, got {model.describe(int(hyper[0]))}: "
            f"decompose it by ^, or use {_OF_HYPERGRAPHS}"
        )
    if certain.size:
        raise InputError(
            f"{what} needs errors of probability below 1, got {model.describe(int(certain[0]))}: a certain error is no "
            "noise, so let the circuit have it as a gate"
        )


def _misleading(model: DetectorErrorModel, mechanism: int, graph: MatchingGraph, what: str) -> InputError:
    """The error for a decomposition into edges that a likelier one with the same ends stands in the way of."""
    likeliest = {
        tuple(end for end in graph.ends[edge].tolist() if end >= 0): graph.observables[edge]
        for edge in np.flatnonzero(graph.is_likeliest).tolist()
    }
    found = [likeliest.get(detectors, ()) for detectors, _ in model.symptoms_of_parts[mechanism]]
    flips = " ^ ".join(" ".join(f"L{k}" for k in observables) or "none" for observables in found)
    return InputError(
        f"{what} needs decompositions into edges that flip the same observables, got {model.describe(mechanism)}, "
        f"whose edges flip {flips}: likelier errors have the same detectors and other observables; use "
        f"{_OF_HYPERGRAPHS}"
    )
