"""A decoder called in the middle of a circuit: classical bits in, classical bits out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import MOST_ITEMS, check_callable, shown
from qtoolkit.circuit._checks import check_count
from qtoolkit.circuit.gate import Instruction
from qtoolkit.errors import CircuitError

__all__ = ["Decode"]


class Decode(Instruction):
    """Replace classical bits by what a function makes of other ones.

    It stands on `num_in` classical bits that are read, followed by `num_out` that are written.

    Args:
        function: takes bool of shape ``(shots, num_in)`` and returns bool of shape ``(shots, num_out)``, or integers
            0 and 1; the ``decode_batch`` of a compiled decoder is such a function. Rows are independent of each other:
            it may be called for all shots at once or for some of them. It must give equal rows for equal ones, as shots
            that share their past are decoded once.
        num_in, num_out: at least 1.

    Raises:
        CircuitError: if the function cannot be called, or a number is below 1.
    """

    name = "decode"
    num_qubits = 0

    def __init__(self, function: Callable[[NDArray[np.bool_]], Any], num_in: int, num_out: int) -> None:
        check_callable(function, "a decoder's decode_batch", CircuitError)
        self.function = function
        self.num_in = check_count(num_in, "num_in", 1, MOST_ITEMS)
        self.num_out = check_count(num_out, "num_out", 1, MOST_ITEMS)
        self.num_clbits = self.num_in + self.num_out

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decode) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.num_in, self.num_out))

    def _key(self) -> tuple[object, int, int]:
        return self.function, self.num_in, self.num_out

    def __repr__(self) -> str:
        return f"Decode({shown(self.function)}, {self.num_in}, {self.num_out})"

    def __call__(self, bits: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Decode shots.

        Args:
            bits: bool of shape ``(shots, num_in)``; the function gets a copy.

        Returns:
            bool of shape ``(shots, num_out)``.

        Raises:
            CircuitError: if the function returns another shape, or what are no bits.
        """
        found = self.function(bits.copy())
        wanted = len(bits), self.num_out
        array = found if isinstance(found, np.ndarray) else None
        if array is None or array.shape != wanted:
            got = shown(found) if array is None else f"shape {array.shape}"
            raise CircuitError(f"decode_batch must return an array of shape (shots, num_out), here {wanted}, got {got}")
        if array.dtype == np.bool_:
            return array
        if array.dtype.kind not in "iu" or not ((array == 0) | (array == 1)).all():
            raise CircuitError(f"decode_batch must return truth values, or integers 0 and 1, got dtype {array.dtype}")
        return array.astype(np.bool_)
