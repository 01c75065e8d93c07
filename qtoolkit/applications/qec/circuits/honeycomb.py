"""Memory experiments of the honeycomb code, whose logical operators move from round to round."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit.applications.qec.circuits._builder import Builder, check_rounds, odd_ones
from qtoolkit.applications.qec.circuits._noise import Noise, noisy
from qtoolkit.applications.qec.codes import HoneycombCode
from qtoolkit.applications.qec.codes._binary import Bits, coset_combination, kernel, row_reduced, symplectic_product
from qtoolkit.applications.qec.codes.schedule import coloured_schedule
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError

__all__ = ["honeycomb_memory"]

Records = list[int]


def honeycomb_memory(code: HoneycombCode, rounds: int, basis: str, noise: Noise | None) -> Circuit:
    """Rounds of pairs, one colour each, on qubits prepared in X or Z and read in the letter of the last colour.

    Round r measures pairs of colour c = r, from 0 (XX) for basis ``"z"`` and from 2 (ZZ) for ``"x"``: the first round
    must not undo the preparation. A detector compares two values of a hexagon, each the product of the pairs around
    it in two rounds that follow each other. Each observable starts as a product of letters of the preparation; before
    a round it is multiplied by pairs of the round before, so that it commutes with those to come, and their outcomes
    are added.

    Source: Hastings and Haah, Quantum 5, 564 (2021), section 4; Gidney, Newman, Fowler and Broughton, Quantum 5, 605
    (2021), sections 2 and 3.

    Args:
        code: the lattice.
        rounds: in each of which one colour is measured, an even number of at least 4: after an odd one the
            observables are of the other kind, which a readout in the letter of the last pairs does not tell.
        basis: ``"x"`` or ``"z"``, the letter of the preparation.
        noise: inserted into the circuit.

    Raises:
        InputError: if the basis is another, or the number of rounds is odd or below 4.
    """
    if basis == "both":
        raise InputError("a memory of the honeycomb code stores x or z, got basis 'both'")
    if rounds < 4 or rounds % 2:
        raise InputError(
            f"a memory of the honeycomb code takes an even number of rounds of at least 4, got {shown(rounds)}"
        )
    check_rounds(len(code.edges), rounds)
    first = 0 if basis == "z" else 2
    colours = [(first + round_) % 3 for round_ in range(rounds)]
    builder = Builder(code.num_qubits, len(code.edges), f"memory {basis} of {code.name}", code.hexagon_coordinates)
    builder.prepare(basis.upper() * code.num_qubits)
    builder.reset_ancillas()
    prepared = _letter_rows(code, basis.upper())
    observables = [_Observable(row, []) for row in _starting(code, prepared, colours[0])]
    hexagons: dict[int, Records] = {}
    outcomes: dict[int, dict[int, int]] = {}
    before: tuple[Bits, list[Records]] = prepared[:0], []
    before_members = np.zeros(0, dtype=np.int64)
    for round_, colour in enumerate(colours):
        members = np.flatnonzero(code.edge_colours == colour)
        rows = code.pairs[members]
        if round_ > 0:
            loops = _loops(code, before_members, 3 - colour - colours[round_ - 1])
            observables = [observable.moved(*before, rows, loops) for observable in observables]
        schedule = coloured_schedule(rows)
        clbits = builder.extract(rows, schedule, f"round_{round_}", members.tolist())
        outcomes[colour] = dict(zip(members.tolist(), clbits, strict=True))
        before, before_members = (rows, [[clbit] for clbit in clbits]), members
        if round_ == 0:
            hexagons |= _told_at_once(code, prepared, rows, list(clbits))
        else:
            last = colours[round_ - 1]
            _compare(builder, code, hexagons, outcomes[last] | outcomes[colour], 3 - colour - last, round_)
    _read(builder, code, colours[-1], before, hexagons, observables, rounds)
    return noisy(builder.circuit, noise)


class _Observable:
    """A logical operator as it is now, and the outcomes that it has been multiplied by."""

    def __init__(self, row: Bits, clbits: Records) -> None:
        self.row = row
        self.clbits = clbits

    def moved(self, known: Bits, records: list[Records], to_come: Bits, loops: list[Bits]) -> _Observable:
        """This times known operators, so that it commutes with those to come.

        The choice is unique up to `loops`, sets of known operators that commute with all to come. Each is added where
        that makes the operator lighter: it stays one line, and does not spread over hexagons, where errors of
        measurements would add up to a change of it.
        """
        clashes = symplectic_product(to_come, self.row[None])[:, 0]
        chosen = coset_combination(symplectic_product(known, to_come), clashes)
        assert chosen is not None, "rounds that measure one colour after another lose no logical operator"
        for loop in loops:
            if self._weight(known, chosen ^ loop) < self._weight(known, chosen):
                chosen ^= loop
        row, clbits = self.row.copy(), list(self.clbits)
        for index in np.flatnonzero(chosen):
            row ^= known[index]
            clbits += records[index]
        return _Observable(row, clbits)

    def _weight(self, known: Bits, chosen: Bits) -> int:
        row = (self.row + chosen.astype(np.int64) @ known) % 2
        size = len(row) // 2
        return int(np.count_nonzero(row[:size] | row[size:]))


def _loops(code: HoneycombCode, members: NDArray[np.int64], colour: int) -> list[Bits]:
    """For each hexagon of a colour, which of some edges lie on it."""
    inside = [set(corners) for corners in code.hexagons[code.hexagon_colours == colour].tolist()]
    ends = [set(pair) for pair in code.edges[members].tolist()]
    return [np.array([pair <= corners for pair in ends], dtype=np.uint8) for corners in inside]


def _letter_rows(code: HoneycombCode, letter: str) -> Bits:
    """One letter on each qubit alone, rows [x | z]."""
    size = code.num_qubits
    eye, zeros = np.eye(size, dtype=np.uint8), np.zeros((size, size), dtype=np.uint8)
    return np.hstack([eye if letter in "XY" else zeros, eye if letter in "YZ" else zeros])


def _starting(code: HoneycombCode, prepared: Bits, colour: int) -> Bits:
    """Logical operators that are products of the letters of the preparation, and commute with the first round."""
    rows = code.pairs[code.edge_colours == colour]
    trivial = np.vstack([rows, code.plaquettes])
    commuting = kernel(symplectic_product(trivial, prepared))
    candidates = (commuting.astype(np.int64) @ prepared % 2).astype(np.uint8)
    independent = row_reduced(np.vstack([trivial, candidates]).T)[1]
    return candidates[[index - len(trivial) for index in independent if index >= len(trivial)]]


def _told_at_once(code: HoneycombCode, prepared: Bits, rows: Bits, clbits: Records) -> dict[int, Records]:
    """The hexagons that are products of the preparation and the first pairs, and the outcomes of those."""
    found: dict[int, Records] = {}
    for index, row in enumerate(code.plaquettes):
        chosen = coset_combination(np.vstack([rows, prepared]), row)
        if chosen is not None:
            found[index] = [clbits[pair] for pair in np.flatnonzero(chosen[: len(rows)])]
    return found


def _compare(
    builder: Builder,
    code: HoneycombCode,
    hexagons: dict[int, Records],
    outcomes: dict[int, int],
    colour: int,
    time: int,
) -> None:
    """Detectors of the hexagons of a colour, whose pairs were all measured in the last two rounds."""
    for hexagon in np.flatnonzero(code.hexagon_colours == colour).tolist():
        corners = set(code.hexagons[hexagon].tolist())
        around = [clbit for edge, clbit in outcomes.items() if set(code.edges[edge].tolist()) <= corners]
        if hexagon in hexagons:
            builder.detector([*around, *hexagons[hexagon]], hexagon, time)
        hexagons[hexagon] = around


def _read(
    builder: Builder,
    code: HoneycombCode,
    colour: int,
    before: tuple[Bits, list[Records]],
    hexagons: dict[int, Records],
    observables: list[_Observable],
    rounds: int,
) -> None:
    """Read all qubits in the letter of the last pairs, which are told once more by that."""
    members = sorted(hexagons)
    known = np.vstack([before[0], code.plaquettes[members]])
    records = [*before[1], *(hexagons[hexagon] for hexagon in members)]
    letter = "XYZ"[colour]
    letters = _letter_rows(code, letter)
    data = builder.read(letter * code.num_qubits, "data")
    for edge, clbits in zip(np.flatnonzero(code.edge_colours == colour), before[1], strict=True):
        ends = code.edges[edge].tolist()
        place = (code.coordinates[ends[0]] + code.nearest(code.coordinates[ends[1:]], code.coordinates[ends[0]])[0]) / 2
        builder.circuit.detector([*clbits, *(data[q] for q in ends)], (*place.tolist(), rounds))
    for hexagon, clbits in hexagons.items():
        if coset_combination(letters, code.plaquettes[hexagon]) is not None:
            builder.detector([*clbits, *(data[q] for q in code.hexagons[hexagon].tolist())], hexagon, rounds)
    for index, observable in enumerate(observables):
        observable = observable.moved(known, records, letters, [])
        support = np.flatnonzero(observable.row[: code.num_qubits] | observable.row[code.num_qubits :]).tolist()
        builder.circuit.observable(odd_ones([*observable.clbits, *(data[q] for q in support)]), index)
