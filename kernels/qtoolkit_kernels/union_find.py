"""Union–find decoding: clusters of detection events grow along the edges of a graph until each can be explained within.

All clusters of odd parity grow at one speed, edges fill by weight, and a cluster that reaches the boundary is done. The
edges that joined clusters form a forest, in which the leaves are peeled off one after the other: each leaf with an
event takes its edge into the correction. Edges that fill in the same step are joined in ascending order.

Source: Delfosse and Nickerson, Quantum 5, 595 (2021); weighted growth: Huang, Newman and Brown, Phys. Rev. A 102,
012419 (2020); peeling: Delfosse and Zémor, Phys. Rev. Research 2, 033042 (2020).
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

    By detector: its parent; at roots the number of detectors, the parity, the edge to the boundary (−1 where there is
    none) and when that was found; the next detector of the cluster, and at roots the last one; at roots whether the
    cluster grows, since when, and when an edge may fill next; how far the detector had grown when its cluster last
    changed. Then the edges that joined clusters.
    """

    parent: Integers
    size: Integers
    parity: Integers
    boundary: Integers
    stamp: Integers
    next: Integers
    last: Integers
    grows: Integers
    since: Integers
    due: Integers
    grown: Integers
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
    clusters.grows[node] = 0
    clusters.grown[node] = 0


@njit
def _settle(clusters: _Clusters, root: int, time: int) -> None:
    """Write down how far each detector of a cluster has grown."""
    if clusters.grows[root]:
        node = root
        while node >= 0:
            clusters.grown[node] += time - clusters.since[root]
            node = clusters.next[node]
    clusters.since[root] = time


@njit
def _stop(graph: DecodingGraph, clusters: _Clusters, root: int, time: int) -> None:
    """Let the growing neighbours of a cluster that grows no more look when their edges will be full."""
    node = root
    while node >= 0:
        for place in range(graph.starts[node], graph.starts[node + 1]):
            edge = graph.adjacent[place]
            other = graph.ends[edge, 0] + graph.ends[edge, 1] - node
            if other >= 0:
                theirs = _find(clusters.parent, other)
                if clusters.grows[theirs]:
                    clusters.due[theirs] = time
        node = clusters.next[node]


@njit
def _join(graph: DecodingGraph, clusters: _Clusters, first: int, second: int, time: int) -> None:
    """Make one cluster of two, given by their roots."""
    _settle(clusters, first, time)
    _settle(clusters, second, time)
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
    clusters.grows[first] = clusters.parity[first] and clusters.boundary[first] < 0
    clusters.due[first] = time
    if not clusters.grows[first]:
        _stop(graph, clusters, first, time)


@njit
def _flip(graph: DecodingGraph, edge: int, out: Bits) -> None:
    for place in range(graph.flip_starts[edge], graph.flip_starts[edge + 1]):
        out[graph.flips[place]] ^= 1


