"""Twin of the sweeps taken back: blocks by index arrays, on two whole states."""

import numpy as np

from qtoolkit_kernels._types import Floats, Integers, Reals
from qtoolkit_kernels.reference.vector.adjoint.block import turn_back_block
from qtoolkit_kernels.reference.vector.block import Rows
from qtoolkit_kernels.reference.vector.sweep import amplitudes, blocks_of
from qtoolkit_kernels.vector.adjoint.plan import Sought
from qtoolkit_kernels.vector.cut import Cut
from qtoolkit_kernels.vector.plan import Numbers
from qtoolkit_kernels.vector.sweep import COMPLEX

__all__ = ["turn_back_sweeps"]


def turn_back_sweeps(
    ket: Reals,
    bra: Reals,
    cut: Cut,
    bits: Integers,
    operation_start: Integers,
    first_row: int,
    numbers: Numbers,
    sought: Sought,
    keep: bool,
    sums: Floats,
) -> None:
    """Take back all sweeps from the last one down to row `first_row`; with `keep` the states are written back.

    Arguments are those of the kernel. Each group of blocks has its row of `sums`.
    """
    lanes = cut.lanes.nbytes // numbers.registers.itemsize
    states = [amplitudes(reals, lanes, COMPLEX) for reals in (ket, bra)]
    per_group = (states[0].size >> cut.block_bits) // sums.shape[0]
    for s in range(bits.shape[0] - 1, -1, -1):
        first, stop = operation_start[s], operation_start[s + 1]
        own, with_end = slice(first, stop), slice(first, stop + 1)
        own_sought = sought._replace(
            collect=sought.collect[own],
            scales=sought.scales[own],
            probe_start=sought.probe_start[with_end],
            wanted_start=sought.wanted_start[with_end],
        )
        for number, (outer, chosen) in enumerate(blocks_of(states[0].size, cut.block_bits, bits[s])):
            ket_block, bra_block = (state[chosen] for state in states)
            turn_back_block(
                ket_block,
                bra_block,
                max(first_row - first, 0),
                numbers.operations[own],
                Rows(lanes, numbers, bits[s], outer),
                own_sought,
                sums[number // per_group],
            )
            for state, block in zip(states, (ket_block, bra_block), strict=True):
                state[chosen] = block
    if keep:
        for reals, state in zip((ket, bra), states, strict=True):
            reals[:] = (numbers.factor * state).view(np.float64)
