"""Readout errors: bits that a measurement has found and reports otherwise."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from qtoolkit._arguments import real_numbers_of
from qtoolkit.circuit.gate import Instruction, array_hash
from qtoolkit.errors import CircuitError

__all__ = ["ReadoutError"]

MOST_CLBITS = 10
ROW_TOLERANCE = 1e-8


class ReadoutError(Instruction):
    """Changes recorded classical bits at random, as a faulty readout does.

    Args:
        confusion: ``confusion[true, read]`` is the probability to read one value where another is true; shape
            ``(2**k, 2**k)`` on k bits, 1 to 10, the first bit lowest. Of more bits than one it may be correlated.

    Attributes:
        confusion: the same, float64, read-only, each row divided by its sum.

    Raises:
        CircuitError: if the shape is none of those, an entry is not in [0, 1], or a row does not add up to 1 to 1e-8.
    """

    name = "readout_error"
    num_qubits = 0

    def __init__(self, confusion: ArrayLike) -> None:
        matrix = real_numbers_of(confusion, "confusion", CircuitError).copy()
        side = matrix.shape[0] if matrix.ndim else 0
        if matrix.shape != (side, side) or side & (side - 1) or not 1 < side <= 1 << MOST_CLBITS:
            raise CircuitError(
                f"confusion must be square, its side a power of two from 2 to {1 << MOST_CLBITS}, got shape "
                f"{matrix.shape}"
            )
        if not ((matrix >= 0.0) & (matrix <= 1.0 + ROW_TOLERANCE)).all():
            raise CircuitError(f"confusion must hold probabilities, got {matrix.min():.6g} to {matrix.max():.6g}")
        sums = matrix.sum(axis=1)
        worst = int(np.abs(sums - 1.0).argmax())
        if abs(sums[worst] - 1.0) > ROW_TOLERANCE:
            raise CircuitError(
                f"each row of confusion, that of one true value, must add up to 1 to {ROW_TOLERANCE:g}, got "
                f"{sums[worst]:.10g} in row {worst}; rows are true values, columns those that are read"
            )
        matrix /= sums[:, None]
        matrix.setflags(write=False)
        self.confusion = matrix
        self.num_clbits = side.bit_length() - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReadoutError) and np.array_equal(self.confusion, other.confusion)

    def __hash__(self) -> int:
        return array_hash(self.confusion)

    def __repr__(self) -> str:
        shown = self.confusion.tolist() if self.num_clbits == 1 else f"on {self.num_clbits} bits"
        return f"ReadoutError({shown})"

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self.confusion.setflags(write=False)

    @property
    def flips(self) -> tuple[float, float]:
        """Of one bit: the probabilities to read 1 where 0 is true, and 0 where 1 is true.

        Raises:
            CircuitError: if it is on several bits.
        """
        if self.num_clbits != 1:
            raise CircuitError(f"flips are those of a readout error on one bit, got one on {self.num_clbits}")
        return float(self.confusion[0, 1]), float(self.confusion[1, 0])
