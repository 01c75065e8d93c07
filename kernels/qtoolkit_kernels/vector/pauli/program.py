"""Pauli sums packed into programs for `pauli.sweep`.

Strings of one x mask act through the same pairs of amplitudes: (H_x ψ)_i = d(i) ψ[i ^ x] with
d(i) = Σ_t w_t (-1)^{|i & z_t|} and w_t = c_t (-i)^{|x & z_t|}. A group of strings becomes *passes*. Each visits the
registers of an affine subspace of the indices, those where some masks have given parities, and holds d there as

- signed: one register of weights times the sign of a mask,
- table: a weight for every amplitude, made once,
- transform: weights made for each block by a Walsh-Hadamard transform.

Where d vanishes nothing is visited. If d is the same or the opposite when a mask is added to all z_t, it vanishes for
one parity of |i & mask|; and if the z_t differ by few independent masks, d depends on their parities alone and is
tested for each combination. So conservation of particle number, say, halves the pairs of a single excitation and
leaves a quarter to a double one; nothing has to know about it. A Hermitian sum needs only one of the indices i and
i ^ x, which is one more parity: the highest bit of x. The cheapest form is chosen by counting visits of registers.

Packing takes about 50 microseconds for each x mask, once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple, TypeAlias

import numpy as np

from qtoolkit_kernels._types import Complex, Floats, Integers

__all__ = [
    "COEFFICIENTS",
    "CONSTRAINT",
    "CONSTRAINTS",
    "EXCHANGE",
    "FIRST",
    "FORM",
    "HEADER",
    "OWNER",
    "PARTNER",
    "SECTION",
    "SIGN",
    "SIGNED",
    "STEPS",
    "TABLE",
    "TABLE_MASK",
    "TABLE_PLACE",
    "TERMS",
    "TRANSFORM",
    "WEIGHTS",
    "PauliProgram",
    "Strings",
    "pack_pauli_sums",
]

Strings: TypeAlias = tuple[Integers, Integers, Complex]
"""x masks, z masks and coefficients of a sum, one each for every string, in any order."""

_Terms: TypeAlias = list[tuple[int, float]]
"""z masks and weights."""

SIGNED, TABLE, TRANSFORM = 0, 1, 2

FIRST, SECTION, HEADER, CONSTRAINT = 5, 2, 13, 3
(
    PARTNER, EXCHANGE, FORM, OWNER, WEIGHTS, CONSTRAINTS, TERMS, COEFFICIENTS, STEPS, SIGN, TABLE_PLACE, TABLE_MASK,
) = range(1, HEADER)  # fmt: skip
"""Places in the packed integers: the first section; lengths of the heads of a section and a pass, and of a constraint.

Start: amplitudes of a block and of a superblock, end of the program, number of observables, whether any transforms.
Section: its end, the bits of a superblock's first index that rule it out.
Pass: its length, partner (places of real numbers to exchange), exchange of lanes, form, observable, place of the
weights, number of constraints, number of terms, place of the coefficients, steps of the walk, sign of its first
direction, place of the table, mask of the table's index. Then the constraints, the terms' z masks, the directions.
Constraint: a mask outside the block, its parity, the bit inside that makes up for the other parity (0: no visit then).
"""

BLOCK_BYTES = 1 << 14
"""A block and its partner lie in a first-level cache of 48 or 32 KiB."""

SUPERBLOCK_BYTES = 1 << 18
"""A superblock and its partner lie in a second-level cache of 1 MiB."""

MAX_RANK = 4
"""Parities whose combinations are tried one by one."""

TABLE_BITS = 14
MAX_TABLE_ENTRIES = 1 << 20
"""Tables span the whole index up to this many qubits and entries, then one block."""

PASS_COST = 24
TABLE_COST = 1.6
TRANSFORM_COST = 20.0
"""Cost of entering a pass in a block and of a register with a table or a transform; a signed one costs 1."""

NEGLIGIBLE = 2.0**-50
"""Part of a group's weights below which a value of d counts as zero."""


@dataclass(frozen=True)
class PauliProgram:
    """A packed program and what its caller must know.

    Attributes:
        ints: int64, the passes.
        floats: float64, weights, coefficients and tables.
        num_observables: how many sums it holds.
        num_superblocks: how many there are in a state.
        visits: registers it visits in a state, the measure of its work.
    """

    ints: Integers
    floats: Floats
    num_observables: int
    num_superblocks: int
    visits: int


class _Parity(NamedTuple):
    """|i & mask| is even (0) or odd (1); a solved one has a bit inside the block that no other has, else 0."""

    mask: int
    value: int
    bit: int = 0


class _Group(NamedTuple):
    """What the passes of one group share."""

    x_mask: int
    imaginary: int
    owner: int
    parities: list[_Parity]


