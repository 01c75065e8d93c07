"""Union–find decoding: clusters of detection events grow along the edges of a graph until each can be explained within.

All clusters of odd parity grow at one speed, edges fill by weight, and a cluster that reaches the boundary is done. The
edges that joined clusters form a forest, in which the leaves are peeled off one after the other: each leaf with an event
takes its edge into the correction. Edges that fill in the same step are joined in ascending order.

Source: Delfosse and Nickerson, Quantum 5, 595 (2021); weighted growth: Huang, Newman and Brown, Phys. Rev. A 102, 012419
(2020); peeling: Delfosse and Zémor, Phys. Rev. Research 2, 033042 (2020).
"""

from typing import NamedTuple

import numpy as np

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Bits, Integers

__all__ = ["DecodingGraph", "decode_union_find"]


class DecodingGraph(NamedTuple):
    """A graph of detectors, in compressed rows.

    Attributes:
        ends: int64 (edges, 2), two detectors, or one and −1 for the boundary.
        starts: int64 (detectors + 1,), where the edges of each detector begin in `adjacent`.
        adjacent: int64, the edges at each detector, those to the boundary too.
        flip_starts: int64 (edges + 1,), where the observables of each edge begin in `flips`.
        flips: int64, the observables that each edge flips.
    """

    ends: Integers
    starts: Integers
    adjacent: Integers
    flip_starts: Integers
    flips: Integers


class _Clusters(NamedTuple):
    """Working memory of one shot; what a shot has touched is put back at its end.

    By detector: its parent, and at roots the number of detectors, the parity, the edge to the boundary (−1 where there is
    none) and when that was found; the next detector of the cluster, and at roots the last one; the round in which a root
    last grew. Then the edges that joined clusters.
    """

    parent: Integers
    size: Integers
    parity: Integers
    boundary: Integers
    stamp: Integers
    next: Integers
    last: Integers
    round: Integers
    tree: Integers


