"""From fermionic modes to qubits: one file per mapping, all of them linear encodings of the occupations.

Mode k is qubit k in Jordan-Wigner; in the others qubit k holds a sum of occupations modulo 2.
"""

from qtoolkit.operators.mappings.bravyi_kitaev import bravyi_kitaev, bravyi_kitaev_encoding
from qtoolkit.operators.mappings.jordan_wigner import jordan_wigner, jordan_wigner_encoding
from qtoolkit.operators.mappings.linear_encoding import LinearEncoding
from qtoolkit.operators.mappings.parity import parity, parity_encoding

__all__ = [
    "jordan_wigner",
    "parity",
    "bravyi_kitaev",
    "LinearEncoding",
    "jordan_wigner_encoding",
    "parity_encoding",
    "bravyi_kitaev_encoding",
]
