"""How sweeps are taken back, as kernels take it: what rows sum up, and what derivatives are made of the sums."""

from typing import NamedTuple

from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.vector.plan import Formulas, Numbers

__all__ = ["Backward", "Derivatives", "Sought"]


class Sought(NamedTuple):
    """The sums that rows take, by row.

    Attributes:
        collect: int64[rows, 5], see `block.COLLECT`.
        scales: float64[rows, 4], what sums are multiplied by.
        probe_start, probes: int64[rows + 1] and int64[:, 13], probes of each row, see `block.PROBE`.
        wanted_start, wanted: int64[rows + 1] and int64[:, 3], sums of DIAGONAL and STRINGS rows, see `block.WANTED`.
    """

    collect: Integers
    scales: Floats
    probe_start: Integers
    probes: Integers
    wanted_start: Integers
    wanted: Integers


class Derivatives(NamedTuple):
    """Derivatives by angles as linear combinations of sums.

    Attributes:
        entries, weights: int64[:, 2] and float64[:]: the slot of the angle, the place of a sum, and what that is
            multiplied by; 0 where it depends on numbers.
        products: int64[products, 5], of each one-qubit product the place of the sum of its rotation or -1, whether
            those of its phases after and before are collected, and its probes of X and of Z, or -1.
        locals_: int64[:, 4], derivatives within products: product, factor, its generator's place, the first of five
            entries.
        denses: int64[:, 4], the same within 4x4 matrices: matrix, factor, generator, the first of 32 entries.
    """

    entries: Integers
    weights: Floats
    products: Integers
    locals_: Integers
    denses: Integers


class Backward(NamedTuple):
    """A plan to be taken back.

    Attributes:
        bits: int64[sweeps, num_bits], for each sweep the index bit of every position, the block's first.
        operation_start: int64[sweeps + 1], where its rows begin.
        first_row: the first row that derivatives need; how many rows there are if none do.
        num_places: sums to collect.
        formulas: of the inverse operations, whose products of gates are those of the operations.
        numbers: the rows, and what else no parameter changes; registers in double precision.
        sought: what is to be summed, apart from what depends on numbers.
        derivatives: what is made of the sums.
    """

    bits: Integers
    operation_start: Integers
    first_row: int
    num_places: int
    formulas: Formulas
    numbers: Numbers
    sought: Sought
    derivatives: Derivatives
