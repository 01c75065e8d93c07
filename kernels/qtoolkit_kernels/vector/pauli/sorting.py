"""Pauli strings sorted: by sum, real and imaginary weights, x mask and z mask, with equal ones added up."""

from qtoolkit_kernels._bits import count_bits
from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Complex, Floats, Integers
from qtoolkit_kernels.vector.pauli import sizes as place

__all__ = ["sort_by_keys", "sort_terms"]


@njit
def _is_before(keys: Integers, a: int, b: int) -> bool:
    for k in range(3):
        if keys[k, a] != keys[k, b]:
            return bool(keys[k, a] < keys[k, b])
    return False


@njit
def sort_by_keys(scratch: Integers, count: int) -> None:
    """Order columns by their first three entries, the first one first; equal columns stay in order.

    Merge sort in n log n steps, or n where all are sorted.

    Args:
        scratch: int64[at least 5, at least count]; its row ORDER receives the numbers of columns, SPARE is written to.
        count: how many columns there are.
    """
    order, spare = scratch[place.ORDER], scratch[place.SPARE]
    for k in range(count):
        order[k] = k
    width = 1
    while width < count:
        for start in range(0, count - width, 2 * width):
            left, middle = start, start + width
            right, end = middle, min(middle + width, count)
            if _is_before(scratch, order[middle], order[middle - 1]):
                for k in range(start, end):
                    if right == end or (left < middle and not _is_before(scratch, order[right], order[left])):
                        spare[k] = order[left]
                        left += 1
                    else:
                        spare[k] = order[right]
                        right += 1
                for k in range(start, end):
                    order[k] = spare[k]
        width *= 2


@njit
def sort_terms(terms: Integers, coefficients: Complex, sizes: Integers, ints: Integers, reals: Floats) -> None:
    """Split coefficients into the real and imaginary parts of weights, sort these, and add up those of equal strings.

    What adds up to zero is left out.

    Args:
        terms: int64[3, terms], the sum, the x mask and the z mask of each string.
        coefficients: complex128[terms]; of real ones only the real part counts where pairs are halved.
        sizes: receives the number of sorted terms.
        ints, reals: scratch, which receives them in its rows SORTED.
    """
    count = 0
    for t in range(coefficients.size):
        power = count_bits(terms[1, t] & terms[2, t]) & 3
        real, imag = coefficients[t].real, 0.0 if sizes[place.HALVED] else coefficients[t].imag
        if power & 1:
            real, imag = imag, -real
        if power & 2:
            real, imag = -real, -imag
        for part in range(2):
            value = imag if part else real
            if value != 0.0:
                ints[place.KEYS, count] = 2 * terms[0, t] + part
                ints[place.KEYS + 1, count] = terms[1, t]
                ints[place.KEYS + 2, count] = terms[2, t]
                reals[place.VALUES, count] = value
                count += 1
    sort_by_keys(ints, count)
    last = -1
    for k in range(count):
        t = ints[place.ORDER, k]
        head, x, z = ints[place.KEYS, t], ints[place.KEYS + 1, t], ints[place.KEYS + 2, t]
        if (
            last >= 0
            and ints[place.SORTED_Z, last] == z
            and ints[place.SORTED_X, last] == x
            and ints[place.SORTED_HEADS, last] == head
        ):
            reals[place.SORTED_VALUES, last] += reals[place.VALUES, t]
        else:
            if last < 0 or reals[place.SORTED_VALUES, last] != 0.0:
                last += 1
            ints[place.SORTED_HEADS, last], ints[place.SORTED_X, last], ints[place.SORTED_Z, last] = head, x, z
            reals[place.SORTED_VALUES, last] = reals[place.VALUES, t]
    if last >= 0 and reals[place.SORTED_VALUES, last] == 0.0:
        last -= 1
    sizes[place.NUM_TERMS] = last + 1
