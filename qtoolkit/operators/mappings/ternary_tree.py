"""The ternary-tree mapping: Majorana operators are paths in a tree of qubits with three children each."""

from __future__ import annotations

from qtoolkit.operators._types import DEFAULT_ATOL, MAX_SUM_QUBITS, check_num_qubits
from qtoolkit.operators.mappings.fermion_mapping import FermionMapping, Fermions, modes_of
from qtoolkit.operators.pauli_string import PauliString
from qtoolkit.operators.pauli_sum import PauliSum

__all__ = ["ternary_tree", "ternary_tree_mapping"]


def ternary_tree_mapping(num_modes: int) -> FermionMapping:
    """Return the mapping whose Majorana operators have weight at most ⌈log₃(2 num_modes + 1)⌉.

    No mapping has weights of less than log₃(2 num_modes) on average.
    Qubit k has the children 3k + 1, 3k + 2 and 3k + 3 below its letters X, Y and Z; a path from the root to a leaf is
    a string, and all 2n + 1 paths anticommute (Jiang, Kalev, Mruczkiewicz and Neven, Quantum 4, 276 (2020)). Mode k
    takes the two paths that leave qubit k by X and by Y and go on by Z, so that their product has letters Z only: the
    empty state is ``|0...0⟩`` and determinants are basis states (Miller, Zimborás, Knecht, Maniscalco and
    García-Pérez, PRX Quantum 4, 030314 (2023)). The path of all Z is left over.

    Raises:
        OperatorError: if `num_modes` is not in [1, 62].
    """
    num_modes = check_num_qubits(num_modes, MAX_SUM_QUBITS)
    to_node: list[dict[int, str]] = [{}]
    for node in range(1, num_modes):
        above, place = divmod(node - 1, 3)
        to_node.append({**to_node[above], above: "XYZ"[place]})
    strings = []
    for node in range(num_modes):
        for letter, below in (("X", 3 * node + 1), ("Y", 3 * node + 2)):
            path = {**to_node[node], node: letter}
            while below < num_modes:
                path[below] = "Z"
                below = 3 * below + 3
            strings.append(PauliString.from_sparse(path, num_modes))
    return FermionMapping(strings, "ternary_tree")


def ternary_tree(fermions: Fermions, num_modes: int | None = None, *, atol: float = DEFAULT_ATOL) -> PauliSum:
    """Map Majorana operators to strings of weight ⌈log₃(2 num_modes + 1)⌉ at most.

    Jiang, Kalev, Mruczkiewicz and Neven, Quantum 4, 276 (2020), with the paths paired as in `ternary_tree_mapping`.

    Args:
        fermions: the operator, a `FermionOperator` or an `ElectronicHamiltonian`.
        num_modes: number of modes and qubits, by default one more than the highest mode in use.
        atol: coefficients of at most this magnitude are left out.

    Raises:
        OperatorError: if `num_modes` is too small, above 62, or missing for a constant.
        InsufficientMemoryError: if the strings do not fit.
    """
    return ternary_tree_mapping(modes_of(fermions, num_modes)).map(fermions, atol=atol)
