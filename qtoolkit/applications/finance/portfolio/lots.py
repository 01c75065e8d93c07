"""Whole lots as bits: the exact quadratic form of a portfolio whose weights are multiples of lots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit.algorithms.quadratic import BinaryQuadratic, Constraints, LinearRow, QuadraticProblem
from qtoolkit.applications.finance.data.assets import indices_of
from qtoolkit.applications.finance.portfolio.problem import PortfolioProblem, require_problem
from qtoolkit.applications.finance.portfolio.program import WeightProgram
from qtoolkit.applications.finance.portfolio.selection import Reach, in_whole_units
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum
from qtoolkit.operators.quadratic import read_bits

__all__ = ["LotsForm", "lots_form"]

FloatArray = NDArray[np.float64]

_MOST_BITS = 1 << 12
_LARGEST_COUNT = 10_000
_WHOLE = 1e-9
"""How far a number of lots may be from an integer by rounding."""


@dataclass(frozen=True, eq=False, repr=False)
class LotsForm:
    """Numbers of lots as bits, exactly: the least value is that of the best portfolio of whole lots.

    The number of lots of an asset is a sum of bits with places 1, 2, 4, …, the last place smaller where that keeps it
    within its limits. Bits ``held`` stand beside it where held assets are counted or have a least weight, or where 0 is
    no number between the limits. With trading, lots sold and lots bought have bits of their own, and ``buys`` tells
    them apart where current weights are no whole lots. Choices that buy and sell the same asset, or hold one without
    need, are feasible and cost no less than they should.

    Attributes:
        problem: of the bits.
        names: of the assets.
        matrix: weights from bits, shape ``(n, bits)``.
        start: weights where all bits are 0, shape ``(n,)``.
        problem_fingerprint: of the portfolio problem.
    """

    problem: QuadraticProblem
    names: tuple[str, ...]
    matrix: FloatArray
    start: FloatArray
    problem_fingerprint: str

    @property
    def num_bits(self) -> int:
        """Of all assets together, also the number of qubits."""
        return self.problem.num_variables

    def weights(self, bits: ArrayLike) -> FloatArray:
        """The weights that bits stand for, shape ``(..., bits)`` to ``(..., n)``.

        Raises:
            InputError: if the shape or labels do not fit, or an entry is neither 0 nor 1.
        """
        x = read_bits(bits, self.problem.names)
        return np.asarray(x @ self.matrix.T + self.start)

    def cost_hamiltonian(self) -> PauliSum:
        """The objective as a diagonal operator, bit k on qubit k; rows are left to mixers or `penalised`.

        Raises:
            OperatorError: for more bits than a `PauliSum` holds.
        """
        return self.problem.objective.ising()

    def __repr__(self) -> str:
        rows = len(self.problem.constraints.rows)
        return f"LotsForm({len(self.names)} assets, {self.num_bits} bits, {rows} constraints)"


def lots_form(problem: PortfolioProblem) -> LotsForm:
    """The problem of whole lots as a quadratic function of bits under linear rows.

    Solvers of `qtoolkit.algorithms.quadratic` take its ``problem``; `LotsForm.weights` reads their bits.

    Args:
        problem: with lots for each asset and the variance as risk.

    Raises:
        InputError: if an asset has no lots, the risk is a tail, a limit is infinite, or there would be more than 4096
            bits.
    """
    program = require_problem(problem).program
    if problem.tail is not None:
        raise InputError("the tail of scenarios is no quadratic function of lots; call choose_and_weigh(program)")
    if np.any(program.lots <= 0.0):
        absent = program.names[int(np.argmin(program.lots))]
        raise InputError(f"lots must be positive for each asset, got none for {absent}; choose_and_weigh needs none")
    builder = _Builder(program)
    objective = builder.objective()
    rows = [in_whole_units(row, _LARGEST_COUNT) for row in builder.rows()]
    rows = [row for row in rows if _can_break(row)]
    return LotsForm(
        problem=QuadraticProblem(objective, Constraints(objective.names, rows=rows)),
        names=program.names,
        matrix=builder.weights.table,
        start=builder.weights.start,
        problem_fingerprint=problem.fingerprint,
    )


class _Affine(NamedTuple):
    """A vector ``table·bits + start``, one row for each asset."""

    table: FloatArray
    start: FloatArray

    def row(self, columns: FloatArray) -> tuple[FloatArray, float]:
        """Coefficients and constant of ``columnsᵀ·vector``."""
        return columns @ self.table, float(columns @ self.start)


class _Count(NamedTuple):
    """An integer: what each bit is worth, and its value where all are 0."""

    bits: dict[int, float]
    start: float


class _Builder:
    """The bits of a programme: weights, what is held, and what is traded, all affine in them."""

    def __init__(self, program: WeightProgram) -> None:
        self.program = program
        self.names: list[str] = []
        self._terms: dict[str, list[tuple[int, int, float]]] = {"weights": [], "held": [], "traded": []}
        self._starts = {part: np.zeros(program.num_assets) for part in self._terms}
        self._own_rows: list[tuple[dict[int, float], float, float, str]] = []
        reach = Reach(program)
        lots = program.lots
        self._low = np.round(reach.lower / lots).astype(int)
        self._high = np.round(reach.upper / lots).astype(int)
        self._has_held = _needs_held(program, self._low, self._high)
        for place in range(program.num_assets):
            self._add(place)
            if len(self.names) > _MOST_BITS:
                raise InputError(
                    f"lots take at most {_MOST_BITS} bits, got more; take larger lots, narrower limits, or "
                    "choose_and_weigh"
                )
        self.weights = self._affine("weights")
        self.held = self._affine("held")
        self.traded = self._affine("traded")

    def _add(self, place: int) -> None:
        program, name = self.program, self.program.names[place]
        lot, low, high = float(program.lots[place]), int(self._low[place]), int(self._high[place])
        least, most = (min(low, 0), max(high, 0)) if self._has_held[place] else (low, high)
        if program.is_traded:
            counts = self._add_trades(place, min(least, most), max(least, most))
        else:
            counts = self._count(place, f"{name} lots", least, most)
        for bit, worth in counts.bits.items():
            self._terms["weights"].append((place, bit, lot * worth))
        self._starts["weights"][place] = lot * counts.start
        if self._has_held[place]:
            held = self._bit(f"{name} held")
            self._terms["held"].append((place, held, 1.0))
            number = dict(counts.bits)
            self._own_rows.append((number | {held: -float(high)}, -math.inf, -counts.start, f"{name} at most"))
            self._own_rows.append((number | {held: -float(low)}, -counts.start, math.inf, f"{name} at least"))
            if program.lower[place] > 0.0:
                self._own_rows.append(({held: 1.0}, 1.0, math.inf, f"{name} is held"))
        elif program.lower[place] > 0.0:
            self._starts["held"][place] = 1.0

    def _add_trades(self, place: int, least: int, most: int) -> _Count:
        """Lots sold and bought from the whole lots below the current weight, and what is traded with them."""
        program, name = self.program, self.program.names[place]
        lot, current = float(program.lots[place]), float(program.current[place])
        whole = math.floor(current / lot + _WHOLE)
        rest = max(current - lot * whole, 0.0)
        rest = 0.0 if rest <= _WHOLE * lot else rest
        # a current weight beyond the limits must be traded in any case
        begin = min(max(whole, least), most)
        sold = self._count(place, f"{name} sold", 0, begin - least)
        bought = self._count(place, f"{name} bought", 0, most - begin)
        self._starts["traded"][place] = abs(lot * begin - current)
        for bit, worth in (sold.bits | bought.bits).items():
            self._terms["traded"].append((place, bit, lot * worth))
        if begin == whole and rest > 0.0 and bought.bits:
            buys = self._bit(f"{name} buys")
            self._terms["traded"].append((place, buys, -2.0 * rest))
            self._own_rows.append(
                (bought.bits | {buys: -float(most - begin)}, -math.inf, 0.0, f"{name} buys if bought")
            )
            self._own_rows.append((bought.bits | {buys: -1.0}, 0.0, math.inf, f"{name} bought if it buys"))
        bits = {bit: -worth for bit, worth in sold.bits.items()} | bought.bits
        return _Count(bits, float(begin))

    def _count(self, place: int, name: str, least: int, most: int) -> _Count:
        """An integer from `least` to `most` in bits."""
        room, worth, bits = most - least, 1, {}
        while room > 0:
            worth_here = min(worth, room)
            bits[self._bit(f"{name} {worth_here if worth_here == worth else f'{worth_here} more'}")] = float(worth_here)
            room -= worth_here
            worth *= 2
        return _Count(bits, float(least))

    def _bit(self, name: str) -> int:
        self.names.append(name)
        return len(self.names) - 1

    def _affine(self, part: str) -> _Affine:
        table = np.zeros((self.program.num_assets, len(self.names)))
        for place, bit, value in self._terms[part]:
            table[place, bit] += value
        table.setflags(write=False)
        return _Affine(table, self._starts[part])

    def objective(self) -> BinaryQuadratic:
        program, (table, start) = self.program, self.weights
        risk = program.risk_aversion * np.asarray(program.risk)
        linear = 2.0 * table.T @ (risk @ start) - table.T @ program.expected_returns
        offset = float(start @ risk @ start - program.expected_returns @ start)
        costs, constant = self.traded.row(program.cost)
        return BinaryQuadratic(table.T @ risk @ table, linear + costs, offset + constant, self.names)

    def rows(self) -> list[LinearRow]:
        """The programme's rows, and those that tie bits to each other."""
        found: list[LinearRow] = []
        parts = (self.weights, self.held, self.traded)
        for row in self.program.rows:
            if row.label in ("bounds", "minimum if held", "lots"):
                continue
            pairs = [part.row(columns) for part, columns in zip(parts, row.columns, strict=False)]
            coefficients = np.sum([vector for vector, _ in pairs], axis=0)
            constant = sum(value for _, value in pairs)
            name = row.label
            if any(other.name == name for other in found):
                name = f"number of {row.label}"
            found.append(LinearRow(coefficients, row.lower - constant, row.upper - constant, name))
        for entries, lower, upper, name in self._own_rows:
            vector = np.zeros(len(self.names))
            for bit, value in entries.items():
                vector[bit] = value
            found.append(LinearRow(vector, lower, upper, name))
        return found


def _needs_held(program: WeightProgram, low: NDArray[np.int_], high: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Of which assets a bit says whether they are held: others are always held, or it does not matter."""
    counted = np.full(program.num_assets, program.cardinality != (0, program.num_assets))
    for group in program.groups.values():
        if group.fewest or group.most is not None:
            counted[indices_of(group.members, program.names)] = True
    is_possible = low <= high
    has_gap = (program.minimum_if_held > 0.0) | (low > 0) | (high < 0)
    return np.where(program.lower > 0.0, ~is_possible, counted | has_gap | ~is_possible)


def _can_break(row: LinearRow) -> bool:
    lower, upper = row.limits()
    least, most = np.minimum(row.coefficients, 0.0).sum(), np.maximum(row.coefficients, 0.0).sum()
    return bool(least < lower or most > upper)
