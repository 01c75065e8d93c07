"""Twin of `qtoolkit_kernels.fermion.coupling`: one dense matrix for each move."""

import numpy as np

from qtoolkit_kernels._types import Floats, Integers
from qtoolkit_kernels.fermion.coupling import Coupling
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["add_coupling"]


def add_coupling(
    out: Floats,
    state: Floats,
    _lanes: Lanes,
    _register: int,
    parts: int,
    coupling: Coupling,
    _strings_per_block: int,
    _images: Floats,
    _panels: Floats,
    _progress: Integers,
    _thread: int,
) -> None:
    """Add Σ V_kr A_k B_r on the state to `out`."""
    values = coupling.values
    amplitudes = state.view(np.complex128) if parts == 2 else state
    image = out.view(np.complex128) if parts == 2 else out
    alpha = np.zeros((len(values), len(state), len(state)))
    for p, move in enumerate(coupling.occupied_moves):
        if move >= 0:
            alpha[move] += np.diag((coupling.alpha_strings >> p & 1).astype(float))
    for target, starts in enumerate(coupling.source_start):
        for source, signed in coupling.sources[starts[0] : starts[-1]]:
            alpha[abs(signed) - 1, target, source] += np.sign(signed)
    beta = np.zeros((values.shape[1], amplitudes.shape[1], amplitudes.shape[1]))
    for source, (first, split, end) in enumerate(coupling.target_start):
        for entry in range(first, end):
            target, column = coupling.targets[entry]
            beta[column, source, target] += 1.0 if entry < split else -1.0
    for k, r in np.argwhere(values):
        image += values[k, r] * (alpha[k] @ amplitudes @ beta[r])
