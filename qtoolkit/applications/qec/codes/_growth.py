"""Growth of connected operators: the exhaustive search for light logical operators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.qec.codes._binary import Bits

__all__ = ["grown"]

Words = NDArray[np.uint64]


@dataclass(frozen=True)
class _Table:
    """The moves, packed: `words` of checks then logicals, and for each check the moves that flip it."""

    words: Words
    check_words: int
    check_mask: Words
    hitting: list[NDArray[np.int64]]
    qubits: NDArray[np.int64]
    most: int


def grown(
    checks: Bits, logicals: Bits, qubits: NDArray[np.int64], target: int, max_states: int
) -> tuple[NDArray[np.int64] | None, int]:
    """The errors of a lightest logical operator of at most `target` errors, and the weight proven from below.

    Args:
        checks: which checks each error flips, shape (moves, r).
        logicals: which logicals each error flips, shape (moves, k).
        qubits: of each error, ascending; of errors on one qubit, one is in an operator.
        target: the greatest weight to look for.
        max_states: partial operators to hold at once.

    Returns:
        The errors, or None where none are that light, and a weight below which there is no logical operator:
        ``target + 1`` where the search was complete and found none.
    """
    table = _packed(checks, logicals, qubits)
    best: NDArray[np.int64] | None = None
    complete = target
    for first in range(len(table.words)):
        if target < 1:
            break
        found, reached = _from_one(table, first, target, max_states)
        complete = min(complete, reached)
        if found is not None:
            best, target = found, len(found) - 1
    return best, min(complete, target) + 1


def _packed(checks: Bits, logicals: Bits, qubits: NDArray[np.int64]) -> _Table:
    parts = []
    for bits in (checks, logicals):
        width = max(1, -(-bits.shape[1] // 64))
        padded = np.zeros((len(bits), 64 * width), dtype=np.uint8)
        padded[:, : bits.shape[1]] = bits
        parts.append(np.packbits(padded, axis=1, bitorder="little").view(np.uint64))
    words = np.hstack(parts)
    hitting = [np.flatnonzero(column) for column in checks.T]
    mask = np.zeros(words.shape[1], dtype=np.uint64)
    mask[: parts[0].shape[1]] = ~np.uint64(0)
    return _Table(words, parts[0].shape[1], mask, hitting, qubits, int(checks.sum(axis=1).max()))


def _from_one(table: _Table, first: int, target: int, max_states: int) -> tuple[NDArray[np.int64] | None, int]:
    """The lightest operator that contains a move, and others on later qubits; and the weight searched completely."""
    later = int(np.searchsorted(table.qubits, table.qubits[first], side="right"))
    states = table.words[first : first + 1]
    history: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
    for weight in range(1, target + 1):
        closed = ~states[:, : table.check_words].any(axis=1)
        done = np.flatnonzero(closed & states[:, table.check_words :].any(axis=1))
        if done.size:
            return _traced(history, int(done[0]), first), target
        if weight == target:
            break
        # Each further error mends at most `most` checks.
        open_checks = np.bitwise_count(states[:, : table.check_words]).sum(axis=1)
        alive = np.flatnonzero(~closed & (open_checks <= table.most * (target - weight)))
        if alive.size == 0:
            break
        step = _step(table, states, alive, later, table.most * (target - weight - 1), max_states)
        if step is None:
            return None, weight
        states, parents, moves = step
        history.append((parents, moves))
    return None, target


def _step(
    table: _Table, states: Words, alive: NDArray[np.int64], later: int, most_open: int, max_states: int
) -> tuple[Words, NDArray[np.int64], NDArray[np.int64]] | None:
    """All states one error further, each once, with where they come from; None where they are too many."""
    lowest = _lowest_bits(states[alive][:, : table.check_words])
    pieces: list[Words] = []
    parents: list[NDArray[np.int64]] = []
    moves: list[NDArray[np.int64]] = []
    held = 0
    for check, members in _groups(lowest):
        usable = table.hitting[check]
        usable = usable[usable >= later]
        for move in usable:
            grownup = states[alive[members]] ^ table.words[move]
            keep = np.bitwise_count(grownup[:, : table.check_words]).sum(axis=1) <= most_open
            if not keep.any():
                continue
            pieces.append(grownup[keep])
            parents.append(alive[members[keep]])
            moves.append(np.full(int(keep.sum()), move))
            held += len(pieces[-1])
            if held > max_states:
                return None
    if not pieces:
        return states[:0], np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    stacked = np.vstack(pieces)
    _, unique = np.unique(stacked.view([("", np.uint64)] * stacked.shape[1]).ravel(), return_index=True)
    return stacked[unique], np.concatenate(parents)[unique], np.concatenate(moves)[unique]


def _lowest_bits(words: Words) -> NDArray[np.int64]:
    """Index of the lowest bit of each row, of which there is one."""
    column = (words != 0).argmax(axis=1)
    word = words[np.arange(len(words)), column]
    low = word & (~word + np.uint64(1))
    bit = np.bitwise_count(low - np.uint64(1)).astype(np.int64)
    found: NDArray[np.int64] = 64 * column + bit
    return found


def _groups(values: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    order = np.argsort(values, kind="stable")
    distinct, begins = np.unique(values[order], return_index=True)
    for value, members in zip(distinct, np.split(order, begins[1:]), strict=True):
        yield int(value), members


def _traced(history: list[tuple[NDArray[np.int64], NDArray[np.int64]]], state: int, first: int) -> NDArray[np.int64]:
    moves = []
    for parents, steps in reversed(history):
        moves.append(int(steps[state]))
        state = int(parents[state])
    return np.array([first, *moves])
