"""The arrays that the passes of the planner rearrange: nodes, each a gate or several merged into one, and factors.

A node is a row of int64; qubits are masks.

| column | of a node |
|---|---|
| KIND | what it does, one of `KINDS` |
| TARGETS | qubits that it is not diagonal in; a sweep that runs it holds all of them in its blocks |
| DIAGONAL | qubits that it is diagonal in: controls, the Z of a Pauli string, the qubits of a phase |
| ZEROS | those among the controls, of PHASE among the diagonal ones, that must be 0 |
| CONTROLS | those of DIAGONAL that are controls; of PHASE, where all are, and of PHASES none |
| Y | PAULI: targets whose letter is Y |
| FIRST, LAST | its gates in time order, the ends of a list of factors; -1 if it has none |
| EXTRA | WHOLE: the operation of the program; ROTATION: the number of the product; CARTAN: the row of its form |
| GATES | how many gates of the program it stands for |

A factor is a row of int64 as well.

| column | of a factor |
|---|---|
| FORM | what its coefficients mean, one of `qtoolkit_kernels.vector.numbers.FORMS` |
| PLACE | where they begin; of *_ROTATION the number of the product, of PERMUTE the beginning of its table |
| QUBIT, OTHER | the qubits of the small matrix, lowest bit first, -1 for one that it lacks |
| DETAIL | PHASE_*, CONTROLLED_*: the values of its qubits that it acts on; PAULI_*: the letters |
| NEXT | the factor that follows it in its node, -1 if none does |

QUBIT and OTHER of MATRIX, TABLE and PERMUTE say where the list of their qubits begins in `operands`, and how many they
are. In DETAIL, bit j is the value of qubit j, of CONTROLLED_* the last qubit's alone; of PAULI_*, bit 2j is the x and
bit 2j + 1 the z of qubit j.
"""

from qtoolkit_kernels._jit import njit
from qtoolkit_kernels._types import Integers

__all__ = [
    "CARTAN", "CONTROLS", "DENSE", "DETAIL", "DIAGONAL", "EXCHANGE", "EXTRA", "FACTOR_COLUMNS", "FIRST", "FORM",
    "FORM_COLUMNS", "GATES", "IS_TANGENT", "FLIPS", "FORM_NUMBERS", "KIND", "KINDS", "LAST", "LOCAL", "MATRIX", "NEXT",
    "NODE_COLUMNS", "OTHER", "PAULI", "PERMUTE", "PHASE", "PHASES", "PLACE", "QUBIT", "ROTATION", "SWAP", "TABLE",
    "TARGETS", "WHOLE", "Y", "ZEROS", "close_gaps", "copy_node",
    "set_factor", "set_node",
]  # fmt: skip

NODE_COLUMNS = 10
KIND, TARGETS, DIAGONAL, ZEROS, CONTROLS, Y, FIRST, LAST, EXTRA, GATES = range(NODE_COLUMNS)

FACTOR_COLUMNS = 6
FORM, PLACE, QUBIT, OTHER, DETAIL, NEXT = range(FACTOR_COLUMNS)

KINDS = (
    "LOCAL", "DENSE", "PHASES", "PHASE", "EXCHANGE", "SWAP", "PAULI", "WHOLE", "ROTATION", "MATRIX", "TABLE", "PERMUTE",
    "CARTAN",
)  # fmt: skip
"""Names of what nodes do, by number."""

(
    LOCAL, DENSE, PHASES, PHASE, EXCHANGE, SWAP, PAULI, WHOLE, ROTATION, MATRIX, TABLE, PERMUTE, CARTAN,
) = range(len(KINDS))  # fmt: skip

FORM_COLUMNS = 22
IS_TANGENT, FLIPS, FORM_NUMBERS = range(3)
"""Of the form of a CARTAN, a row of float64: whether it is one by tangents, which of its bits are taken the other way
round, and then its numbers as `qtoolkit_kernels.vector.cartan` reads them."""


@njit
def set_node(
    nodes: Integers, place: int, kind: int, targets: int, diagonal: int, factor: int = -1, gates: int = 1
) -> None:
    """Write a node with at most one factor and without controls."""
    row = nodes[place]
    row[KIND], row[TARGETS], row[DIAGONAL] = kind, targets, diagonal
    row[ZEROS] = row[CONTROLS] = row[Y] = 0
    row[FIRST] = row[LAST] = factor
    row[EXTRA], row[GATES] = -1, gates


@njit
def set_factor(
    factors: Integers, place: int, form: int, coefficient: int, qubit: int, other: int = -1, detail: int = 0
) -> None:
    """Write a factor that nothing follows."""
    row = factors[place]
    row[FORM], row[PLACE], row[QUBIT], row[OTHER], row[DETAIL], row[NEXT] = (
        form, coefficient, qubit, other, detail, -1,
    )  # fmt: skip


@njit
def copy_node(row: Integers, out: Integers) -> None:
    """Write a node to another row."""
    for column in range(NODE_COLUMNS):
        out[column] = row[column]


@njit
def close_gaps(nodes: Integers) -> int:
    """Move nodes to the beginning, those of a negative kind left out; how many there are then."""
    count = 0
    for k in range(nodes.shape[0]):
        if nodes[k, KIND] >= 0:
            copy_node(nodes[k], nodes[count])
            count += 1
    return count
