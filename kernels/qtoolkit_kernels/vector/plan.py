"""Planned sweeps as kernels take them: what they read, and how that comes from the coefficients of gates."""

from typing import NamedTuple

from qtoolkit_kernels._types import Complex, Floats, Integers, Reals

__all__ = ["Formulas", "Numbers", "Products"]


class Formulas(NamedTuple):
    """How the numbers of a plan come from the coefficients of gates and the planner's constants.

    Attributes:
        product_start, product_factors: int64[products + 1] and int64[:, 4]; product k of one-qubit gates has the
            factors ``product_start[k]`` to ``product_start[k + 1]``: form, place, detail, and for the first of a
            product the parts that it is split into, see `numbers.split_unitary`.
        dense_start, dense_factors: the same of products on two qubits; the last column is the slot, see
            `numbers.add_factor`.
        terms: int64[:, 6], form, polynomial, two index bits (or one and -1), place and detail.
        sets: int64[:, 7], sets of rotations: first row, number of rows, first member and past the last, first
            coefficient, distance from row to row, and where to write what was left out so far, for a row that makes up
            for it, or -1.
        members: int64[:, 2], of the sets: position and product.
        writes: int64[:, 7], kind, first register, source, and what else the kind says, see `numbers.write_registers`.
        string_places: int64[:], where the cosine and sine of half the angle of each string of Z stand.
    """

    product_start: Integers
    product_factors: Integers
    dense_start: Integers
    dense_factors: Integers
    terms: Integers
    sets: Integers
    members: Integers
    writes: Integers
    string_places: Integers


class Products(NamedTuple):
    """What the products of gates are.

    Attributes:
        angles: float64[products, 2], of ``e^{iα} diag(1, e^{iβ}) R(θ) diag(1, e^{iγ})`` cosine (at least 0) and sine
            of θ.
        phases: complex128[products, 2], of the same e^{iγ} and e^{iβ}.
        matrices: complex128[:, 16], products on two qubits.
    """

    angles: Floats
    phases: Complex
    matrices: Complex


class Numbers(NamedTuple):
    """The rows of a plan and all that they refer to, at given parameter values.

    Attributes:
        operations: int64[:, 17], rows of `isa`, those of rotations filled in.
        registers: coefficients in the state's precision, aligned.
        constants, linear, pairs: polynomials of phases, complex128[d], [d, num_bits] and [d, num_bits, num_bits], by
            index bit, see `phases`.
        controls: int64[d], of each an index bit that must be set, or -1.
        strings: int64[:, 2], strings of Z: masks of positions in the block and of index bits outside.
        string_angles: float64[:], by which each string turns where its parity is even, in radians.
        factor: what sweeps leave out, a scale and a phase.
    """

    operations: Integers
    registers: Reals
    constants: Complex
    linear: Complex
    pairs: Complex
    controls: Integers
    strings: Integers
    string_angles: Floats
    factor: complex
