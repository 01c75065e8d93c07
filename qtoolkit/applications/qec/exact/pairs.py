"""Process matrices by class for noise along one axis of each qubit: rotations and flips together, for example.

Noise that puts at most one letter on each qubit, coherently or not, moves pairs of classes (c, c'), of which c' must
have the syndrome of c in the end. A table by c and by the difference holds only those bits of the difference that some,
but not all, of their qubits have touched: a bit enters at the first of them and is read as zero after the last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qtoolkit.applications.qec.exact.classes import ClassSpace, Progress
from qtoolkit.applications.qec.exact.noise import QubitNoise
from qtoolkit.simulators.cosets import mix_classes

__all__ = ["PairPlan", "fill_pairs", "is_along_axes", "pair_plan"]


@dataclass(frozen=True, eq=False)
class PairPlan:
    """In which order qubits come, and what they move.

    Attributes:
        order: of the qubits that have noise.
        letters: of each qubit in this order: 1 for X, 2 for Z, 3 for Y.
        shifts: indices of their classes.
        opened: bits of the difference that enter with each qubit, and which of them leave after it.
        closed: the latter.
        most_open: at a time.
    """

    order: tuple[int, ...]
    letters: tuple[int, ...]
    shifts: tuple[int, ...]
    opened: tuple[tuple[int, ...], ...]
    closed: tuple[tuple[int, ...], ...]
    most_open: int


def is_along_axes(noise: QubitNoise) -> bool:
    """Whether at most one letter beside the identity occurs on each qubit."""
    return bool((noise.letters[:, 1:].sum(axis=1) <= 1).all())


def pair_plan(space: ClassSpace, noise: QubitNoise) -> PairPlan:
    """The plan with the fewest open bits among those of a few orders."""
    shifts, letters = {}, {}
    for qubit, found in enumerate(noise.letters):
        if found[1:].any():
            letters[qubit] = 1 + int(found[1:].argmax())
            shifts[qubit] = space.coordinates(space.frame.class_of(space.frame.letter(qubit, letters[qubit])))
    orders = {tuple(shifts), *(_greedy(space, shifts, first) for first in shifts)}
    return min((_plan(space, shifts, letters, order) for order in sorted(orders)), key=lambda plan: plan.most_open)


def _greedy(space: ClassSpace, shifts: dict[int, int], first: int) -> tuple[int, ...]:
    """Next comes the qubit that leaves the fewest bits open, of these the one that opens the fewest."""
    checks = space.shape[1] - 1
    order = [first]
    rest = set(shifts) - {first}
    begun = shifts[first] & checks
    while rest:

        def cost(qubit: int, begun: int = begun) -> tuple[int, int, int]:
            after = begun | shifts[qubit] & checks
            left = 0
            for other in rest - {qubit}:
                left |= shifts[other] & checks
            return (after & left).bit_count(), after.bit_count(), qubit

        order.append(min(rest, key=cost))
        rest.remove(order[-1])
        begun |= shifts[order[-1]] & checks
    return tuple(order)


def _plan(space: ClassSpace, shifts: dict[int, int], letters: dict[int, int], order: tuple[int, ...]) -> PairPlan:
    syndrome_bits = len(space.syndromes)
    touched = {
        bit: [step for step, qubit in enumerate(order) if shifts[qubit] >> bit & 1] for bit in range(space.num_bits)
    }
    opened = tuple(tuple(b for b, steps in touched.items() if steps[0] == step) for step in range(len(order)))
    closed = tuple(
        tuple(b for b, steps in touched.items() if steps[-1] == step and b < syndrome_bits)
        for step in range(len(order))
    )
    now, most = 0, 0
    for entering, leaving in zip(opened, closed, strict=True):
        now += len(entering)
        most = max(most, now)
        now -= len(leaving)
    return PairPlan(order, tuple(letters[q] for q in order), tuple(shifts[q] for q in order), opened, closed, most)


def fill_pairs(
    space: ClassSpace, plan: PairPlan, noise: QubitNoise, progress: Progress | None = None
) -> NDArray[np.complex128]:
    """Process matrices of the logical qubits for every syndrome, complex128, shape (L, L, S), L members of a coset.

    Entry (m, m', j) belongs to member m of coset j on the left of ρ and member m' on the right; a member stands for
    ``X̄^a Z̄^b`` as it is, without powers of i.
    """
    bits = space.num_bits
    table = np.zeros(1 << bits, dtype=np.complex128)
    table[0] = 1.0
    places: list[int] = []  # which bit of a class each open bit of the difference is of, the lowest first
    for step, qubit in enumerate(plan.order):
        for bit in plan.opened[step]:
            table = np.append(table, np.zeros_like(table))
            places.append(bit)
        letter, shift = plan.letters[step], plan.shifts[step]
        phase, sign = space.frame.representative(space.frame.letter(qubit, letter))
        mask = space.mask(sign)
        across, signs_across = _placed(shift, places) << bits, _placed(mask, places) << bits
        process = noise.process[qubit]
        left = process[letter, 0] * phase
        weights = (process[0, 0].real, left, left.conjugate(), process[letter, letter].real)
        # The letter on the left moves both the class and the difference, on the right the difference alone; both move
        # the class alone. What stands on the right has the class of the left plus the difference.
        mix_classes(table, (shift | across, across), weights, (mask, mask | signs_across))
        for bit in plan.closed[step]:
            place = places.index(bit)
            table = np.ascontiguousarray(table.reshape(-1, 2, 1 << bits + place)[:, 0]).reshape(-1)
            places.remove(bit)
        if progress is not None:
            progress((step + 1) / len(plan.order))
    return _by_members(space, table, places)


def _placed(label: int, places: list[int]) -> int:
    return sum((label >> bit & 1) << place for place, bit in enumerate(places))


def _by_members(space: ClassSpace, table: NDArray[np.complex128], places: list[int]) -> NDArray[np.complex128]:
    """The table by members on the left and right instead of their difference; all logical bits are open."""
    members, syndromes = space.shape
    pairs = table.reshape(members, members, syndromes)
    found = np.empty_like(pairs)
    low = len(space.syndromes)
    for difference in range(members):
        moved = sum((difference >> place & 1) << bit - low for place, bit in enumerate(places))
        for member in range(members):
            found[member, member ^ moved] = pairs[difference, member]
    return found
