"""Twin of union–find decoding: clusters as sets, the forest as a list of edges, leaves looked for one by one."""

from qtoolkit_kernels._types import Bits, Integers
from qtoolkit_kernels.union_find import DecodingGraph

__all__ = ["decode_union_find"]


def decode_union_find(graph: DecodingGraph, weights: Integers, events: Bits, out: Bits) -> int:
    """Write the observables that the correction of each shot flips to `out`; return a shot that has none, or −1."""
    for shot in range(len(events)):
        correction = _correction(graph, weights[shot if len(weights) > 1 else 0].tolist(), events[shot].tolist())
        if correction is None:
            return shot
        events[shot] = 0
        for edge in correction:
            out[shot, graph.flips[graph.flip_starts[edge] : graph.flip_starts[edge + 1]]] ^= 1
    return -1


def _correction(graph: DecodingGraph, weights: list[int], events: list[int]) -> list[int] | None:
    ends = [[int(node) for node in pair if node >= 0] for pair in graph.ends]
    cluster_of = {node: frozenset([node]) for node in range(len(events))}
    exits: dict[
        int, int
    ] = {}  # by detector, the edge through which the boundary was reached there, the first one first
    grown, forest = [0] * len(ends), list[int]()
    while True:
        growing = {
            cluster
            for cluster in cluster_of.values()
            if sum(events[node] for node in cluster) % 2 and not any(node in exits for node in cluster)
        }
        if not growing:
            break
        rates = [
            0 if len({cluster_of[node] for node in pair}) < len(pair) else sum(cluster_of[n] in growing for n in pair)
            for pair in ends
        ]
        steps = [-((grown[k] - weights[k]) // rate) for k, rate in enumerate(rates) if rate]
        if not steps:
            return None
        filled = []
        for k, rate in enumerate(rates):
            grown[k] += min(steps) * rate
            if rate and grown[k] >= weights[k]:
                filled.append(k)
        for k in filled:
            if len(ends[k]) == 1:
                if not any(node in exits for node in cluster_of[ends[k][0]]):
                    exits[ends[k][0]] = k
                continue
            first, second = (cluster_of[node] for node in ends[k])
            if first != second:
                forest.append(k)
                cluster_of.update(dict.fromkeys(first | second, first | second))
    return _peeled(ends, forest, events, set(cluster_of.values()), exits)


def _peeled(
    ends: list[list[int]], forest: list[int], events: list[int], clusters: set[frozenset[int]], exits: dict[int, int]
) -> list[int]:
    """A correction within the forest, and through one exit of each odd cluster."""
    left, correction = list(events), list[int]()
    for cluster in clusters:
        if sum(events[node] for node in cluster) % 2:
            node = next(node for node in exits if node in cluster)
            correction.append(exits[node])
            left[node] ^= 1
    remaining = set(forest)
    while remaining:
        degree = dict.fromkeys((node for edge in remaining for node in ends[edge]), 0)
        for edge in remaining:
            for node in ends[edge]:
                degree[node] += 1
        edge = next(edge for edge in remaining if min(degree[node] for node in ends[edge]) == 1)
        leaf, other = sorted(ends[edge], key=lambda node: degree[node])
        if left[leaf]:
            correction.append(edge)
            left[leaf], left[other] = 0, left[other] ^ 1
        remaining.remove(edge)
    return correction