class _Packer:
    """Collects passes.

    Args:
        num_qubits: of the state.
        itemsize: bytes of an amplitude.
        lanes: amplitudes of a register, at most 2^num_qubits.
        halved: whether one index of each pair is enough.
    """

    def __init__(self, num_qubits: int, itemsize: int, lanes: int, halved: bool) -> None:
        self.num_qubits = num_qubits
        self.halved = halved
        self.block_bits = min((BLOCK_BYTES // itemsize).bit_length() - 1, num_qubits)
        most = (SUPERBLOCK_BYTES // itemsize).bit_length() - 1
        self.super_bits = max(self.block_bits, min(most, num_qubits - 3))
        self.lane_mask = lanes - 1
        self.inside = (1 << self.block_bits) - lanes
        self.registers = (1 << num_qubits) // lanes
        index = np.arange(lanes)
        self.lane_signs = [1.0 - 2.0 * (np.bitwise_count(index & z) & 1) for z in range(lanes)]
        self.floats: list[Floats] = []
        self.num_floats = 0
        self.table_entries = 0
        self.passes: list[tuple[int, list[int]]] = []
        self.visits = 0
        self.transforms = 0

    def keep(self, values: Floats) -> int:
        """Store numbers and return where."""
        place = self.num_floats
        self.floats.append(values)
        self.num_floats += len(values)
        return place

    def group(self, x_mask: int, terms: dict[int, float], imaginary: int, owner: int) -> None:
        """Add the strings of one x mask whose weights, by z mask, are all real or all imaginary."""
        terms, parities = _mirrored(terms, self.lane_mask)
        if self.halved and x_mask > self.lane_mask:
            parities.append(_Parity(_highest_bit(x_mask), 0))
            terms = {z: 2.0 * weight for z, weight in terms.items()}
        group = _Group(x_mask, imaginary, owner, parities)
        vectors = self.lane_vectors(terms)
        blocks = max(1, 1 << (self.num_qubits - self.block_bits) >> len(parities))
        registers = self.registers >> len(parities)
        one_pass = PASS_COST * blocks + max(4 * blocks, registers)
        table_pass = PASS_COST * blocks + TABLE_COST * max(4 * blocks, registers)

        costs = {"signed": len(vectors) * float(one_pass)}
        basis, patterns = self.patterns(vectors)
        if patterns:
            costs["patterns"] = len(patterns) * (PASS_COST * blocks + max(4 * blocks, registers >> len(basis)))
        whole = self.num_qubits <= TABLE_BITS and self.table_entries + (1 << self.num_qubits) <= MAX_TABLE_ENTRIES
        bits = self.num_qubits if whole else self.block_bits
        fixed, rest = _most_alike(terms, bits)
        by_place = _grouped(rest, (1 << bits) - 1)
        costs["table"] = table_pass + len(by_place) * float(one_pass)
        if not whole:
            costs["transform"] = PASS_COST * blocks + TRANSFORM_COST * registers

        form = min(costs, key=costs.__getitem__)
        if form == "signed":
            for z, vector in vectors.items():
                self.signed(group, [], [(z, 1.0)], vector)
        elif form == "patterns":
            first = next(iter(vectors))
            for pattern, vector in patterns.items():
                given = [_Parity(mask, pattern >> k & 1) for k, mask in enumerate(basis)]
                self.signed(group, given, [(first, 1.0)], vector)
        elif form == "transform":
            self.transforms = 1
            self.add(TRANSFORM, group, [], list(terms.items()), self.lane_signs[0])
        else:
            self.table(group, fixed, bits)
            for place, members in by_place.items():
                self.signed(group, [], members, self.lane_signs[place & self.lane_mask])

    def patterns(self, vectors: dict[int, Floats]) -> tuple[list[int], dict[int, Floats]]:
        """Masks whose parities settle d but for the sign of the first z mask, and where d does not vanish."""
        basis, coordinates = _span(list(vectors), MAX_RANK)
        if not basis:
            return [], {}
        rows = np.zeros((1 << len(basis), self.lane_mask + 1))
        rows[coordinates] = np.array(list(vectors.values()))
        values = _hadamard(rows)
        negligible = NEGLIGIBLE * float(np.abs(rows).sum())
        alive = np.flatnonzero(np.abs(values).max(axis=1) > negligible)
        return basis, {pattern: values[pattern] for pattern in alive.tolist()}

    def lane_vectors(self, terms: dict[int, float]) -> dict[int, Floats]:
        """Weights of the lanes of a register, by the part of the z mask outside the lanes."""
        vectors: dict[int, Floats] = {}
        for z, weight in terms.items():
            outside = z & ~self.lane_mask
            vector = weight * self.lane_signs[z & self.lane_mask]
            vectors[outside] = vectors[outside] + vector if outside in vectors else vector
        return vectors

    def signed(
        self, group: _Group, parities: list[_Parity], terms: Sequence[tuple[int, float]], vector: Floats
    ) -> None:
        """Add a pass with one register of weights; `terms` agree within blocks, but for the lanes."""
        outside_lanes = [(z & ~self.lane_mask, weight) for z, weight in terms]
        self.add(SIGNED, group, parities, outside_lanes, vector)

    def table(self, group: _Group, terms: _Terms, bits: int) -> None:
        """Add a pass with a table of 2^bits entries; terms agree in all higher bits."""
        entries = np.zeros(1 << bits)
        for z, weight in terms:
            entries[z & (entries.size - 1)] += weight
        place = self.keep(_hadamard(entries))
        self.table_entries += entries.size
        outside = terms[0][0] & -entries.size
        self.add(TABLE, group, [], [(outside, 1.0)], self.lane_signs[0], place, entries.size - 1)

    def add(
        self,
        form: int,
        group: _Group,
        parities: list[_Parity],
        terms: Sequence[tuple[int, float]],
        vector: Floats,
        table: int = 0,
        table_mask: int = 0,
    ) -> None:
        """Append a pass."""
        rows = _solved([*group.parities, *parities], self.inside)
        if rows is None:
            return
        directions, signed = self.directions(rows, terms[0][0] if form == SIGNED else 0)
        # A walk takes four registers at a time; short of directions it meets the same ones again.
        repeats = 1 << max(0, 2 - len(directions))
        steps = 1 << max(0, len(directions) - 2)
        directions += [0] * (2 - len(directions))
        vector = np.repeat(vector / repeats, 2)
        if group.imaginary:
            vector[::2] *= -1.0
        packed = [
            0,
            2 * (group.x_mask & ~self.lane_mask),
            2 * (group.x_mask & self.lane_mask) | group.imaginary,
            form,
            group.owner,
            self.keep(vector),
            len(rows),
            len(terms),
            self.keep(np.array([weight for _, weight in terms])),
            steps,
            -1 if signed else 1,
            table,
            table_mask,
        ]
        for mask, value, bit in sorted(rows, key=lambda row: row.bit):
            packed += [mask & -1 << self.block_bits, value, bit]
        packed += [z for z, _ in terms]
        packed += [2 * direction for direction in directions]
        packed[0] = len(packed)
        self.passes.append((group.x_mask, packed))
        skipping = sum(1 for row in rows if not row.bit)
        self.visits += 4 * steps << max(0, self.num_qubits - self.block_bits - skipping)

    def directions(self, rows: list[_Parity], sign_mask: int) -> tuple[list[int], bool]:
        """Independent steps inside a block that keep all parities, and whether the first changes the sign.

        No other one does, so that a walk's sum is the sum over one half minus that over the other.
        """
        free = self.inside
        for row in rows:
            free &= ~row.bit
        directions: list[int] = []
        signed = 0
        while free:
            bit = free & -free
            free ^= bit
            direction = bit
            for row in rows:
                if row.mask & bit:
                    direction |= row.bit
            if (direction & sign_mask).bit_count() & 1:
                if not signed:
                    signed = direction
                    continue
                direction ^= signed
            directions.append(direction)
        return ([signed, *directions] if signed else directions), bool(signed)

    def program(self, num_observables: int) -> PauliProgram:
        """Everything in its final order: by partner superblock, then by partner block."""
        self.passes.sort(key=lambda item: (item[0] >> self.block_bits, item[1][3], item[1][2], item[1][9], item[1][10]))
        ints = [1 << self.block_bits, 1 << self.super_bits, 0, num_observables, self.transforms]
        for partner, passes in groupby(self.passes, key=lambda item: item[0] >> self.super_bits):
            head = len(ints)
            pivot = 1 << (partner.bit_length() - 1) if partner and self.halved else 0
            ints += [0, pivot << self.super_bits]
            for _, packed in passes:
                ints += packed
            ints[head] = len(ints)
        ints[2] = len(ints)
        # A walk looks one direction past its last.
        ints.append(0)
        floats = np.concatenate(self.floats) if self.floats else np.zeros(0)
        superblocks = 1 << (self.num_qubits - self.super_bits)
        return PauliProgram(np.array(ints, np.int64), floats, num_observables, superblocks, self.visits)


def pack_pauli_sums(
    sums: Iterable[Strings], num_qubits: int, itemsize: int, vector_bytes: int, hermitian: bool
) -> PauliProgram:
    """Pack several sums into one program.

    Args:
        sums: equal strings of a sum add up.
        num_qubits: of the state, which is at least one register long.
        itemsize: bytes of an amplitude, 16 or 8.
        vector_bytes: bytes of a register.
        hermitian: for expectation values, of real coefficients, one index of each pair is visited; H|ψ⟩ needs both.
    """
    packer = _Packer(num_qubits, itemsize, vector_bytes // itemsize, hermitian)
    count = 0
    for owner, (x_masks, z_masks, coefficients) in enumerate(sums):
        count += 1
        weights = coefficients * _POWERS[np.bitwise_count(x_masks & z_masks) & 3]
        groups: dict[tuple[int, int], dict[int, float]] = {}
        for imaginary, values in enumerate((weights.real, weights.imag)):
            for x, z, value in zip(x_masks.tolist(), z_masks.tolist(), values.tolist(), strict=True):
                if value:
                    terms = groups.setdefault((x, imaginary), {})
                    terms[z] = terms.get(z, 0.0) + value
        for (x, imaginary), terms in groups.items():
            packer.group(x, terms, imaginary, owner)
    return packer.program(count)


_POWERS: Complex = np.array([1, -1j, -1, 1j])


def _highest_bit(mask: int) -> int:
    return 1 << (mask.bit_length() - 1)


def _grouped(terms: Iterable[tuple[int, float]], mask: int) -> dict[int, _Terms]:
    """Terms by what a mask leaves of their z mask."""
    groups: dict[int, _Terms] = {}
    for z, weight in terms:
        groups.setdefault(z & mask, []).append((z, weight))
    return groups


def _most_alike(terms: dict[int, float], bits: int) -> tuple[_Terms, _Terms]:
    """The largest set of terms that agree above the lowest `bits`, and the others."""
    by_outside = _grouped(terms.items(), -1 << bits)
    most = max(by_outside, key=lambda outside: len(by_outside[outside]))
    rest = [term for outside, members in by_outside.items() if outside != most for term in members]
    return by_outside[most], rest


def _mirrored(terms: dict[int, float], lane_mask: int) -> tuple[dict[int, float], list[_Parity]]:
    """Find masks m with w_{z ^ m} = ± w_z for all terms: d vanishes where |i & m| has the other parity.

    Returns one of each two terms with both their weights, and the parities (m, parity) where they count.
    """
    mirrors: list[_Parity] = []
    found = True
    while found and len(terms) > 1:
        found = False
        negligible = NEGLIGIBLE * max(abs(weight) for weight in terms.values())
        first, *others = terms
        for other in others:
            mask = first ^ other
            sign = 1 if terms[first] * terms[other] > 0 else -1
            if not mask & lane_mask and all(
                z ^ mask in terms and abs(terms[z ^ mask] - sign * weight) <= negligible for z, weight in terms.items()
            ):
                top = _highest_bit(mask)
                terms = {z: 2.0 * weight for z, weight in terms.items() if not z & top}
                mirrors.append(_Parity(mask, 0 if sign > 0 else 1))
                found = True
                break
    return terms, mirrors


def _span(masks: list[int], most: int) -> tuple[list[int], list[int]]:
    """Independent masks that span the differences from the first, and the coordinates of every mask.

    Both are empty if more than `most` masks are needed.
    """
    basis: list[int] = []
    reduced: list[tuple[int, int]] = []
    coordinates = []
    for mask in masks:
        rest, place = mask ^ masks[0], 0
        for vector, combination in reduced:
            if rest ^ vector < rest:
                rest ^= vector
                place ^= combination
        if rest:
            if len(basis) == most:
                return [], []
            place ^= 1 << len(basis)
            reduced.append((rest, place))
            reduced.sort(reverse=True)
            basis.append(mask ^ masks[0])
            place = 1 << (len(basis) - 1)
        coordinates.append(place)
    return basis, coordinates


def _solved(parities: Iterable[_Parity], inside: int) -> list[_Parity] | None:
    """Solve parities for bits `inside` a block, one each where it has any; None if they contradict."""
    rows: list[_Parity] = []
    for mask, value, _ in parities:
        for row in rows:
            if mask & row.bit:
                mask ^= row.mask
                value ^= row.value
        if not mask:
            if value:
                return None
            continue
        bit = _highest_bit(mask & inside) if mask & inside else 0
        rows = [_Parity(row.mask ^ mask, row.value ^ value, row.bit) if row.mask & bit else row for row in rows]
        rows.append(_Parity(mask, value, bit))
    return rows


def _hadamard(values: Floats) -> Floats:
    """t_p = Σ_q (-1)^{|p & q|} values_q along the first axis, a power of two long."""
    shape = values.shape
    length = 1
    while length < shape[0]:
        pairs = values.reshape(-1, 2, length, *shape[1:])
        values = np.stack([pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]], axis=1)
        length *= 2
    return values.reshape(shape)
