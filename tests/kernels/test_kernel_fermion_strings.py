"""Kernels of strings equal their NumPy twins: real and complex, alpha and beta, with and without threads."""

from __future__ import annotations

import os
from itertools import product

import numpy as np
import pytest
from guard_pages import guarded_empty

from qtoolkit.simulators.fermion import FermionSector
from qtoolkit.simulators.fermion.coulomb_actions import cut_of
from qtoolkit.simulators.fermion.couplings import coupling_of
from qtoolkit.simulators.fermion.one_spin import BINOMIALS
from qtoolkit.simulators.fermion.spin import ladders_of
from qtoolkit_kernels.fermion import coulomb, coupling, givens, ladders, one_spin, tiles
from qtoolkit_kernels.reference.fermion import coulomb as coulomb_twins
from qtoolkit_kernels.reference.fermion import coupling as coupling_twins
from qtoolkit_kernels.reference.fermion import givens as givens_twins
from qtoolkit_kernels.reference.fermion import ladders as ladders_twins
from qtoolkit_kernels.reference.fermion import one_spin as one_spin_twins
from qtoolkit_kernels.reference.fermion import tiles as tiles_twins
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes

WIDTHS = [width for width in (16, 32, 64) if width <= native_vector_bytes()]
SECTORS = [(1, (1, 0)), (3, (0, 2)), (4, (2, 1)), (5, (2, 3)), (5, (5, 2)), (6, (3, 3)), (7, (1, 4))]
THREADS = [1, 2]


def array(*shape: int, dtype=np.float64):
    """Memory behind which nobody may read, where the system can see to that."""
    size = int(np.prod(shape))
    return np.zeros(shape, dtype) if os.name != "posix" else guarded_empty(size, dtype).reshape(shape)


def guarded(values):
    found = array(*values.shape, dtype=values.dtype)
    found[...] = values
    return found


def random_state(rng, shape, parts):
    return guarded(rng.normal(size=(shape[0], shape[1] * parts)))


def run(kernel, threads, *arguments):
    Team(threads).run(kernel, *arguments, counters(2))


def symmetric(rng, norb, sparse=False):
    found = rng.normal(size=(norb,) * 4)
    if sparse:
        orbital = np.indices(found.shape)
        found *= (orbital.sum(axis=0) % 2 == 0) & (rng.random(found.shape) < 0.9)
    found = found + found.transpose(1, 0, 2, 3)
    found = found + found.transpose(0, 1, 3, 2)
    return found + found.transpose(2, 3, 0, 1)


@pytest.mark.parametrize("norb", [1, 2, 5, 8])
@pytest.mark.parametrize("is_real", [False, True])
def test_givens_rotations_equal_their_twin_and_multiply_to_the_matrix(norb, is_real):
    rng = np.random.default_rng(norb)
    unitary, _ = np.linalg.qr(rng.normal(size=(norb, norb)) + (0.0 if is_real else 1j) * rng.normal(size=(norb, norb)))
    if norb == 5:
        unitary = np.eye(5)[[3, 0, 4, 1, 2]] * [1, -1, 1, 1, -1]
    size = norb * (norb - 1) // 2
    found, expected = ([array(size, dtype=np.int64), array(size, 3), array(norb, dtype=np.complex128)] for _ in "ab")
    givens.decompose(unitary.astype(np.complex128), *found)
    givens_twins.decompose(unitary.astype(np.complex128), *expected)
    for one, other in zip(found, expected, strict=True):
        assert np.allclose(one, other, atol=1e-12)
    total = np.diag(found[2])
    for p, (cosine, real, imaginary) in zip(found[0], found[1], strict=True):
        turn = np.eye(norb, dtype=complex)
        sine = -real + 1j * imaginary
        turn[p : p + 2, p : p + 2] = [[cosine, -np.conj(sine)], [sine, cosine]]
        total = turn @ total
    assert np.allclose(total, unitary, atol=1e-12)


