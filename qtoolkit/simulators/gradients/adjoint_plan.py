"""What taking a plan back needs beside the plan: which sums to collect where, and the derivatives made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from qtoolkit.circuit import GateRecord
from qtoolkit.compiler import Program, SweepPart
from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector import numbers as forms
from qtoolkit_kernels.vector.adjoint import block as kernels
from qtoolkit_kernels.vector.adjoint import numbers as number_kernels

__all__ = ["AdjointPart", "Generators", "adjoint_part"]

IntArray = NDArray[np.int64]

PROBE_COLUMNS = (
    "X_TILE", "X_LANES", "Z_TILE", "Z_LANES", "Z_OUTER", "TILE_MASK", "TILE_VALUE", "LANE_MASK", "LANE_VALUE",
    "OUTER_MASK", "OUTER_VALUE",
)  # fmt: skip
"""What a probe sums up, in the order of the kernel's columns; its place and whether it is enabled follow."""


TAKEN_BACK = 1 << 40
"""In the order of a matrix's qubits, see `qtoolkit_kernels.vector.matrix_numbers`: write the adjoint."""

MOST_RECORDS = 1 << 10
"""Gates whose generators are kept."""


class Angle(NamedTuple):
    """One angle of a gate.

    Attributes:
        slot: its number in the program.
        place: where its generator begins among the `Generators`.
    """

    slot: int
    place: int


class Generators:
    """Generators ``G`` with ``∂U/∂θ = -i G U`` of all angles of a program, flat, laid out as the gates' coefficients.

    Pauli rotations have cosine 0 and sine 1/2, which stands for half the string, times -i.

    Args:
        program: the gates.
    """

    def __init__(self, program: Program) -> None:
        self.by_place: dict[int, list[Angle]] = {}
        """Angles by the place of the gate's coefficients."""
        self._flat: list[NDArray[np.complex128]] = []
        self._size = 0
        moving: dict[GateRecord, list[tuple[tuple[int, ...], list[int]]]] = {}
        for differential in program.differentials:
            record = differential.record
            place = int(program.coefficient_start[differential.operation])
            if record is None:
                self.by_place[place] = [Angle(differential.slots[0], self._append(np.array([0, 0.5])))]
                continue
            generators, is_moving = _at_some_angles(record)
            places = [self._append(entries) for entries in generators]
            self.by_place[place] = [Angle(s, p) for s, p in zip(differential.slots, places, strict=True)]
            # Each entry of a diagonal may become a phase of its own.
            for k in range(1, generators[0].size if record.is_diagonal else 0):
                self.by_place[place + k] = [Angle(a.slot, a.place + k) for a in self.by_place[place]]
            if is_moving:
                moving.setdefault(record, []).append((differential.slots, places))
        self._constant = np.concatenate([np.zeros(0, np.complex128), *self._flat])
        self._moving = [
            (record, np.array([slots for slots, _ in gates]), np.array([places for _, places in gates]))
            for record, gates in moving.items()
        ]

    def _append(self, entries: NDArray[np.number]) -> int:
        place = self._size
        self._flat.append(entries.astype(np.complex128))
        self._size += entries.size
        return place

    def entry(self, place: int) -> float:
        """A diagonal entry of a generator that no angle changes."""
        return float(self._constant[place].real)

    def at(self, angles: NDArray[np.float64]) -> NDArray[np.complex128]:
        """All generators at these angles of the slots."""
        if not self._moving:
            return self._constant
        flat = self._constant.copy()
        for record, slots, places in self._moving:
            for j, entries in enumerate(_flat_generators(record, angles[slots].T)):
                flat[places[:, j, None] + np.arange(entries.shape[-1])] = entries
        return flat


@lru_cache(maxsize=MOST_RECORDS)
def _at_some_angles(record: GateRecord) -> tuple[list[NDArray[np.complex128]], bool]:
    """Generators at some angles, and whether they are others at others."""
    rng = np.random.default_rng(20)
    first, second = (_flat_generators(record, rng.uniform(-1, 1, record.num_params)) for _ in range(2))
    is_moving = not all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    return [entries.astype(np.complex128) for entries in first], is_moving


