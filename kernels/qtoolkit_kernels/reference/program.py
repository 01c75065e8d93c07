"""Twin of the program runner: one twin after the other."""

from qtoolkit_kernels._types import Complex, Integers
from qtoolkit_kernels.program import COMPLETE_XY, DIAGONAL, PAULI_ROTATION, PERMUTATION
from qtoolkit_kernels.reference.dense import apply_kq
from qtoolkit_kernels.reference.diagonal import apply_diagonal
from qtoolkit_kernels.reference.exchange import apply_complete_xy
from qtoolkit_kernels.reference.pauli import apply_pauli_rotation
from qtoolkit_kernels.reference.permutation import apply_permutation

__all__ = ["run_operation", "run_program"]


def run_program(
    state: Complex,
    opcodes: Integers,
    qubits: Integers,
    qubit_start: Integers,
    control_masks: Integers,
    control_values: Integers,
    coefficients: Complex,
    coefficient_start: Integers,
    table: Integers,
    table_start: Integers,
    first: int,
    last: int,
) -> None:
    """Run operations `first <= i < last` on `state` in place; the arrays are those of the kernel's module."""
    for i in range(first, last):
        targets = qubits[qubit_start[i] : qubit_start[i + 1]]
        weights = coefficients[coefficient_start[i] : coefficient_start[i + 1]]
        images = table[table_start[i] : table_start[i + 1]]
        control = int(control_masks[i]), int(control_values[i])
        opcode = opcodes[i]
        if opcode == DIAGONAL:
            apply_diagonal(state, targets, weights, *control)
        elif opcode == PERMUTATION:
            apply_permutation(state, targets, images, *control)
        elif opcode == PAULI_ROTATION:
            cosine, sine = weights.real
            apply_pauli_rotation(state, int(images[0]), int(images[1]), float(cosine), float(sine), *control)
        elif opcode == COMPLETE_XY:
            apply_complete_xy(state, targets, float(weights[0].real), float(weights[1].real), *control)
        else:
            apply_kq(state, weights, targets, *control)


def run_operation(
    state: Complex,
    opcodes: Integers,
    qubits: Integers,
    qubit_start: Integers,
    control_masks: Integers,
    control_values: Integers,
    coefficients: Complex,
    coefficient_start: Integers,
    table: Integers,
    table_start: Integers,
    i: int,
    _turns: Integers,
    _thread: int,
) -> None:
    """Run operation `i`."""
    run_program(
        state,
        opcodes,
        qubits,
        qubit_start,
        control_masks,
        control_values,
        coefficients,
        coefficient_start,
        table,
        table_start,
        i,
        i + 1,
    )