@pytest.mark.parametrize(("norb", "nelec"), SECTORS)
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("width", WIDTHS)
def test_tiles_equal_their_twins(norb, nelec, parts, width):
    rng = np.random.default_rng(norb)
    sector = FermionSector(norb, nelec)
    for is_beta, threads in product((0, 1), THREADS):
        links = sector.beta_links if is_beta else sector.alpha_links
        strings, side, start = len(links), tiles.Side(is_beta, parts), links.pairs.start
        pairs = tiles.Pairs(guarded(links.pairs.pairs), start)
        chosen = rng.integers(0, len(start), 5) if len(start) else np.zeros(0, np.int64)
        angles = rng.normal(size=(len(chosen), 3))
        angles[:2, 2] = 0.0
        if parts == 1:
            angles[:, 2] = 0.0
        turns = tiles.Turns(
            np.ascontiguousarray(start[chosen][:, [0, 2]]), angles, guarded(rng.normal(size=(strings, 2)))
        )
        state, scratch = random_state(rng, sector.shape, parts), array(threads, strings, tiles.WIDTH)
        expected = state.copy()
        run(tiles.turn_orbitals, threads, state, Lanes(width), side, pairs, turns, scratch)
        tiles_twins.turn_orbitals(expected, Lanes(width), side, pairs, turns, scratch, counters(2), 0)
        assert np.allclose(state, expected, rtol=1e-12, atol=1e-12)

        first = strings // 3
        matrix = rng.normal(size=(strings - first, strings)) * (rng.random((strings - first, strings)) < 0.5)
        row_start = np.concatenate([[0], np.cumsum((matrix != 0.0).sum(axis=1))])
        rows = tiles.SparseRows(
            row_start, guarded(np.nonzero(matrix)[1].astype(np.int32)), guarded(matrix[matrix != 0.0])
        )
        for adding in (False, True):
            out, scratch = random_state(rng, sector.shape, parts), array(threads, 2 * strings - first, tiles.WIDTH)
            expected = out.copy()
            run(tiles.apply_one_spin, threads, out, state, Lanes(width), side, rows, first, adding, scratch)
            tiles_twins.apply_one_spin(
                expected, state, Lanes(width), side, rows, first, adding, scratch, counters(2), 0
            )
            assert np.allclose(out, expected, rtol=1e-12, atol=1e-12)

        bra, scratch = random_state(rng, sector.shape, parts), array(threads, 2 * strings, tiles.WIDTH)
        sums, norms = ([np.zeros((3, len(start), 4)), np.zeros((3, strings, 2))] for _ in "ab")
        run(tiles.sum_pairs, threads, bra, state, Lanes(width), side, pairs, *sums, scratch)
        tiles_twins.sum_pairs(bra, state, Lanes(width), side, pairs, *norms, scratch, counters(2), 0)
        kept = slice(None) if parts == 2 else slice(2)
        assert np.allclose(sums[0].sum(axis=0)[:, kept], norms[0].sum(axis=0)[:, kept], atol=1e-12)
        assert np.allclose(sums[1].sum(axis=0)[:, :parts], norms[1].sum(axis=0)[:, :parts], atol=1e-12)


@pytest.mark.parametrize(("norb", "nelec"), [case for case in SECTORS if 0 not in case[1]])
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("sparse", [False, True])
def test_coupling_equals_its_twin(norb, nelec, parts, width, sparse):
    rng = np.random.default_rng(norb)
    sector = FermionSector(norb, nelec)
    tables = coupling_of(sector, symmetric(rng, norb, sparse))
    assert tables is not None
    given = tables.tables._replace(values=guarded(tables.tables.values), targets=guarded(tables.tables.targets))
    assert not sparse or norb < 4 or len(given.columns) > 2
    state, columns = random_state(rng, sector.shape, parts), given.values.shape[1]
    for threads, at_a_time in product(THREADS, (8, 24)):
        out = random_state(rng, sector.shape, parts)
        expected = out.copy()
        images, panels = array(threads, at_a_time, columns), array(threads, tables.most_rows, columns)
        arguments = state, Lanes(width), width // 8, parts, given, 3, images, panels
        run(coupling.add_coupling, threads, out, *arguments)
        coupling_twins.add_coupling(expected, *arguments, counters(2), 0)
        assert np.allclose(out, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("norb", "count"), [(1, 0), (1, 1), (4, 2), (5, 3), (5, 5)])