def _flat_generators(record: GateRecord, angles: Iterable[NDArray[np.float64]]) -> list[NDArray[np.complex128]]:
    """Generators as the coefficients are: diagonals, or matrices row by row."""
    return [
        np.diagonal(g, axis1=-2, axis2=-1) if record.is_diagonal else g.reshape(*g.shape[:-2], -1)
        for g in record.generators(*angles)
    ]


@dataclass(frozen=True, eq=False)
class AdjointPart:
    """How some sweeps are taken back.

    The arrays are those of `qtoolkit_kernels.vector.adjoint.block` and `adjoint.numbers`.

    Attributes:
        part: the sweeps.
        first_row: the first row that derivatives need; how many rows there are if none do.
        num_places: sums to collect.
        writes: int64[:, 7].
        products: int64[products, 5].
        locals_, denses: int64[:, 4].
        collect: int64[rows, 5].
        probe_start, probes: int64[rows + 1], int64[:, 14].
        wanted_start, wanted: int64[rows + 1], int64[:, 3].
        entries: int64[:, 2].
        weights: float64[:], those that depend on parameters still 0.
    """

    part: SweepPart
    first_row: int
    num_places: int
    writes: IntArray
    products: IntArray
    locals_: IntArray
    denses: IntArray
    collect: IntArray
    probe_start: IntArray
    probes: IntArray
    wanted_start: IntArray
    wanted: IntArray
    entries: IntArray
    weights: NDArray[np.float64]


def adjoint_part(part: SweepPart, generators: Generators) -> AdjointPart:
    """Find what to collect for the angles of some sweeps."""
    return _Builder(part, generators).build()


