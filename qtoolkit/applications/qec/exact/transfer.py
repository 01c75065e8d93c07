"""Logical Pauli transfer matrices of every syndrome under any noise of single qubits.

For syndrome s the logical channel, unnormalised and relative to the pure error of s, is

    R_s[A, B] = 2^-r Σ_g (-1)^(s·g) Σ_h ± Π_q R_q[letter of P̄_A S_g on q, letter of P̄_B S_h on q],

with g and h over the stabiliser group. The sum over h is taken qubit by qubit: a table holds what of the output is
known and what of the input is still to come. In echelon form a generator of the input leaves the table at its last
qubit and one of the output enters at its first, so that after the first i qubits the table has
2^(2i + r - 2 dim(stabilisers on these qubits)) entries. The sum over g is a Walsh–Hadamard transform. This is the
contraction of a tensor network along a path, in the group's own coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.qec.exact.classes import Progress
from qtoolkit.applications.qec.exact.frame import Echelon, PauliFrame
from qtoolkit.applications.qec.exact.noise import QubitNoise
from qtoolkit.simulators.cosets import exchange_letter, transform_characters

__all__ = ["PART_ENTRIES", "TransferPlan", "transfer_matrices", "transfer_plan"]

PART_ENTRIES = 1 << 20
"""From which a table goes on in parts: these lie in the caches, and memory does not grow with the tables."""


@dataclass(frozen=True, eq=False)
class TransferPlan:
    """In which order qubits are summed over, and the generators that come and go.

    Attributes:
        frame: the code.
        order: of the qubits.
        inputs: reduced stabilisers with their pivot bits, by the step after which they have no letter left.
        outputs: reduced generators of stabilisers and logical operators with their pivot bits, by their first step.
    """

    frame: PauliFrame
    order: tuple[int, ...]
    inputs: tuple[tuple[int, int, int], ...]
    outputs: tuple[tuple[int, int, int], ...]

    @cached_property
    def table_bits(self) -> tuple[int, ...]:
        """Bits of an index of the table before the first and after every step."""
        steps = range(len(self.order) + 1)
        return tuple(
            sum(last >= step for last, _, _ in self.inputs) + sum(first < step for first, _, _ in self.outputs)
            for step in steps
        )

    @property
    def peak_entries(self) -> int:
        """Of the parts of tables that are held at a time, and of the last table."""
        num_inputs, num_outputs = len(self.inputs), len(self.outputs)
        # A part is divided before its step, which makes it at most four times as large; half of it waits meanwhile.
        parts = min(max(1 << bits for bits in self.table_bits), PART_ENTRIES * 4 * (num_outputs // 2 + 1))
        return 2 * parts + (2 << num_inputs) + (1 << num_outputs)

    @property
    def products(self) -> int:
        """Multiplications of all steps, for each of the logical operators that go in."""
        alive = [sum(last >= step for last, _, _ in self.inputs) for step in range(len(self.order) + 1)]
        return sum(
            1 << bits + gone - left for bits, gone, left in zip(self.table_bits[1:], alive, alive[1:], strict=False)
        )


def transfer_plan(frame: PauliFrame) -> TransferPlan:
    """The plan with the fewest products among those of a few orders: as given, and greedy from each qubit."""
    n = frame.num_qubits
    orders = {tuple(range(n)), *(_greedy(frame, first) for first in range(n))}
    plans = [_plan(frame, order) for order in sorted(orders)]
    return min(plans, key=lambda plan: (plan.products, plan.order))


def _greedy(frame: PauliFrame, first: int) -> tuple[int, ...]:
    """Next comes the qubit that leaves the fewest stabilisers begun and not ended, and then begins the fewest."""
    n = frame.num_qubits
    supports = [(row | row >> n) & (1 << n) - 1 for row in frame.stabilizers]
    order, taken = [first], 1 << first
    while len(order) < n:

        def cost(qubit: int, taken: int = taken) -> tuple[int, int, int]:
            after = taken | 1 << qubit
            open_after = sum(bool(s & after) and bool(s & ~after) for s in supports)
            left = sum((s & ~after).bit_count() for s in supports if s & after)
            return open_after, left, qubit

        order.append(min((q for q in range(n) if not taken >> q & 1), key=cost))
        taken |= 1 << order[-1]
    return tuple(order)


def _plan(frame: PauliFrame, order: tuple[int, ...]) -> TransferPlan:
    n = frame.num_qubits
    bits = [place for qubit in order for place in (qubit, qubit + n)]
    step = {place: index // 2 for index, place in enumerate(bits)}
    backwards, forwards = Echelon(bits[::-1]), Echelon(bits)
    for row in frame.stabilizers:
        backwards.add(row)
    for row in (*frame.stabilizers, *frame.logical_x, *frame.logical_z):
        forwards.add(row)
    inputs, outputs = (
        tuple(sorted((step[pivot], pivot, row) for pivot, row in echelon.rows.items()))
        for echelon in (backwards, forwards)
    )
    return TransferPlan(frame, order, inputs, outputs)


def transfer_matrices(plan: TransferPlan, noise: QubitNoise, progress: Progress | None = None) -> NDArray[np.float64]:
    """Of every syndrome, float64, shape (2^r, 4^k, 4^k).

    Logical operator a + 2^k b is ``X̄^a Z̄^b``, Hermitian; bit j of a syndrome is that of stabiliser j.
    """
    frame = plan.frame
    n, num_logical, num_syndromes = frame.num_qubits, 4**frame.num_logical, 1 << frame.num_checks
    outputs = [pivot for _, pivot, _ in plan.outputs]
    found = np.empty((num_syndromes, num_logical, num_logical))
    table = np.empty(num_syndromes * num_logical)
    for column in range(num_logical):
        _fill_column(plan, noise, column, table)
        for row in range(num_logical):
            operators, signs = _signed_coset(frame, row)
            values = table[_gather(operators, outputs, n)]
            values *= signs
            transform_characters(values, frame.num_checks)
            np.divide(values, num_syndromes, out=found[:, row, column])
        if progress is not None:
            progress((column + 1) / num_logical)
    return found


def _fill_column(plan: TransferPlan, noise: QubitNoise, logical: int, table: NDArray[np.float64]) -> None:
    """The coset of one input after the noise of all qubits, by generators of the output, shape (2^(n+k),).

    Rows of a table, which belong to what is known of the output, do not see each other: large tables go on in parts.
    """
    n = plan.frame.num_qubits
    operators, signs = _signed_coset(plan.frame, logical)
    base = int(operators[0, 0]) | int(operators[0, 1]) << n
    for _, pivot, row in plan.inputs:
        base ^= row if base >> pivot & 1 else 0
    start = np.empty((1, len(signs)))
    start[0, _gather(operators, [pivot for _, pivot, _ in plan.inputs], n)] = signs
    del operators, signs
    waiting = [(0, np.zeros(1, dtype=np.int64), start)]
    del start
    while waiting:
        step, rows, part = waiting.pop()
        if step == len(plan.order):
            table[rows] = part[:, 0]
            continue
        if part.size > PART_ENTRIES and len(rows) > 1:
            half = len(rows) // 2
            waiting += [(step, rows[half:], part[half:]), (step, rows[:half], part[:half])]
            continue
        qubit = plan.order[step]
        begun = sum(first < step for first, _, _ in plan.outputs)
        read = [_letter(row, qubit, n) for last, _, row in plan.inputs if last >= step]
        written = [_letter(row, qubit, n) for first, _, row in plan.outputs if first <= step]
        num_left = sum(last > step for last, _, _ in plan.inputs)
        rows = (rows | np.arange(1 << len(written) - begun)[:, None] << begun).ravel()
        letters_in = _combined(_letter(base, qubit, n), read)
        letters_out = _letters_of(rows, written)
        part = exchange_letter(part, noise.transfer_matrices[qubit], letters_out, letters_in, 1 << num_left)
        waiting.append((step + 1, rows, part))


def _letters_of(rows: NDArray[np.int64], letters: Sequence[int]) -> NDArray[np.uint8]:
    """The letters of products of generators on one qubit, each product given by a number of bits."""
    x, z = (sum((letter >> part & 1) << bit for bit, letter in enumerate(letters)) for part in (0, 1))
    return np.asarray((np.bitwise_count(rows & x) & 1) | (np.bitwise_count(rows & z) & 1) << 1, dtype=np.uint8)


def _letter(operator: int, qubit: int, n: int) -> int:
    return operator >> qubit & 1 | (operator >> qubit + n & 1) << 1


def _combined(base: int, letters: Sequence[int]) -> NDArray[np.uint8]:
    """The letters of all products of generators on one qubit, the first generator the lowest bit."""
    found = np.array([base], dtype=np.uint8)
    for letter in letters:
        found = np.append(found, found ^ np.uint8(letter))
    return found


def _gather(operators: NDArray[np.int64], pivots: Sequence[int], n: int) -> NDArray[np.int64]:
    """Numbers made of some bits of operators, the first bit lowest."""
    found = np.zeros(len(operators), dtype=np.int64)
    for place, pivot in enumerate(pivots):
        found |= (operators[:, pivot // n] >> pivot % n & 1) << place
    return found


def _signed_coset(frame: PauliFrame, logical: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Products of a logical operator and all stabilisers, as (x, z) masks, and their signs as Hermitian operators.

    Returns:
        int64 of shape (2^r, 2) and float64 of shape (2^r,), by the stabilisers in the product.
    """
    n, k = frame.num_qubits, frame.num_logical
    low = (1 << n) - 1
    quarter, product = (logical & logical >> k & (1 << k) - 1).bit_count(), 0
    for bit, generator in enumerate((*frame.logical_x, *frame.logical_z)):
        if logical >> bit & 1:
            quarter, product = frame.times(quarter, product, generator)
    masks = np.zeros((1 << frame.num_checks, 2), dtype=np.int64)
    quarters = np.zeros(len(masks), dtype=np.int8)
    masks[0] = product & low, product >> n
    quarters[0] = quarter % 4
    for bit, generator in enumerate(frame.stabilizers):
        x, z = generator & low, generator >> n
        known, grown = slice(0, 1 << bit), slice(1 << bit, 2 << bit)
        masks[grown] = masks[known] ^ (x, z)
        crossed = np.bitwise_count(masks[known, 1] & x).astype(np.int8) & 1
        quarters[grown] = quarters[known] + np.int8((x & z).bit_count() % 4) + 2 * crossed & 3
    ys = np.bitwise_count(masks[:, 0] & masks[:, 1]).astype(np.int8)
    return masks, 1.0 - (quarters - ys & 3)
