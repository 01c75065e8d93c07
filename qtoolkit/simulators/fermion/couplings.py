"""Tables for the repulsion between alpha and beta electrons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit._memory import reserved
from qtoolkit.simulators.fermion.links import StringLinks
from qtoolkit.simulators.fermion.one_spin import NEGLIGIBLE
from qtoolkit.simulators.fermion.sector import FermionSector
from qtoolkit_kernels.fermion.coupling import Coupling

__all__ = ["CouplingTables", "coupling_of"]

IntArray = NDArray[np.int64]
ShortArray = NDArray[np.int32]
FloatArray = NDArray[np.float64]

_REGISTER = 8
"""Columns of a group are filled up to a multiple of this, the numbers in the widest registers."""

_BYTES_PER_MOVE = 96
"""What sorting the moves of strings takes, results included."""


@dataclass(frozen=True, eq=False)
class CouplingTables:
    """What the kernel takes.

    Attributes:
        tables: see `Coupling`.
        most_rows: rows of the state that come to one alpha string.
        work_per_column: multiplications for each of an alpha string's amplitudes.
    """

    tables: Coupling
    most_rows: int
    work_per_column: int


def coupling_of(sector: FermionSector, repulsion: FloatArray | None) -> CouplingTables | None:
    """The tables of (pq|rs) with p, q of alpha and r, s of beta electrons; None if it vanishes in the sector.

    Raises:
        InsufficientMemoryError: if they do not fit into free memory.
    """
    if repulsion is None or 0 in sector.nelec:
        return None
    norb = sector.norb
    p, q = _moves(norb)
    matrix = repulsion[p[:, None], q[:, None], p[None, :], q[None, :]]
    there = np.abs(matrix) > NEGLIGIBLE * np.abs(matrix).max(initial=0.0)
    if not there.any():
        return None
    links = sector.alpha_links, sector.beta_links
    pairs = max(len(side) * side.num_moves for side in links)
    with reserved(
        _BYTES_PER_MOVE * pairs, f"tables of moves of {sector.nelec} electrons in {norb} orbitals", "use fewer orbitals"
    ):
        return _tables(links, np.where(there, matrix, 0.0))


def _tables(links: tuple[StringLinks, StringLinks], matrix: FloatArray) -> CouplingTables:
    """The tables of a matrix over the moves of both spins."""
    norb, size = links[0].norb, len(matrix)
    row_group, column_group, num_groups = _groups(matrix != 0.0, norb)
    order = np.argsort(column_group, kind="stable")
    order = order[column_group[order] >= 0]
    sizes = np.bincount(column_group[order], minlength=num_groups)
    padded = sizes + -sizes % _REGISTER
    starts = np.concatenate([[0], np.cumsum(padded)])
    place = np.full(size, -1)
    place[order] = np.arange(len(order)) + np.repeat(starts[:-1] - np.cumsum(sizes) + sizes, sizes)
    values = np.zeros((size, int(starts[-1])))
    values[:, place[order]] = matrix[:, order]
    source_start, sources = _sources(links[0], row_group, num_groups)
    target_start, targets = _targets(links[1], place)
    occupied = np.where(row_group[:norb] >= 0, np.arange(norb), -1)
    tables = Coupling(values, starts, occupied, source_start, sources, target_start, targets, links[0].strings)
    counts = np.diff(source_start, axis=1)
    counts[:, 0] += 1
    return CouplingTables(tables, int(counts.sum(axis=1).max()), int((counts.max(axis=0) * padded).sum()) + norb)


def _moves(norb: int) -> tuple[IntArray, IntArray]:
    """Orbitals of the symmetric moves: n_p, then pairs p > q in lexical order."""
    p, q = np.tril_indices(norb, -1)
    return np.concatenate([np.arange(norb), p]), np.concatenate([np.arange(norb), q])


def _groups(there: NDArray[np.bool_], norb: int) -> tuple[IntArray, IntArray, int]:
    """Groups of rows and of columns that entries connect, −1 for those without; the moves n_p are of group 0."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    size = len(there)
    graph = np.zeros((2 * size + 1, 2 * size + 1), bool)
    graph[:size, size:-1] = there
    graph[:norb, -1] = graph[size : size + norb, -1] = True
    _, label = connected_components(csr_array(graph), directed=False)
    used = np.concatenate([there.any(axis=1), there.any(axis=0)])
    labels = [label[-1], *sorted(set(label[:-1][used].tolist()) - {label[-1]})]
    number = np.full(label.max() + 1, -1)
    number[labels] = np.arange(len(labels))
    found = np.where(used, number[label[:-1]], -1)
    return found[:size], found[size:], len(labels)


def _both_ways(links: StringLinks) -> tuple[ShortArray, ShortArray, ShortArray, NDArray[np.bool_]]:
    """Strings before and after each move of an electron, the move's number, and whether the sign is −."""
    pairs, start = links.pairs
    number = np.repeat(np.arange(links.norb, links.norb + len(start), dtype=np.int32), start[:, 2] - start[:, 0])
    negative = np.zeros(len(pairs), bool)
    for _, split, end in start:
        negative[split:end] = True
    source, target = np.concatenate([pairs, pairs[:, ::-1]]).T
    return source, target, np.tile(number, 2), np.tile(negative, 2)


def _sources(links: StringLinks, group: IntArray, num_groups: int) -> tuple[IntArray, ShortArray]:
    source, target, move, negative = _both_ways(links)
    kept = group[move] >= 0
    source, target, move, negative = source[kept], target[kept], move[kept], negative[kept]
    key = target.astype(np.int64) * num_groups + group[move]
    order = np.argsort(key, kind="stable")
    cells = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=len(links) * num_groups))])
    start = np.lib.stride_tricks.as_strided(
        cells, (len(links), num_groups + 1), (num_groups * cells.itemsize, cells.itemsize)
    )
    signed = np.where(negative, -move - 1, move + 1)
    entries = np.stack([source[order], signed[order]], axis=1).astype(np.int32, copy=False)
    return np.ascontiguousarray(start), entries


def _targets(links: StringLinks, place: IntArray) -> tuple[IntArray, ShortArray]:
    source, target, move, negative = _both_ways(links)
    string, orbital = (index.astype(np.int32) for index in np.nonzero(links.occupations))
    source, target = np.concatenate([source, string]), np.concatenate([target, string])
    column = place.astype(np.int32)[np.concatenate([move, orbital])]
    negative = np.concatenate([negative, np.zeros(len(string), bool)])
    kept = column >= 0
    source, target, column, negative = source[kept], target[kept], column[kept], negative[kept]
    key = 2 * source.astype(np.int64) + negative
    order = np.argsort(key, kind="stable")
    cells = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=2 * len(links)))])
    start = np.stack([cells[:-1:2], cells[1::2], cells[2::2]], axis=1)
    return np.ascontiguousarray(start), np.stack([target[order], column[order]], axis=1).astype(np.int32, copy=False)