def test_matrix_elements_equal_their_twin(norb, count):
    rng = np.random.default_rng(norb)
    strings = FermionSector(norb, (count, 0)).alpha_strings
    one_body = rng.normal(size=(norb, norb))
    arguments = strings, BINOMIALS, one_body + one_body.T, symmetric(rng, norb), 0.7, 1e-12, len(strings) // 2
    rows = len(strings) - len(strings) // 2
    dense = []
    for fill in (one_spin.fill_one_spin, one_spin_twins.fill_one_spin):
        columns, values, counts = array(rows, 40, dtype=np.int32), array(rows, 40), array(rows, dtype=np.int64)
        fill(*arguments, columns, values, counts)
        matrix = np.zeros((rows, len(strings)))
        for row, number in enumerate(counts):
            assert len(set(columns[row, :number])) == number
            matrix[row, columns[row, :number]] = values[row, :number]
        dense.append(matrix)
    assert np.allclose(*dense, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("norb", "nelec"), SECTORS)
@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("step", [1, -1])
def test_ladders_equal_their_twin(norb, nelec, parts, step):
    after = nelec[0] + step, nelec[1] - step
    if not all(0 <= count <= norb for count in after):
        return
    rng = np.random.default_rng(norb)
    tables = ladders_of(norb, nelec, step)
    shape = FermionSector(norb, after).shape
    state = random_state(rng, FermionSector(norb, nelec).shape, parts)
    for threads in THREADS:
        out, expected = (array(shape[0], shape[1] * parts) for _ in "ab")
        run(ladders.apply_ladders, threads, out, state, parts, tables, min(3, shape[0]))
        ladders_twins.apply_ladders(expected, state, parts, tables, 3, counters(2), 0)
        assert np.allclose(out, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("norb", "nelec"), SECTORS)
@pytest.mark.parametrize("threads", THREADS)
def test_phases_equal_their_twins(norb, nelec, threads):
    rng = np.random.default_rng(norb)
    sector = FermionSector(norb, nelec)
    cut, (rows, columns) = cut_of(sector), sector.shape
    angles = rng.normal(size=rows), rng.normal(size=columns), rng.normal(size=(rows, norb))
    phases = coulomb.Phases(*(guarded(np.exp(1j * values).view(np.float64)) for values in angles))
    given, blocks = random_state(rng, sector.shape, 2), min(3, rows)
    found, expected = guarded(given), given.copy()
    run(coulomb.turn_phases, threads, found, cut, phases, blocks, array(threads, 2 * len(cut.parts)))
    coulomb_twins.turn_phases(expected, cut, phases, blocks, None, counters(2), 0)
    assert np.allclose(found, expected, rtol=1e-12, atol=1e-12)
    results = []
    for kernel, number in ((coulomb.turn_phases_back, threads), (coulomb_twins.turn_phases_back, 1)):
        ket, bra = guarded(given), guarded(given[::-1])
        by_row, by_column = array(rows, norb + 1), np.zeros((blocks, columns))
        tables = array(number, 3 * len(cut.parts))
        run(kernel, number, ket, bra, cut, phases, by_row, by_column, tables)
        results.append((ket, bra, by_row, by_column.sum(axis=0)))
    for one, other in zip(*results, strict=True):
        assert np.allclose(one, other, rtol=1e-12, atol=1e-12)