@njit
def _look(graph: DecodingGraph, weights: Integers, clusters: _Clusters, root: int, time: int, filled: Integers) -> int:
    """Add the full edges of a growing cluster to `filled`, and note when the next may be; the number of full ones.

    `filled` begins with how many there are. An edge between two growing clusters is due in time for the one that
    changed last; when that one ceases to grow, `_stop` calls on the other.
    """
    count, best = 0, -1
    elapsed = time - clusters.since[root]
    node = root
    while node >= 0:
        here = clusters.grown[node] + elapsed
        for place in range(graph.starts[node], graph.starts[node + 1]):
            edge = graph.adjacent[place]
            other = graph.ends[edge, 0] + graph.ends[edge, 1] - node
            left = weights[edge] - here
            if other >= 0:
                theirs = _find(clusters.parent, other)
                if theirs == root:
                    continue
                left -= clusters.grown[other]
                if clusters.grows[theirs]:
                    left = (left - (time - clusters.since[theirs]) + 1) >> 1
            if left <= 0:
                filled[0] += 1
                filled[filled[0]] = edge
                count += 1
            elif best < 0 or left < best:
                best = left
        node = clusters.next[node]
    clusters.due[root] = time + best if best >= 0 else -1
    return count


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
def _fill(graph: DecodingGraph, filled: Integers, num_joined: int, clusters: _Clusters, time: int) -> int:
    """Join clusters along full edges, in ascending order; how many edges have joined clusters so far."""
    _sort(filled[1:], filled[0])
    for k in range(1, filled[0] + 1):
        edge = filled[k]
        first, second = graph.ends[edge, 0], graph.ends[edge, 1]
        if first < 0 or second < 0:
            root = _find(clusters.parent, first + second + 1)
            if clusters.boundary[root] < 0:
                _settle(clusters, root, time)
                clusters.boundary[root] = edge
                clusters.stamp[root] = time * filled.size + k
                clusters.grows[root] = 0
                _stop(graph, clusters, root, time)
            continue
        first, second = _find(clusters.parent, first), _find(clusters.parent, second)
        if first != second:
            _join(graph, clusters, first, second, time)
            clusters.tree[num_joined] = edge
            num_joined += 1
    return num_joined


@njit
def decode_union_find(graph: DecodingGraph, weights: Integers, events: Bits, out: Bits) -> int:
    """Write the observables that the correction of each shot flips to `out`, uint8 (shots, observables), zero before.

    `weights` is int64 (shots, edges) or (1, edges) for all, of at least 0; `events` uint8 (shots, detectors), and
    zero after where they are explained.

    Returns the first shot that no correction explains, or −1.
    """
    num_detectors, num_edges = graph.starts.size - 1, graph.ends.shape[0]
    clusters = _Clusters(
        np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64),
        np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64),
        np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64),
        np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64), np.empty(num_detectors, np.int64),
    )  # fmt: skip
    for node in range(num_detectors):
        _reset(clusters, node)
    # An edge may be found from both of its ends.
    filled, roots = np.empty(2 * num_edges + 1, np.int64), np.empty(num_detectors, np.int64)
    leaves = np.zeros((3, 2 * num_detectors), np.int64)
    for shot in range(events.shape[0]):
        own = weights[shot if weights.shape[0] > 1 else 0]
        num_roots, num_joined, time = 0, 0, 0
        for node in range(num_detectors):
            if events[shot, node]:
                clusters.parity[node] = 1
                clusters.grows[node] = 1
                clusters.since[node] = 0
                clusters.due[node] = 0
                roots[num_roots] = node
                num_roots += 1
        if num_roots == 0:
            continue
        while num_roots:
            time = clusters.due[roots[0]]
            for k in range(1, num_roots):
                due = clusters.due[roots[k]]
                if time < 0 or 0 <= due < time:
                    time = due
            if time < 0:
                return shot
            filled[0] = 0
            for k in range(num_roots):
                if clusters.due[roots[k]] == time:
                    _look(graph, own, clusters, roots[k], time, filled)
            if filled[0] == 0:
                continue
            num_joined = _fill(graph, filled, num_joined, clusters, time)
            kept = 0
            for k in range(num_roots):
                root = _find(clusters.parent, roots[k])
                # A root that has taken another in stands for both.
                if clusters.grows[root] == 1:
                    clusters.grows[root] = 2
                    roots[kept] = root
                    kept += 1
            num_roots = kept
            for k in range(num_roots):
                clusters.grows[roots[k]] = 1
        _peel(graph, num_joined, clusters, events[shot], leaves, out[shot])
        for node in range(num_detectors):
            if clusters.parent[node] == node and clusters.parity[node]:
                edge = clusters.boundary[node]
                _flip(graph, edge, out[shot])
                events[shot, graph.ends[edge, 0] + graph.ends[edge, 1] + 1] = 0
        for node in range(num_detectors):
            _reset(clusters, node)
    return -1