@njit
def _find(parent: Integers, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@njit
def _sort(values: Integers, length: int) -> None:
    """Sort the first few values, which are few."""
    for k in range(1, length):
        value, place = values[k], k
        while place and values[place - 1] > value:
            values[place] = values[place - 1]
            place -= 1
        values[place] = value


@njit
def _reset(clusters: _Clusters, node: int) -> None:
    clusters.parent[node] = node
    clusters.size[node] = 1
    clusters.parity[node] = 0
    clusters.boundary[node] = -1
    clusters.next[node] = -1
    clusters.last[node] = node
    clusters.round[node] = -1


@njit
def _join(clusters: _Clusters, first: int, second: int) -> None:
    """Make one cluster of two, given by their roots."""
    if clusters.size[first] < clusters.size[second]:
        first, second = second, first
    clusters.parent[second] = first
    clusters.size[first] += clusters.size[second]
    clusters.parity[first] ^= clusters.parity[second]
    clusters.next[clusters.last[first]] = second
    clusters.last[first] = clusters.last[second]
    found = clusters.boundary[second]
    if found >= 0 and (clusters.boundary[first] < 0 or clusters.stamp[second] < clusters.stamp[first]):
        clusters.boundary[first] = found
        clusters.stamp[first] = clusters.stamp[second]


@njit
def _flip(graph: DecodingGraph, edge: int, out: Bits) -> None:
    for place in range(graph.flip_starts[edge], graph.flip_starts[edge + 1]):
        out[graph.flips[place]] ^= 1


@njit
def _step(graph: DecodingGraph, weights: Integers, grown: Integers, clusters: _Clusters, roots: Integers) -> int:
    """How far the growing clusters, given by their roots, can grow until the next edge is full; −1 where none is left."""
    best = -1
    turn = clusters.round[roots[0]]
    for root in roots:
        node = root
        while node >= 0:
            for place in range(graph.starts[node], graph.starts[node + 1]):
                edge = graph.adjacent[place]
                other = graph.ends[edge, 0] + graph.ends[edge, 1] - node
                rate = 1
                if other >= 0:
                    theirs = _find(clusters.parent, other)
                    if theirs == root:
                        continue
                    rate += clusters.round[theirs] == turn
                step = (weights[edge] - grown[edge] + rate - 1) // rate
                if best < 0 or step < best:
                    best = step
            node = clusters.next[node]
    return best


@njit
def _peel(
    graph: DecodingGraph, num_joined: int, clusters: _Clusters, events: Bits, leaves: Integers, out: Bits
) -> None:
    """Add to `out` the observables of a correction within the forest; `events` is used up.

    `leaves` is int64 (3, 2 · detectors); the tree edges of each detector and their exclusive or, zero before and after,
    and the waiting leaves.
    """
    degree, edges, waiting = leaves[0], leaves[1], leaves[2]
    for k in range(num_joined):
        edge = clusters.tree[k]
        for side in range(2):
            degree[graph.ends[edge, side]] += 1
            edges[graph.ends[edge, side]] ^= edge
    num_waiting = 0
    for k in range(num_joined):
        for side in range(2):
            node = graph.ends[clusters.tree[k], side]
            if degree[node] == 1:
                waiting[num_waiting] = node
                num_waiting += 1
    while num_waiting:
        num_waiting -= 1
        node = waiting[num_waiting]
        if degree[node] != 1:
            continue
        root = _find(clusters.parent, node)
        exit_edge = clusters.boundary[root]
        if clusters.parity[root] and graph.ends[exit_edge, 0] + graph.ends[exit_edge, 1] + 1 == node:
            continue
        edge = edges[node]
        other = graph.ends[edge, 0] + graph.ends[edge, 1] - node
        if events[node]:
            events[node] = 0
            events[other] ^= 1
            _flip(graph, edge, out)
        degree[node] = 0
        edges[node] = 0
        degree[other] -= 1
        edges[other] ^= edge
        if degree[other] == 1:
            waiting[num_waiting] = other
            num_waiting += 1
    for k in range(num_joined):
        for side in range(2):
            degree[graph.ends[clusters.tree[k], side]] = 0
            edges[graph.ends[clusters.tree[k], side]] = 0


@njit
def decode_union_find(graph: DecodingGraph, weights: Integers, events: Bits, out: Bits) -> int:
    """Write the observables that the correction of each shot flips to `out`, uint8 (shots, observables), zero before.

    `weights` is int64 (shots, edges) or (1, edges) for all, of at least 0; `events` uint8 (shots, detectors), used up.

    Returns the first shot that no correction explains, or −1.
    """
    num_detectors, num_edges = graph.starts.size - 1, graph.ends.shape[0]
    clusters = _Clusters(
        np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64),
        np.empty(num_detectors, np.int64), np.zeros(num_detectors, np.int64), np.empty(num_detectors, np.int64),
        np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64),
    )  # fmt: skip
    for node in range(num_detectors):
        _reset(clusters, node)
    grown, full = np.zeros(num_edges, np.int64), np.zeros(num_edges, np.uint8)
    filled, roots = np.empty(num_edges, np.int64), np.empty(num_detectors, np.int64)
    leaves = np.zeros((3, 2 * num_detectors), np.int64)
    for shot in range(events.shape[0]):
        own = weights[shot if weights.shape[0] > 1 else 0]
        num_roots, num_joined, turn, clock = 0, 0, 0, 0
        for node in range(num_detectors):
            if events[shot, node]:
                clusters.parity[node] = 1
                clusters.round[node] = 0
                roots[num_roots] = node
                num_roots += 1
        num_events = num_roots
        while num_roots:
            step = _step(graph, own, grown, clusters, roots[:num_roots])
            if step < 0:
                return shot
            num_filled = 0
            for k in range(num_roots):
                node = roots[k]
                while node >= 0:
                    for place in range(graph.starts[node], graph.starts[node + 1]):
                        edge = graph.adjacent[place]
                        if full[edge]:
                            continue
                        other = graph.ends[edge, 0] + graph.ends[edge, 1] - node
                        if other >= 0 and _find(clusters.parent, other) == roots[k]:
                            continue
                        grown[edge] += step
                        if grown[edge] >= own[edge]:
                            full[edge] = 1
                            filled[num_filled] = edge
                            num_filled += 1
                    node = clusters.next[node]
            _sort(filled, num_filled)
            for k in range(num_filled):
                edge = filled[k]
                first, second = graph.ends[edge, 0], graph.ends[edge, 1]
                if first < 0 or second < 0:
                    root = _find(clusters.parent, first + second + 1)
                    if clusters.boundary[root] < 0:
                        clusters.boundary[root] = edge
                        clusters.stamp[root] = clock
                        clock += 1
                    continue
                first, second = _find(clusters.parent, first), _find(clusters.parent, second)
                if first != second:
                    _join(clusters, first, second)
                    clusters.tree[num_joined] = edge
                    num_joined += 1
            turn += 1
            kept = 0
            for k in range(num_roots):
                root = _find(clusters.parent, roots[k])
                if clusters.parity[root] and clusters.boundary[root] < 0 and clusters.round[root] != turn:
                    clusters.round[root] = turn
                    roots[kept] = root
                    kept += 1
            num_roots = kept
        if num_events:
            _peel(graph, num_joined, clusters, events[shot], leaves, out[shot])
            for node in range(num_detectors):
                if clusters.parent[node] == node and clusters.parity[node]:
                    _flip(graph, clusters.boundary[node], out[shot])
            for node in range(num_detectors):
                _reset(clusters, node)
            for edge in range(num_edges):
                grown[edge] = 0
                full[edge] = 0
    return -1
