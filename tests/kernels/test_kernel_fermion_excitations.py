"""Kernels of excitations equal their NumPy twins: every kind of group, real and complex, in tasks and on threads."""

from __future__ import annotations

import os

import numpy as np
import pytest
from guard_pages import guarded_empty

from qtoolkit_kernels.fermion import excitations
from qtoolkit_kernels.fermion._lines import LINE
from qtoolkit_kernels.reference.fermion import excitations as twins
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters

SHAPES = [(1, 1), (2, 3), (7, 8), (8, 16), (9, 1), (1, 30), (20, 33), (41, 17)]
KINDS = range(7)


def array(shape, dtype=np.float64):
    """Memory behind which nobody may read, where the system can see to that."""
    size = int(np.prod(shape))
    if os.name != "posix":
        return np.zeros(shape, dtype)
    return guarded_empty(size, dtype).reshape(shape)


class RandomProgram:
    """Groups of every kind that has pairs to rotate, in random order."""

    def __init__(self, seed: int, shape: tuple[int, int], kinds=KINDS) -> None:
        self.rng, self.shape = np.random.default_rng(seed), shape
        self._lists: list[tuple[int, int, int]] = []
        self._pairs: list[np.ndarray] = [np.zeros((0, 2), np.int32)]
        self._filled = 0
        lists_of: list[tuple[int, int]] = []
        groups = []
        for kind in self.rng.permutation(np.repeat(kinds, 3)):
            added = self._rotations(kind)
            groups.append((kind, len(lists_of), len(lists_of) + len(added)))
            lists_of += added
        self.program = excitations.Excitations(
            np.array(groups, np.int64),
            np.array(lists_of, np.int64),
            np.array(self._lists, np.int64).reshape(-1, 3),
            np.concatenate(self._pairs),
        )
        turns = self.rng.uniform(-3, 3, len(lists_of))
        self.angles = np.stack([np.cos(turns), np.sin(turns)], axis=1)

    def _list(self, spin: int) -> int:
        count = self.shape[spin]
        pairs = self.rng.permutation(count)[: count // 2 * 2].reshape(-1, 2).astype(np.int32)
        pairs = pairs[: self.rng.integers(len(pairs) + 1)]
        end = self._filled + len(pairs)
        self._lists.append((self._filled, int(self.rng.integers(self._filled, end + 1)), end))
        self._pairs.append(pairs)
        self._filled = end
        return len(self._lists) - 1

    def _rotations(self, kind: int) -> list[tuple[int, int]]:
        count = 1 if kind >= excitations.ALPHA_ALONE else int(self.rng.integers(1, 5))
        if kind in (excitations.ALPHA, excitations.ALPHA_ALONE):
            return [(self._list(0), -1) for _ in range(count)]
        if kind in (excitations.BETA, excitations.BETA_ALONE):
            return [(-1, self._list(1)) for _ in range(count)]
        same_alpha, same_beta = self._list(0), self._list(1)
        if kind == excitations.SAME_BETA:
            return [(self._list(0), same_beta) for _ in range(count)]
        return [(same_alpha, self._list(1)) for _ in range(count)]

    def state(self, width: int) -> np.ndarray:
        found = array((self.shape[0], self.shape[1] * width))
        found[:] = self.rng.normal(size=found.shape)
        return found

    def scratch(self, num_threads: int, vectors: int) -> np.ndarray:
        return array((num_threads, vectors * 2 * max(self.shape) * LINE))


def run(team: Team | None, kernel, *arguments, progress: np.ndarray) -> None:
    if team is None:
        kernel(*arguments, progress, 0)
    else:
        team.run(kernel, *arguments, progress)


@pytest.mark.parametrize("num_tasks", [1, 3, 64])
@pytest.mark.parametrize("num_threads", [0, 1, 2])
@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_kernels_equal_their_twins(shape: tuple[int, int], width: int, num_threads: int, num_tasks: int) -> None:
    """No threads stands for no counters either."""
    drawn = RandomProgram(shape[0] + 100 * shape[1], shape)
    program, angles = drawn.program, drawn.angles
    team = Team(num_threads) if num_threads else None
    progress = counters(2 * len(program.groups) if num_threads else 0)
    rows = max(num_threads, 1)

    state = drawn.state(width)
    expected = state.copy()
    scratch = drawn.scratch(rows, 1)
    twins.turn(expected, width, program, angles, num_tasks, scratch, counters(0), 0)
    run(team, excitations.turn, state, width, program, angles, num_tasks, scratch, progress=progress)
    np.testing.assert_allclose(state, expected, atol=1e-12)

    ket, bra = drawn.state(width), drawn.state(width)
    sums = np.zeros((len(angles), num_tasks))
    expected_ket, expected_bra, expected_sums = ket.copy(), bra.copy(), np.zeros_like(sums)
    scratch = drawn.scratch(rows, 2)
    twins.turn_back(expected_ket, expected_bra, width, program, angles, expected_sums, scratch, counters(0), 0)
    progress = counters(len(progress))
    run(team, excitations.turn_back, ket, bra, width, program, angles, sums, scratch, progress=progress)
    np.testing.assert_allclose(ket, expected_ket, atol=1e-12)
    np.testing.assert_allclose(bra, expected_bra, atol=1e-12)
    np.testing.assert_allclose(sums.sum(axis=1), expected_sums.sum(axis=1), atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
def test_turning_back_undoes_and_each_rotation_is_a_plane_rotation(kind: int) -> None:
    drawn = RandomProgram(kind, (12, 21), [kind])
    state = drawn.state(1)
    state /= np.linalg.norm(state)
    before = state.copy()
    excitations.turn(state, 1, drawn.program, drawn.angles, 4, drawn.scratch(1, 1), counters(0), 0)
    assert np.linalg.norm(state) == pytest.approx(1.0, abs=1e-13)
    assert np.abs(state - before).max() > 0.01
    bra, sums = state.copy(), np.zeros((len(drawn.angles), 4))
    excitations.turn_back(state, bra, 1, drawn.program, drawn.angles, sums, drawn.scratch(1, 2), counters(0), 0)
    np.testing.assert_allclose(state, before, atol=1e-13)
    np.testing.assert_allclose(bra, before, atol=1e-13)
    # ⟨ψ|T − T†|ψ⟩ of a real state
    np.testing.assert_allclose(sums, 0.0, atol=1e-13)


def test_results_are_the_same_on_any_number_of_threads() -> None:
    drawn = RandomProgram(3, (60, 45))
    found = []
    for num_threads in (1, 2):
        rng = np.random.default_rng(0)
        ket, bra = rng.normal(size=(2, *drawn.shape))
        sums = np.zeros((len(drawn.angles), 8))
        scratch, progress = drawn.scratch(num_threads, 2), counters(2 * len(drawn.program.groups))
        Team(num_threads).run(
            excitations.turn_back, ket, bra, 1, drawn.program, drawn.angles, sums, scratch, progress
        )  # fmt: skip
        found.append((ket, bra, sums))
    for one, two in zip(*found, strict=True):
        assert np.array_equal(one, two)
