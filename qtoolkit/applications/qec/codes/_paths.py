"""Shortest paths: the lightest logical operator where each error flips at most two checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from qtoolkit.applications.qec.codes._binary import Bits

__all__ = ["shortest"]


def shortest(checks: Bits, logicals: Bits) -> NDArray[np.int64] | None:
    """The errors of a lightest logical operator, or None where an error flips three checks or more.

    An error is an edge between the checks that it flips, or from one check to the boundary. A logical operator is a
    closed walk that flips a logical: a path from (v, 0) to (v, 1) in two copies of the graph, where edges that flip
    the logical lead from one copy to the other.

    Args:
        checks: which checks each error flips, shape (moves, r).
        logicals: which logicals each error flips, shape (moves, k).
    """
    degrees = checks.sum(axis=1)
    if degrees.max(initial=0) > 2:
        return None
    num_checks = checks.shape[1]
    ends = np.full((len(checks), 2), num_checks)  # the boundary is one more node
    for move, row in enumerate(checks):
        hit = np.flatnonzero(row)
        ends[move, : len(hit)] = hit
    best: NDArray[np.int64] | None = None
    for flips in logicals.T.astype(bool):
        found = _odd_cycle(ends, flips, num_checks + 1)
        if best is None or len(found) < len(best):
            best = found
    return best


def _odd_cycle(ends: NDArray[np.int64], flips: NDArray[np.bool_], nodes: int) -> NDArray[np.int64]:
    alone = np.flatnonzero((ends[:, 0] == ends[:, 1]) & flips)
    if alone.size:
        return alone[:1]
    labels: dict[tuple[int, int], int] = {}
    for move, (first, second) in enumerate(ends.tolist()):
        for copy in (0, 1):
            one, two = first + copy * nodes, second + (copy ^ int(flips[move])) * nodes
            if one != two:
                labels.setdefault((one, two), move)
                labels.setdefault((two, one), move)
    rows, columns = np.array(list(labels)).T
    graph = csr_array((np.ones(len(rows)), (rows, columns)), shape=(2 * nodes, 2 * nodes))
    starts = np.unique(ends[flips, 0])  # every such cycle has an edge that flips
    lengths, before = dijkstra(graph, indices=starts, unweighted=True, return_predecessors=True)
    across = lengths[np.arange(len(starts)), starts + nodes]
    row = int(across.argmin())
    path = [int(starts[row]) + nodes]
    while path[-1] != starts[row]:
        path.append(int(before[row, path[-1]]))
    return np.array([labels[pair] for pair in zip(path[1:], path[:-1], strict=True)])
