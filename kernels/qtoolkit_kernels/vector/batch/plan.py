"""What a batch is run with, as kernels take it: rows, what each member is given, weights, and room for results."""

from typing import NamedTuple

from qtoolkit_kernels._types import Complex, Floats, Integers, Reals

__all__ = ["Members", "Results", "Rows", "Weights"]


class Rows(NamedTuple):
    """A plan for batches.

    Attributes:
        num_bits: qubits.
        product_start, product_factors, dense_start, dense_factors: how the numbers come from the coefficients of
            gates, see `vector.plan.Formulas`.
        terms: int64[:, 7], see `numbers.add_term`.
        operations: int64[:, 16], see `block`.
        partners: int64[polynomials, num_bits], the lower bits with which each bit of a polynomial forms pairs.
        permutations: int64[:, 2^num_bits], where each amplitude comes from.
        num_registers: that the operations read.
    """

    num_bits: int
    product_start: Integers
    product_factors: Integers
    dense_start: Integers
    dense_factors: Integers
    terms: Integers
    operations: Integers
    partners: Integers
    permutations: Integers
    num_registers: int


class Members(NamedTuple):
    """What the members of a batch are given.

    Attributes:
        values: float64[batch, :], of the parameters.
        coefficients: complex128[:], of the gates and the planner where no parameter enters.
        others, other_places: complex128[batch, :] and int64[:], coefficients that were computed elsewhere.
    """

    values: Floats
    coefficients: Complex
    others: Complex
    other_places: Integers


class Weights(NamedTuple):
    """Observables as weights of every amplitude.

    Attributes:
        parts: int64[:, 4]: number of the observable, mask of flipped bits, kind (see `run`), first weight.
        values: float64[:].
    """

    parts: Integers
    values: Floats


class Results(NamedTuple):
    """Where the results of a batch go; what is not wanted has no rows.

    Attributes:
        states: receives the states as rows of real and imaginary parts, [batch, 2 * 2^num_bits].
        probabilities: receives them, float64[batch, 2^num_bits].
        sums: zeros, float64[observables, batch]; receives expectation values.
        finite: ones, int64[1]; becomes 0 if an angle is not finite.
    """

    states: Reals
    probabilities: Floats
    sums: Floats
    finite: Integers
