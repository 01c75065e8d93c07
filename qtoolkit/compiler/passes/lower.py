"""Gates of a program as nodes of the few kinds that the vector kernels know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qtoolkit._masks import bits_of
from qtoolkit.compiler.nodes import Factor, Form, Kind, Node
from qtoolkit.compiler.program import Opcode, Program

__all__ = ["PLANNER_CONSTANTS", "S_PLACE", "lower"]

PLANNER_CONSTANTS: NDArray[np.complex128] = np.array([0, 1, 1, 0, 1, 1j, 1, -1j], np.complex128)
"""What nodes use beside the program's coefficients, and behind them: the matrix of X, the diagonals of S and S†."""

S_PLACE = 4
"""Where S stands among the constants."""

SWAP_TABLE = (0, 2, 1, 3)

MOST_MATRIX_TARGETS, MOST_TABLE_TARGETS, MOST_PERMUTED = 5, 14, 10
"""Gates on more qubits run on the whole state."""


def lower(program: Program, probes: Sequence[NDArray[np.complex128]] = (), most_targets: int = 62) -> list[Node]:
    """Turn every gate into one node or a few; nothing is merged yet.

    Args:
        program: the gates.
        probes: its coefficients at generic parameter values; entries that are 1 in all of them are taken to be always.
            Without any, those that no parameter changes are looked at.
        most_targets: qubits that a matrix or a permutation may act on, lest they don't fit into a block.
    """
    nodes: list[Node] = []
    is_one = np.all([probe == 1.0 for probe in probes or (program.constant_coefficients,)], axis=0)
    pauli_x = Factor(Form.MATRIX_1Q, program.constant_coefficients.size, (), 0)
    for i in range(program.num_operations):
        targets = tuple(program.qubits[program.qubit_start[i] : program.qubit_start[i + 1]].tolist())
        mask, value = int(program.control_masks[i]), int(program.control_values[i])
        controls = tuple(bits_of(mask))
        place = int(program.coefficient_start[i])
        gate = _Gate(program, i, targets, controls, mask & ~value, place, pauli_x, is_one, most_targets)
        found = _LOWERINGS[Opcode(int(program.opcodes[i]))](gate)
        nodes += [Node(Kind.WHOLE, targets=targets + controls, operation=i)] if found is None else found
    return nodes


class _Gate:
    """One operation of the program, taken apart."""

    def __init__(
        self,
        program: Program,
        index: int,
        targets: tuple[int, ...],
        controls: tuple[int, ...],
        zeros: int,
        place: int,
        pauli_x: Factor,
        is_one: NDArray[np.bool_],
        most_targets: int,
    ) -> None:
        self.targets = targets
        self.controls = controls
        self.zeros = zeros
        self.place = place
        self.table = program.table[program.table_start[index] : program.table_start[index + 1]].tolist()
        self.pauli_x = pauli_x
        self.is_one = is_one
        self.most_targets = most_targets

    def value_of(self, qubit: int) -> int:
        """The value that a control must have."""
        return 1 - (self.zeros >> qubit & 1)


def _dense_1q(gate: _Gate) -> list[Node] | None:
    if not gate.controls:
        return [Node(Kind.LOCAL, gate.targets, factors=[Factor(Form.MATRIX_1Q, gate.place, gate.targets)])]
    if len(gate.controls) == 1:
        qubits = gate.targets + gate.controls
        factor = Factor(Form.CONTROLLED_MATRIX, gate.place, qubits, gate.value_of(gate.controls[0]))
        return [Node(Kind.DENSE, qubits, factors=[factor])]
    return _matrix(gate)


def _dense_2q(gate: _Gate) -> list[Node] | None:
    if gate.controls:
        return _matrix(gate)
    return [Node(Kind.DENSE, gate.targets, factors=[Factor(Form.MATRIX_2Q, gate.place, gate.targets)])]


def _matrix(gate: _Gate) -> list[Node] | None:
    if len(gate.targets) > min(gate.most_targets, MOST_MATRIX_TARGETS):
        return None
    form = Form.MATRIX_1Q if len(gate.targets) == 1 else Form.MATRIX_2Q
    factor = Factor(form, gate.place, gate.targets)
    return [Node(Kind.MATRIX, gate.targets, gate.controls, [factor], gate.zeros, gate.controls)]


def _diagonal(gate: _Gate) -> list[Node] | None:
    qubits = gate.targets + gate.controls
    controls = sum(gate.value_of(q) << len(gate.targets) + k for k, q in enumerate(gate.controls))
    entries = [k for k in range(1 << len(gate.targets)) if not gate.is_one[gate.place + k]]
    if len(gate.targets) > MOST_TABLE_TARGETS:
        return None
    if len(gate.targets) > 2 and len(entries) > 1:
        factor = Factor(Form.DIAGONAL_2Q, gate.place, gate.targets)
        return [Node(Kind.TABLE, (), qubits, [factor], gate.zeros, gate.controls)]
    if len(qubits) > 2 or len(entries) <= 1:
        phases = [_phase(gate.place + k, qubits, k | controls) for k in entries]
        return phases[:1] + [replace(phase, operations=0) for phase in phases[1:]]
    match len(gate.targets), len(gate.controls):
        case 1, 0:
            return [_phases(Form.DIAGONAL_1Q, gate.place, qubits)]
        case 2, 0:
            return [_phases(Form.DIAGONAL_2Q, gate.place, qubits)]
        case 1, 1:
            return [_phases(Form.CONTROLLED_DIAGONAL, gate.place, qubits, gate.value_of(qubits[1]))]
    return None


