"""Twin of `qtoolkit_kernels.fermion.ladders`: one dense matrix for each spin and orbital."""

import numpy as np

from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.fermion.ladders import Ladders

__all__ = ["apply_ladders"]


def apply_ladders(
    out: Floats, state: Floats, parts: int, ladders: Ladders, _blocks: int, _progress: Integers, _thread: int
) -> None:
    """Write Σ_p A_p B_p on a state to `out`."""
    before = state.view(np.complex128) if parts == 2 else state
    after = out.view(np.complex128) if parts == 2 else out
    after[:] = 0.0
    target = np.repeat(np.arange(len(after)), np.diff(ladders.row_start))
    for p, (first, split, end) in enumerate(ladders.column_start):
        alpha = np.zeros((len(after), len(before)))
        chosen = ladders.rows[:, 1] == p
        alpha[target[chosen], ladders.rows[chosen, 0]] = ladders.rows[chosen, 2]
        beta = np.zeros((before.shape[1], after.shape[1]))
        for begin, last, sign in ((first, split, 1.0), (split, end, -1.0)):
            source, column = ladders.columns[begin:last].T
            beta[source, column] = sign
        after += alpha @ before @ beta
