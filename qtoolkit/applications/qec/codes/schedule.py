"""In which order the data qubits of each measured operator meet its ancilla."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import is_integer, items_of, shown
from qtoolkit.applications.qec.codes._binary import Bits
from qtoolkit.applications.qec.codes._input import Schedule
from qtoolkit.errors import InputError

__all__ = ["checked_schedule", "coloured_schedule", "schedule_by_offsets"]


def checked_schedule(measured: Bits, schedule: Iterable[Iterable[tuple[int, int]]]) -> Schedule:
    """A schedule by which every operator is measured, with nothing done twice.

    Two operators that commute but meet on qubits with different letters are both measured right only where one is
    first on an even number of these qubits: else their ancillas end up entangled.

    Args:
        measured: rows [x | z] of what is measured, shape (r, 2n).
        schedule: layers of pairs (operator, qubit).

    Raises:
        InputError: if a pair is none, comes twice, is missing or lies outside an operator, an ancilla or a qubit is
            used twice in a layer, or two operators disturb each other.
    """
    size = measured.shape[1] // 2
    support = measured[:, :size] | measured[:, size:]
    when = np.full(support.shape, -1)
    layers = []
    for time, layer in enumerate(items_of(schedule, "a schedule must be layers of pairs (operator, qubit)")):
        pairs = []
        busy: set[tuple[str, int]] = set()
        for pair in items_of(layer, "a layer of a schedule must be pairs (operator, qubit)"):
            if not isinstance(pair, tuple | list) or len(pair) != 2 or not all(map(is_integer, pair)):
                raise InputError(f"a schedule must hold pairs (operator, qubit), got {shown(pair)} in layer {time}")
            row, qubit = int(pair[0]), int(pair[1])
            if not (0 <= row < len(measured) and 0 <= qubit < size and support[row, qubit]):
                raise InputError(f"a schedule visits the qubits of each operator, got {(row, qubit)} in layer {time}")
            if when[row, qubit] != -1:
                raise InputError(f"a schedule visits each qubit of an operator once, got {(row, qubit)} again")
            if ("operator", row) in busy or ("qubit", qubit) in busy:
                raise InputError(
                    f"a layer uses each ancilla and qubit once, got {(row, qubit)} in the used layer {time}"
                )
            busy |= {("operator", row), ("qubit", qubit)}
            when[row, qubit] = time
            pairs.append((row, qubit))
        layers.append(tuple(pairs))
    missing = np.argwhere((when == -1) & (support == 1))
    if missing.size:
        raise InputError(f"a schedule visits the qubits of each operator, got none for {tuple(map(int, missing[0]))}")
    _refuse_disturbance(measured, when)
    return tuple(layers)


def _refuse_disturbance(measured: Bits, when: NDArray[np.int64]) -> None:
    size = measured.shape[1] // 2
    for first in range(len(measured)):
        one = measured[first]
        clash = (one[:size] & measured[first + 1 :, size:]) ^ (one[size:] & measured[first + 1 :, :size])
        earlier = when[first] < when[first + 1 :]
        commuting = clash.sum(axis=1) % 2 == 0
        wrong = np.flatnonzero(commuting & ((clash & earlier).sum(axis=1) % 2 == 1))
        if wrong.size:
            second = first + 1 + int(wrong[0])
            raise InputError(
                f"operators disturb each other unless one is first on an even number of the qubits where their letters "
                f"differ, got operators {first} and {second}"
            )


def coloured_schedule(measured: Bits, groups: Iterable[Iterable[int]] | None = None) -> Schedule:
    """A schedule for any operators: group after group, each an edge colouring of its Tanner graph.

    Operators of one group have the same letter wherever they meet, so that their order is free. The colouring takes as
    many layers as the busiest qubit or operator has edges, the least that there can be.

    Args:
        measured: rows [x | z] of what is measured, shape (r, 2n).
        groups: indices of operators; as few groups as can be had by taking them one by one where not given.

    Source: Kőnig, Math. Ann. 77, 453 (1916): the edges of a bipartite graph of degree Δ have Δ colours.
    """
    size = measured.shape[1] // 2
    support = measured[:, :size] | measured[:, size:]
    layers: list[tuple[tuple[int, int], ...]] = []
    for group in _groups(measured) if groups is None else groups:
        edges = [(row, int(qubit)) for row in group for qubit in np.flatnonzero(support[row])]
        layers += _coloured(edges)
    return tuple(layers)


def _groups(measured: Bits) -> list[list[int]]:
    """Operators in groups whose members have the same letter wherever they meet."""
    size = measured.shape[1] // 2
    groups: list[list[int]] = []
    letters: list[NDArray[np.int64]] = []
    for row, bits in enumerate(measured):
        word = bits[:size] + 2 * bits[size:].astype(np.int64)
        for group, used in zip(groups, letters, strict=True):
            if not np.any((word != 0) & (used != 0) & (word != used)):
                group.append(row)
                used[word != 0] = word[word != 0]
                break
        else:
            groups.append([row])
            letters.append(word.copy())
    return groups


def _coloured(edges: list[tuple[int, int]]) -> list[tuple[tuple[int, int], ...]]:
    """The edges of a bipartite graph by colour, as few as there can be."""
    at_row: dict[int, dict[int, int]] = defaultdict(dict)
    at_qubit: dict[int, dict[int, int]] = defaultdict(dict)
    for row, qubit in edges:
        free_row = _free(at_row[row])
        free_qubit = _free(at_qubit[qubit])
        if free_row != free_qubit:
            # The path from the qubit that alternates between both colours never ends at the row: exchange them on it.
            _exchange(at_row, at_qubit, qubit, free_row, free_qubit)
        at_row[row][free_row] = qubit
        at_qubit[qubit][free_row] = row
    colours: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, found in at_row.items():
        for colour, qubit in found.items():
            colours[colour].append((row, qubit))
    return [tuple(sorted(colours[colour])) for colour in sorted(colours)]


def _free(used: dict[int, int]) -> int:
    return next(colour for colour in range(len(used) + 1) if colour not in used)


def _exchange(
    at_row: dict[int, dict[int, int]], at_qubit: dict[int, dict[int, int]], qubit: int, one: int, two: int
) -> None:
    path = []
    sides, node, colour = (at_qubit, at_row), qubit, one
    side = 0
    while colour in sides[side][node]:
        neighbour = sides[side][node][colour]
        path.append((side, node, neighbour, colour))
        side, node, colour = 1 - side, neighbour, one + two - colour
    for side, node, neighbour, colour in path:
        del sides[side][node][colour]
        del sides[1 - side][neighbour][colour]
    for side, node, neighbour, colour in path:
        sides[side][node][one + two - colour] = neighbour
        sides[1 - side][neighbour][one + two - colour] = node


def schedule_by_offsets(
    data: NDArray[np.float64],
    checks: NDArray[np.float64],
    orders: Iterable[Iterable[tuple[float, float]]],
    period: tuple[float, float] | None = None,
) -> Schedule:
    """Layers in which every check meets the qubit at an offset from it, if there is one.

    Args:
        data: coordinates of the qubits, shape (n, 2).
        checks: coordinates of the measured operators, shape (r, 2).
        orders: for each of them its offsets, one for each layer.
        period: width and height of a torus.
    """
    width, height = period or (np.inf, np.inf)
    at = {(x % width, y % height): qubit for qubit, (x, y) in enumerate(data.tolist())}
    visits = [
        [at.get(((x + dx) % width, (y + dy) % height)) for dx, dy in order]
        for (x, y), order in zip(checks.tolist(), orders, strict=True)
    ]
    return tuple(
        tuple((row, qubit) for row, qubit in enumerate(layer) if qubit is not None)
        for layer in zip(*visits, strict=True)
    )