class _Builder:
    def __init__(self, part: SweepPart, generators: Generators) -> None:
        self._part = part
        self._generators = generators
        rows = part.operations
        self._lane_bits = part.layout.lane_bits
        self._collect = np.full((len(rows), kernels.COLLECT), -1, np.int64)
        self._collect[:, 0] = 0
        self._row_of = {(int(r[0]), int(r[isa.START])): i for i, r in enumerate(rows)}
        others = (isa.DIAGONAL, isa.ROTATE)
        self._row_at = {start: i for (opcode, start), i in self._row_of.items() if opcode not in others}
        self._probes: list[list[list[int]]] = [[] for _ in rows]
        self._wanted: list[dict[tuple[int, int], int]] = [{} for _ in rows]
        self._num_places = 0
        self._entries: list[tuple[int, int]] = []
        self._weights: list[float] = []
        # Of each product: the sums of its rotation and of the phases after and before it, and its probes.
        self._sums: dict[int, list[int]] = {}
        self._probes_of: dict[int, tuple[list[int], list[int]]] = {}
        # Matrices with controls are weighed as if they stood alone.
        self._more_factors: list[list[int]] = []

    def build(self) -> AdjointPart:
        part = self._part
        for k in range(part.product_start.size - 1):
            factors = part.product_factors[part.product_start[k] : part.product_start[k + 1]]
            if any(self._angles(int(f[1])) for f in factors):
                self._sums[k] = [-1, -1, -1]
        for chosen in part.sets:
            self._add_rotations(chosen)
        for term in part.terms:
            self._add_term(term)
        for row in np.flatnonzero(part.operations[:, isa.OPCODE] == isa.STRINGS).tolist():
            self._add_strings(row)
        denses: list[list[int]] = []
        for write in part.writes:
            if write[0] == forms.WRITE_LANES:
                self._add_lanes(write)
            elif write[0] == forms.WRITE_PHASE:
                self._add_phase(write)
            elif write[0] == forms.WRITE_PAULI:
                self._add_string(write)
            elif write[0] == forms.WRITE_DENSE:
                denses += self._add_dense(write)
            elif write[0] == forms.WRITE_MATRIX:
                denses += self._add_matrix(write)
        locals_ = self._add_locals()
        return self._finish(locals_, denses)

    def _angles(self, place: int) -> list[Angle]:
        return self._generators.by_place.get(place, [])

    def _place(self, count: int = 1) -> int:
        place = self._num_places
        self._num_places += count
        return place

    def _entry(self, angle: Angle, place: int, weight: float) -> int:
        self._entries.append((angle.slot, place))
        self._weights.append(weight)
        return len(self._entries) - 1

    def _want(self, row: int, i: int, j: int) -> int:
        """The place of a polynomial's sum where one index bit or two are set."""
        key = (min(i, j), max(i, j))
        if key not in self._wanted[row]:
            self._wanted[row][key] = self._place()
        if not self._collect[row, 0]:
            self._collect[row, 0] = kernels.SUMS
        sweep = int(np.searchsorted(self._part.operation_start, row, side="right")) - 1
        position = {int(q): p for p, q in enumerate(self._part.bits[sweep])}
        low, high = sorted((position[i], position[j]))
        if low < self._part.layout.low_bits <= high < self._part.layout.block_bits:
            self._collect[row, 0] = kernels.JOINED_SUMS
        return self._wanted[row][key]

    def _probe(self, row: int, enabled: int = 1, **columns: int) -> list[int]:
        """A probe at a row; the place of its real part is its last column but one."""
        probe = [columns.get(name, 0) for name in PROBE_COLUMNS] + [self._place(2), enabled]
        self._probes[row].append(probe)
        return probe

    def _add_rotations(self, chosen: IntArray) -> None:
        first, count, start, stop, renormalised = (int(chosen[k]) for k in (0, 1, 2, 3, 6))
        if renormalised >= 0:
            self._collect[first + count, 0] = number_kernels.RENORMALISED
        for position, product in self._part.members[start:stop].tolist():
            if product in self._sums:
                self._sums[product][0] = self._place()
                self._collect[first : first + count, 0] = kernels.SUMS
                bit = 1 << position - self._lane_bits
                self._add_probes(product, first + count - 1, {"X_TILE": bit}, {"Z_TILE": bit})

    def _add_lanes(self, write: IntArray) -> None:
        start, product, bit = int(write[1]), int(write[2]), int(write[3])
        if product not in self._sums:
            return
        row = self._row_of[isa.ROTATE_LANES, start - (2 << self._lane_bits) * bit]
        self._sums[product][0] = self._place()
        self._collect[row, 0] = kernels.SUMS
        self._collect[row, 1 + bit] = self._sums[product][0]
        self._add_probes(product, row, {"X_LANES": 1 << bit}, {"Z_LANES": 1 << bit})

    def _add_probes(self, product: int, row: int, x: dict[str, int], z: dict[str, int]) -> None:
        self._probes_of[product] = self._probe(row, 0, **x), self._probe(row, 0, **z)

    def _add_term(self, term: IntArray) -> None:
        form, polynomial, i, j, place, detail = term.tolist()
        row = self._row_of[isa.DIAGONAL, polynomial]
        if form in (forms.BEFORE_ROTATION, forms.AFTER_ROTATION):
            if place in self._sums:
                self._sums[place][1 if form == forms.AFTER_ROTATION else 2] = self._want(row, i, i)
            return
        for angle in self._angles(place):
            g = self._diagonal(form, angle.place, detail)
            self._entry(angle, self._want(row, i, i), 2 * (g[1] - g[0]))
            if j >= 0:
                self._entry(angle, self._want(row, j, j), 2 * (g[2] - g[0]))
                self._entry(angle, self._want(row, i, j), 2 * (g[3] - g[1] - g[2] + g[0]))

    def _diagonal(self, form: int, place: int, detail: int) -> list[float]:
        """The generator of a diagonal gate by the values of its qubits."""
        entry = self._generators.entry
        if form in (forms.PAULI_1Q, forms.PAULI_2Q):
            return [0.5, -0.5, -0.5, 0.5]
        if form in (forms.DIAGONAL_1Q, forms.DIAGONAL_2Q):
            return [entry(place + k) for k in range(2 if form == forms.DIAGONAL_1Q else 4)]
        g = [0.0] * 4
        if form in (forms.PHASE_1Q, forms.PHASE_2Q):
            g[detail] = entry(place)
        else:
            g[2 * detail], g[2 * detail + 1] = entry(place), entry(place + 1)
        return g

    def _add_phase(self, write: IntArray) -> None:
        _, start, place, source, mask, value, _ = write.tolist()
        row = self._row_at[start]
        if source == 0:
            angles = self._angles(place)
            if angles:
                found = self._probe(row, LANE_MASK=mask, LANE_VALUE=value, **self._controls(row))[-2] + 1
            for angle in angles:
                self._entry(angle, found, 2 * self._generators.entry(angle.place))
        elif place in self._sums:
            probe = self._probe(row, LANE_MASK=mask, LANE_VALUE=value, **self._controls(row))
            self._sums[place][1 if source == 2 else 2] = probe[-2] + 1

    def _add_string(self, write: IntArray) -> None:
        _, start, place, sign, z_lanes, mask, value = write.tolist()
        row = self._row_at[start]
        real = bool(self._part.operations[row, isa.PAULI_REAL])
        for angle in self._angles(place):
            probe = self._probe(
                row,
                X_TILE=self._column(row, isa.PAULI_X_TILE),
                X_LANES=self._column(row, isa.PAULI_X_LANES),
                Z_TILE=self._column(row, isa.PAULI_Z_TILE),
                Z_LANES=z_lanes,
                Z_OUTER=self._column(row, isa.PAULI_Z_OUTER),
                LANE_MASK=mask,
                LANE_VALUE=value,
                **self._controls(row),
            )
            self._entry(angle, probe[-2] + (0 if real else 1), float(sign if real else -sign))

    def _add_strings(self, row: int) -> None:
        """Rotations by many strings of Z: their generators are half the strings."""
        first, last = self._column(row, isa.STRINGS_FIRST), self._column(row, isa.STRINGS_END)
        for k in range(first, last):
            for angle in self._angles(int(self._part.string_places[k])):
                place = self._wanted[row][k - first, -1] = self._place()
                self._collect[row, 0] = kernels.SUMS
                self._entry(angle, place, 1.0)

    def _controls(self, row: int) -> dict[str, int]:
        names = ("TILE_MASK", "TILE_VALUE", "OUTER_MASK", "OUTER_VALUE")
        return {name: self._column(row, getattr(isa, name)) for name in names}

    def _column(self, row: int, column: int) -> int:
        return int(self._part.operations[row, column])

    def _add_dense(self, write: IntArray) -> list[list[int]]:
        number, positions = int(write[2]), (int(write[3]), int(write[4]))
        factors = range(int(self._part.dense_start[number]), int(self._part.dense_start[number + 1]))
        found = [(f, angle) for f in factors for angle in self._angles(int(self._part.dense_factors[f, 1]))]
        if not found:
            return []
        row = self._row_at[int(write[1])]
        return self._overlaps(row, positions, {}, [(number, f, angle) for f, angle in found])

    def _add_matrix(self, write: IntArray) -> list[list[int]]:
        """A matrix with controls: where it acts, its derivatives are those of one without."""
        _, start, place, order, _, mask, value = write.tolist()
        angles = self._angles(place)
        if not angles:
            return []
        row = self._row_at[start]
        first_bit, second_bit = order & 15, order >> 4 & 15
        positions = [p for p in range(self._part.layout.block_bits) if self._targets_of(row) >> p & 1]
        self._more_factors.append([forms.MATRIX_1Q, place, 0, 0])
        if len(positions) == 2:
            self._more_factors[-1] = [forms.MATRIX_2Q, place, 0, 2 if first_bit < second_bit else 3]
        number = self._part.dense_start.size - 2 + len(self._more_factors)
        factor = len(self._part.dense_factors) - 1 + len(self._more_factors)
        controls = {"LANE_MASK": mask, "LANE_VALUE": value, **self._controls(row)}
        return self._overlaps(row, positions, controls, [(number, factor, angle) for angle in angles])

    def _targets_of(self, row: int) -> int:
        return self._column(row, isa.MATRIX_TILES) << self._lane_bits | self._column(row, isa.MATRIX_LANES)

    def _overlaps(
        self, row: int, positions: Sequence[int], controls: dict[str, int], found: Sequence[tuple[int, int, Angle]]
    ) -> list[list[int]]:
        """Probes of all ``λ_i* ψ_j`` at one or two positions, and rows that weigh them.

        On one position the 4x4 matrix that is weighed acts on its lower bit; half of its entries then are alike, and
        half of the rest would be counted twice.
        """
        places = []
        size = 1 << len(positions)
        for i in range(4):
            for j in range(4):
                if max(i, j) >= size:
                    places += [-1, -1]
                    continue
                columns = dict(controls)
                for name, bits in self._corner(positions, i).items():
                    columns[name] = columns.get(name, 0) | bits
                probe = self._probe(row, **columns, **self._masks(positions, i ^ j, ("X_TILE", "X_LANES")))
                places += [probe[-2], probe[-2] + 1]
        rows = []
        unused = self._place() if -1 in places else -1
        for number, f, angle in found:
            rows.append([number, f, angle.place, len(self._entries)])
            for place in places:
                self._entry(angle, place if place >= 0 else unused, 0.0)
        return rows

    def _corner(self, positions: Sequence[int], values: int) -> dict[str, int]:
        """Controls that pick amplitudes by the values of two bits."""
        fixed = self._masks(positions, 3, ("TILE_MASK", "LANE_MASK"))
        return fixed | self._masks(positions, values, ("TILE_VALUE", "LANE_VALUE"))

    def _masks(self, positions: Sequence[int], bits: int, names: tuple[str, str]) -> dict[str, int]:
        """Some of the positions as masks of tiles and of lanes, under these names."""
        mask = sum(1 << p for k, p in enumerate(positions) if bits >> k & 1)
        lanes = (1 << self._lane_bits) - 1
        return {names[0]: mask >> self._lane_bits, names[1]: mask & lanes}

    def _add_locals(self) -> list[list[int]]:
        rows = []
        for product, sums in self._sums.items():
            probes = [probe[-2] + 1 for probe in self._probes_of.get(product, ())] or [-1, -1]
            for f in range(int(self._part.product_start[product]), int(self._part.product_start[product + 1])):
                for angle in self._angles(int(self._part.product_factors[f, 1])):
                    rows.append([product, f, angle.place, len(self._entries)])
                    for place in (*sums, *probes):
                        self._entry(angle, max(place, 0), 0.0)
        return rows

    def _finish(self, locals_: list[list[int]], denses: list[list[int]]) -> AdjointPart:
        part = self._part
        self._place()
        needed = (self._collect[:, 0] > 0) & (self._collect[:, 0] != number_kernels.RENORMALISED)
        needed |= np.array([bool(p) for p in self._probes], dtype=bool)
        writes = part.writes.copy()
        strings = writes[:, 0] == forms.WRITE_PAULI
        writes[strings, 3] *= -1
        writes[writes[:, 0] == forms.WRITE_MATRIX, 3] |= TAKEN_BACK
        probes = [probe for row in self._probes for probe in row]
        number = {id(probe): k for k, probe in enumerate(probes)}
        products = np.full((part.product_start.size - 1, 5), -1, np.int64)
        products[:, 1:3] = 0
        for product, (rotation, after, before) in self._sums.items():
            pair = [number[id(probe)] for probe in self._probes_of.get(product, ())] or [-1, -1]
            products[product] = [rotation, after >= 0, before >= 0, *pair]
        wanted = [[[i, j, place] for (i, j), place in row.items()] for row in self._wanted]
        more = np.arange(1, 1 + len(self._more_factors)) + len(part.dense_factors)
        part = replace(
            part,
            dense_start=np.concatenate([part.dense_start, more]),
            dense_factors=np.concatenate([part.dense_factors, _rows(self._more_factors, 4)]),
        )
        return AdjointPart(
            part=part,
            first_row=int(np.argmax(needed)) if needed.any() else len(part.operations),
            num_places=self._num_places,
            writes=writes,
            products=products,
            locals_=_rows(locals_, 4),
            denses=_rows(denses, 4),
            collect=self._collect,
            probe_start=_starts(self._probes),
            probes=_rows(probes, kernels.PROBE),
            wanted_start=_starts(wanted),
            wanted=_rows([entry for row in wanted for entry in row], kernels.WANTED),
            entries=_rows([list(entry) for entry in self._entries], 2),
            weights=np.array(self._weights, np.float64),
        )


def _starts(groups: Sequence[Sequence[object]]) -> IntArray:
    return np.concatenate([[0], np.cumsum([len(g) for g in groups])]).astype(np.int64)


def _rows(rows: Sequence[Sequence[int]], width: int) -> IntArray:
    return np.array(rows, np.int64).reshape(-1, width)
