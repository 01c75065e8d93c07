"""Pauli sums to and from Qiskit's `SparsePauliOp` and Cirq's `PauliSum`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from qtoolkit._arguments import check_instance, items_of
from qtoolkit.circuit._checks import check_indices
from qtoolkit.errors import ConversionError
from qtoolkit.operators import PauliString, PauliSum

if TYPE_CHECKING:
    import cirq
    from qiskit.quantum_info import SparsePauliOp

__all__ = ["pauli_sum_from_cirq", "pauli_sum_from_qiskit", "pauli_sum_to_cirq", "pauli_sum_to_qiskit"]


def pauli_sum_from_qiskit(op: Any, qubits: Sequence[int] | None = None) -> PauliSum:
    """Convert a Qiskit `SparsePauliOp`, `SparseObservable`, `Pauli` or `PauliList`; qubit k stays qubit k.

    Terms keep their order; the strings of a `PauliList` are added up with coefficient 1.

    Args:
        op: what to convert.
        qubits: those to keep, where all others are in ``|0⟩``: strings with X or Y there are left out, having the mean
            0, and Z is 1 there. The k-th of them becomes qubit k. All qubits by default.

    Raises:
        ConversionError: if it is none of these, a coefficient has an unbound parameter, or it keeps more than
            62 qubits.
        CircuitError: if `qubits` repeats one or has another than its own.
    """
    from qiskit.quantum_info import Pauli, PauliList, SparseObservable, SparsePauliOp

    if isinstance(op, SparseObservable):
        op = SparsePauliOp.from_sparse_observable(op)
    elif isinstance(op, Pauli | PauliList):
        op = SparsePauliOp(op)
    elif not isinstance(op, SparsePauliOp):
        raise ConversionError(
            f"an operator from Qiskit must be a SparsePauliOp, SparseObservable, Pauli or PauliList, got "
            f"{type(op).__name__}; wrap a matrix in SparsePauliOp.from_operator"
        )
    if op.parameters:
        names = ", ".join(parameter.name for parameter in op.parameters)
        raise ConversionError(f"coefficients must be numbers, but {names} is free: call assign_parameters first")
    kept = range(op.num_qubits) if qubits is None else check_indices(qubits, op.num_qubits, "qubit")
    if len(kept) > PauliSum.max_qubits:
        raise ConversionError(f"a PauliSum holds at most {PauliSum.max_qubits} qubits, got {len(kept)}")
    chosen = ~np.delete(op.paulis.x, kept, axis=1).any(axis=1)
    bits = np.int64(1) << np.arange(len(kept), dtype=np.int64)
    x_masks, z_masks = (table[chosen][:, kept] @ bits for table in (op.paulis.x, op.paulis.z))
    return PauliSum(x_masks, z_masks, op.coeffs[chosen].astype(np.complex128), len(kept))


def pauli_sum_to_qiskit(op: PauliSum | PauliString) -> SparsePauliOp:
    """Convert to Qiskit's `SparsePauliOp`, terms in the same order; no term at all becomes 0 times the identity."""
    from qiskit.quantum_info import PauliList, SparsePauliOp

    total = _as_sum(op)
    if len(total) == 0:
        return SparsePauliOp("I" * total.num_qubits, 0.0)
    qubits = np.arange(total.num_qubits)
    x, z = (((masks[:, None] >> qubits) & 1).astype(bool) for masks in (total.x_masks, total.z_masks))
    return SparsePauliOp(PauliList.from_symplectic(z, x), total.coefficients.copy())


def pauli_sum_from_cirq(
    op: cirq.PauliSum | cirq.PauliString[Any], qubits: Sequence[cirq.Qid] | None = None
) -> PauliSum:
    """Convert a Cirq `PauliSum` or `PauliString`, where `qubits[k]` becomes qubit k.

    By default the qubits are those the operator acts on, sorted, as everywhere in Cirq. Idle qubits are unknown
    to Cirq's operators: name all qubits of the circuit to keep them.

    Raises:
        ConversionError: if it is neither, has a symbolic coefficient, acts on a qubit that `qubits` lacks, or
            acts on no qubit while `qubits` is not given.
        OperatorError: if there are more than 62 qubits.
    """
    import cirq as cirq_package

    if not isinstance(op, cirq_package.PauliSum | cirq_package.PauliString):
        raise ConversionError(f"an operator from Cirq must be a PauliSum or PauliString, got {type(op).__name__}")
    terms = [op] if isinstance(op, cirq_package.PauliString) else list(op)
    if qubits is None:
        qubits = sorted({qubit for term in terms for qubit in term.qubits})
    qubits = _checked_qubits(qubits)
    if not qubits:
        raise ConversionError("an operator without qubits needs the qubits of its register: give qubits=[...]")
    index = {qubit: position for position, qubit in enumerate(qubits)}
    if len(index) != len(qubits):
        raise ConversionError(f"qubits must be distinct, got {[str(qubit) for qubit in qubits]}")
    strings, coefficients = [], []
    for term in terms:
        unknown = [str(qubit) for qubit in term.qubits if qubit not in index]
        if unknown:
            raise ConversionError(f"every qubit of the operator must be among qubits, but {unknown} is not")
        if cirq_package.is_parameterized(term.coefficient):
            raise ConversionError(f"coefficients must be numbers, got {term.coefficient}: resolve parameters first")
        letters = {index[qubit]: str(pauli) for qubit, pauli in term.items()}
        strings.append(PauliString.from_sparse(letters, len(qubits)))
        coefficients.append(complex(term.coefficient))
    return PauliSum.from_strings(strings, coefficients, len(qubits))


def pauli_sum_to_cirq(op: PauliSum | PauliString, qubits: Sequence[cirq.Qid] | None = None) -> cirq.PauliSum:
    """Convert to Cirq's `PauliSum`, where qubit k becomes `qubits[k]`, by default `LineQubit(k)`.

    Equal strings are added up and zeros dropped, as Cirq's own sums do.

    Raises:
        ConversionError: if `qubits` does not name one distinct qubit for each of ours.
    """
    import cirq as cirq_package

    total = _as_sum(op)
    targets = _checked_qubits(cirq_package.LineQubit.range(total.num_qubits) if qubits is None else qubits)
    if len(targets) != total.num_qubits or len(set(targets)) != len(targets):
        raise ConversionError(
            f"qubits must name {total.num_qubits} distinct qubits, got {[str(qubit) for qubit in targets]}"
        )
    return cirq_package.PauliSum.from_pauli_strings(
        [
            cirq_package.PauliString({targets[qubit]: string.letter(qubit) for qubit in string.qubits}, coefficient)
            for string, coefficient in total
        ]
    )


def _as_sum(op: object) -> PauliSum:
    rule = "what is converted must be a PauliSum or a PauliString"
    return op.to_sum() if isinstance(op, PauliString) else check_instance(op, PauliSum, rule, ConversionError)


def _checked_qubits(qubits: Any) -> Sequence[cirq.Qid]:
    import cirq as cirq_package

    given: Sequence[Any] = items_of(qubits, "qubits must be a sequence of Cirq's qubits", ConversionError)
    for qubit in given:
        check_instance(qubit, cirq_package.Qid, "qubits must be Cirq's", ConversionError)
    return given
