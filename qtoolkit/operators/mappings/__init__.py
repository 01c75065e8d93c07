"""From fermionic modes to qubits: one file per mapping, all of which make basis states of determinants.

Mode k is qubit k in Jordan-Wigner; in the others a mode is a sum modulo 2 of qubits.
"""

from qtoolkit.operators.mappings.bravyi_kitaev import bravyi_kitaev, bravyi_kitaev_encoding
from qtoolkit.operators.mappings.fermion_mapping import FermionMapping
from qtoolkit.operators.mappings.jordan_wigner import jordan_wigner, jordan_wigner_encoding
from qtoolkit.operators.mappings.linear_encoding import LinearEncoding
from qtoolkit.operators.mappings.names import fermion_mapping
from qtoolkit.operators.mappings.parity import parity, parity_encoding, reduced_parity_mapping
from qtoolkit.operators.mappings.ternary_tree import ternary_tree, ternary_tree_mapping

__all__ = [
    "fermion_mapping",
    "jordan_wigner",
    "parity",
    "bravyi_kitaev",
    "ternary_tree",
    "FermionMapping",
    "LinearEncoding",
    "jordan_wigner_encoding",
    "parity_encoding",
    "reduced_parity_mapping",
    "bravyi_kitaev_encoding",
    "ternary_tree_mapping",
]