def _phases(form: Form, place: int, qubits: tuple[int, ...], detail: int = 0) -> Node:
    return Node(Kind.PHASES, diagonal=qubits, factors=[Factor(form, place, qubits, detail)])


def _phase(place: int, qubits: tuple[int, ...], values: int) -> Node:
    """One phase where the qubits have these values, the first in the lowest bit."""
    if len(qubits) <= 2:
        return _phases(Form.PHASE_1Q if len(qubits) == 1 else Form.PHASE_2Q, place, qubits, values)
    zeros = sum(1 << q for k, q in enumerate(qubits) if not values >> k & 1)
    return Node(Kind.PHASE, diagonal=qubits, factors=[Factor(Form.PHASE_1Q, place, ())], zeros=zeros)


def _permutation(gate: _Gate) -> list[Node] | None:
    if len(gate.targets) == 1 and gate.table == [1, 0]:
        return [_exchange(gate, gate.targets[0], gate.controls)]
    if gate.table == list(SWAP_TABLE) and not gate.controls:
        return [Node(Kind.SWAP, gate.targets)]
    if gate.table == list(SWAP_TABLE):
        first, second = gate.targets
        outside = replace(_exchange(gate, first, (second,)), operations=0)
        return [outside, _exchange(gate, second, (*gate.controls, first)), outside]
    if len(gate.targets) > MOST_PERMUTED:
        return None
    changed = 0
    for before, after in enumerate(gate.table):
        changed |= before ^ after
    moved = tuple(q for k, q in enumerate(gate.targets) if changed >> k & 1)
    if len(moved) > gate.most_targets:
        return None
    kept = tuple(q for q in gate.targets if q not in moved)
    factor = Factor(Form.MATRIX_2Q, -1, gate.targets)
    return [
        Node(Kind.PERMUTE, moved, kept + gate.controls, [factor], gate.zeros, gate.controls, table=tuple(gate.table))
    ]


def _exchange(gate: _Gate, target: int, controls: tuple[int, ...]) -> Node:
    if not controls:
        return Node(Kind.LOCAL, (target,), factors=[gate.pauli_x._replace(qubits=(target,))])
    zeros = gate.zeros & sum(1 << q for q in controls)
    return Node(Kind.EXCHANGE, (target,), controls, zeros=zeros, controls=controls)


def _pauli_rotation(gate: _Gate) -> list[Node]:
    x_mask, z_mask = gate.table
    x = bits_of(x_mask)
    z_only = bits_of(z_mask & ~x_mask)
    if not gate.controls and not x and 1 <= len(z_only) <= 2:
        form, letters = (Form.PAULI_1Q, 0b10) if len(z_only) == 1 else (Form.PAULI_2Q, 0b1010)
        return [_phases(form, gate.place, tuple(z_only), letters)]
    if not gate.controls and x and len(x) + len(z_only) <= 2:
        qubits = tuple(bits_of(x_mask | z_mask))
        detail = sum((x_mask >> q & 1 | (z_mask >> q & 1) << 1) << 2 * j for j, q in enumerate(qubits))
        if len(qubits) == 1:
            return [Node(Kind.LOCAL, qubits, factors=[Factor(Form.PAULI_1Q, gate.place, qubits, detail)])]
        return [_pauli(gate, x, z_only, x_mask & z_mask, Factor(Form.PAULI_2Q, gate.place, qubits, detail))]
    return [_pauli(gate, x, z_only, x_mask & z_mask, Factor(Form.PAULI_1Q, gate.place, ()))]


def _pauli(gate: _Gate, x: list[int], z_only: list[int], y_mask: int, factor: Factor) -> Node:
    return Node(
        Kind.PAULI,
        targets=tuple(x),
        diagonal=(*z_only, *gate.controls),
        factors=[factor],
        zeros=gate.zeros,
        controls=gate.controls,
        y=tuple(bits_of(y_mask)),
    )


_LOWERINGS: dict[Opcode, Callable[[_Gate], list[Node] | None]] = {
    Opcode.DENSE_1Q: _dense_1q,
    Opcode.DENSE_2Q: _dense_2q,
    Opcode.DENSE_KQ: _matrix,
    Opcode.DIAGONAL: _diagonal,
    Opcode.PERMUTATION: _permutation,
    Opcode.PAULI_ROTATION: _pauli_rotation,
}
