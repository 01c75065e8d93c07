"""Kernels of decoders equal their twins, and the sum over errors equals an enumeration."""

import itertools

import numpy as np
import pytest

from qtoolkit_kernels import elimination, union_find
from qtoolkit_kernels.reference import elimination as elimination_twins
from qtoolkit_kernels.reference import union_find as union_find_twins


def random_graph(rng, num_detectors, num_edges, num_observables, boundary):
    """Edges between random detectors, some to the boundary, with random flips."""
    ends = np.array([np.sort(rng.choice(num_detectors, 2, replace=False)) for _ in range(num_edges)], np.int64)
    if boundary:
        ends[rng.random(num_edges) < 0.2, 1] = -1
    incident = [[edge for edge, pair in enumerate(ends.tolist()) if node in pair] for node in range(num_detectors)]
    flips = [np.flatnonzero(rng.random(num_observables) < 0.4) for _ in range(num_edges)]
    return union_find.DecodingGraph(
        ends,
        np.cumsum([0, *map(len, incident)]),
        np.array([edge for edges in incident for edge in edges], np.int64),
        np.cumsum([0, *map(len, flips)]),
        np.concatenate(flips).astype(np.int64),
    )


@pytest.mark.parametrize("per_shot", [False, True])
@pytest.mark.parametrize("boundary", [False, True])
@pytest.mark.parametrize("num_detectors", [2, 3, 6, 14, 40])
def test_union_find_equals_its_twin(num_detectors, boundary, per_shot):
    rng = np.random.default_rng(num_detectors)
    for _ in range(6):
        num_edges = int(rng.integers(num_detectors, 3 * num_detectors + 1))
        graph = random_graph(rng, num_detectors, num_edges, 2, boundary)
        weights = rng.integers(0, int(rng.choice([2, 4, 100])), (12 if per_shot else 1, num_edges))
        # those of random errors, and some of which no error need exist
        errors = rng.random((12, num_edges)) < rng.choice([0.05, 0.2])
        events = np.zeros((12, num_detectors), np.uint8)
        for edge, pair in enumerate(graph.ends.tolist()):
            for node in pair:
                if node >= 0:
                    events[:, node] ^= errors[:, edge]
        events[-2:] = rng.random((2, num_detectors)) < 0.3
        found, expected = np.zeros((12, 2), np.uint8), np.zeros((12, 2), np.uint8)
        shot = union_find.decode_union_find(graph, weights, events.copy(), found)
        assert shot == union_find_twins.decode_union_find(graph, weights, events.copy(), expected)
        assert np.array_equal(found, expected)


def test_union_find_explains_what_errors_give():
    """With every edge an observable of its own, the correction has the events that were given."""
    rng = np.random.default_rng(5)
    for boundary in (False, True):
        graph = random_graph(rng, 30, 70, 1, boundary)._replace(flip_starts=np.arange(71), flips=np.arange(70))
        incidence = np.zeros((70, 30), np.int64)
        for edge, pair in enumerate(graph.ends.tolist()):
            incidence[edge, [node for node in pair if node >= 0]] = 1
        events = ((rng.random((200, 70)) < 0.1) @ incidence % 2).astype(np.uint8)
        correction = np.zeros((200, 70), np.uint8)
        weights = rng.integers(1, 50, (1, 70))
        assert union_find.decode_union_find(graph, weights, events.copy(), correction) == -1
        assert np.array_equal(correction @ incidence % 2, events)


@pytest.mark.parametrize("per_shot", [False, True])
def test_sums_over_errors_equal_their_twins_and_an_enumeration(per_shot):
    rng = np.random.default_rng(3)
    # observables 0 and 1 are bits 0 and 1; three detectors, of which two are there at a time
    mix, close = elimination.MIX, elimination.CLOSE
    opening = [elimination.OPEN, 0, 0]
    steps = np.array(
        [opening, [mix, 0b101, 0], opening, [mix, 0b1110, 1], [mix, 0b100, 2], [close, 2, 0], opening,
         [mix, 0b1100, 3], [mix, 0b0101, 4], [close, 2, 1], [mix, 0b110, 5], [mix, 0b1, 6], [close, 2, 2]]
    )  # fmt: skip
    flips = [(0b001, 0b01), (0b011, 0b10), (0b001, 0b00), (0b110, 0b00), (0b010, 0b01), (0b100, 0b10), (0b000, 0b01)]
    events = np.array(list(itertools.product((0, 1), repeat=3)), np.uint8)
    rates = rng.random((8 if per_shot else 1, 7)) * 0.5
    found, twin, expected = np.zeros((8, 4)), np.zeros((8, 4)), np.zeros((8, 4))
    elimination.sum_over_errors(steps, rates, events, found)
    elimination_twins.sum_over_errors(steps, rates, events, twin)
    for shot, seen in enumerate(events):
        own = rates[shot if per_shot else 0]
        for happened in itertools.product((0, 1), repeat=7):
            detectors, observables, weight = 0, 0, 1.0
            for hit, (d, o), rate in zip(happened, flips, own, strict=True):
                detectors, observables = detectors ^ hit * d, observables ^ hit * o
                weight *= rate if hit else 1 - rate
            if detectors == int(seen @ [1, 2, 4]):
                expected[shot, observables] += weight
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-12)
    np.testing.assert_allclose(found, twin, rtol=0, atol=1e-12)


def test_sums_over_errors_of_tiny_probabilities_keep_their_digits():
    """A chain of 400 certain events at rate 1e-3 each: P = 1e-1200, far below the smallest double."""
    steps, num_detectors = [], 400
    for k in range(num_detectors):
        steps += [[elimination.OPEN, 0, 0], [elimination.MIX, 0b11, k], [elimination.CLOSE, 1, k]]
    rates = np.full((1, num_detectors), 1e-3)
    out = np.zeros((1, 2))
    elimination.sum_over_errors(np.array(steps), rates, np.ones((1, num_detectors), np.uint8), out)
    np.testing.assert_allclose(out[0], [num_detectors * np.log(1e-3), -np.inf], rtol=1e-13)
