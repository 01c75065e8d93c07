"""Sums of registers, of a register and a constant, and of weighted bits."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qtoolkit._arguments import check_flag, check_integer, items_of
from qtoolkit.circuit.circuit import Circuit
from qtoolkit.circuit.library.fourier import fourier_transform
from qtoolkit.errors import InputError

__all__ = ["constant_adder", "fourier_adder", "ripple_adder", "weighted_sum"]

_MOST_QUBITS = 1000
"""Of a register in the adders by phases: a turn over 2^1024 is no number any more."""

_MOST_RIPPLE_QUBITS = 1 << 16


def ripple_adder(num_qubits: int, *, carry: bool = True) -> Circuit:
    """``|a⟩|b⟩ → |a⟩|a + b⟩`` by carries from bit to bit: 2n Toffoli gates and one ancilla.

    Qubits 0 to n - 1 hold a, n to 2n - 1 hold b and then the sum's lower bits, 2n the carry, flipped where
    ``a + b ≥ 2^n``, and the last one is the ancilla, in 0 before and after.

    Source: Cuccaro, Draper, Kutin and Moulton, arXiv:quant-ph/0410184, section 2.

    Args:
        num_qubits: n, of each register.
        carry: whether there is the qubit for the carry; without, the sum is taken modulo 2^n.

    Raises:
        InputError: if there is no qubit, or more than 65,536.
    """
    size = check_integer(num_qubits, "num_qubits", 1, _MOST_RIPPLE_QUBITS)
    has_carry = check_flag(carry, "carry")
    circuit = Circuit(2 * size + 1 + has_carry, name=f"ripple adder({size})")
    first, second, ancilla = range(size), range(size, 2 * size), circuit.num_qubits - 1
    carries = (ancilla, *first)
    for j in range(size):
        circuit.cx(first[j], second[j]).cx(first[j], carries[j]).ccx(carries[j], second[j], first[j])
    if has_carry:
        circuit.cx(first[-1], 2 * size)
    for j in reversed(range(size)):
        circuit.ccx(carries[j], second[j], first[j]).cx(first[j], carries[j]).cx(carries[j], second[j])
    return circuit


def fourier_adder(num_qubits: int, num_sum_qubits: int | None = None) -> Circuit:
    """``|a⟩|b⟩ → |a⟩|a + b mod 2^m⟩`` by phases between two Fourier transforms, without ancillas.

    Qubits 0 to n - 1 hold a, the m qubits after them b and then the sum.

    Source: Draper, arXiv:quant-ph/0008033.

    Args:
        num_qubits: n.
        num_sum_qubits: m; n by default, n + 1 keeps the carry.

    Raises:
        InputError: if a register has no qubit, or more than 1000.
    """
    size = check_integer(num_qubits, "num_qubits", 1, _MOST_QUBITS)
    target = size if num_sum_qubits is None else check_integer(num_sum_qubits, "num_sum_qubits", 1, _MOST_QUBITS)
    circuit = Circuit(size + target, name=f"Fourier adder({size}, {target})")
    _add_by_phases(circuit, [(1 << j, j) for j in range(size)], range(size, size + target))
    return circuit


def constant_adder(num_qubits: int, constant: int) -> Circuit:
    """``|b⟩ → |b + constant mod 2^n⟩`` by phases between two Fourier transforms, without ancillas.

    Source: Beauregard, Quantum Inf. Comput. 3, 175 (2003), arXiv:quant-ph/0205095, section 2.1.

    Args:
        num_qubits: n.
        constant: any integer; a negative one is subtracted.

    Raises:
        InputError: if there is no qubit, more than 1000, or the constant is no integer.
    """
    size = check_integer(num_qubits, "num_qubits", 1, _MOST_QUBITS)
    circuit = Circuit(size, name=f"constant adder({size})")
    _add_by_phases(circuit, [(check_integer(constant, "constant"), None)], range(size))
    return circuit


def weighted_sum(weights: Sequence[int], num_sum_qubits: int | None = None) -> Circuit:
    """``|x⟩|s⟩ → |x⟩|s + Σ weights[j] x_j mod 2^m⟩`` by phases between two Fourier transforms, without ancillas.

    Qubit j holds x_j, the m qubits after them s and then the sum.

    Source: Draper, arXiv:quant-ph/0008033; the sum of Stamatopoulos et al., Quantum 4, 291 (2020), arXiv:1905.02666,
    section 4.1.2, in other gates.

    Args:
        weights: integers, negative ones too.
        num_sum_qubits: m; by default as many as the sum of positive weights has bits.

    Raises:
        InputError: if there is no weight, one is no integer, or the sum has more than 1000 qubits.
    """
    given = items_of(weights, "weights must be a sequence of integers")
    numbers = [check_integer(weight, "a weight") for weight in given]
    if not numbers:
        raise InputError("weights must be a sequence of integers, at least one, got none")
    most = max(sum(weight for weight in numbers if weight > 0).bit_length(), 1)
    if num_sum_qubits is None and most > _MOST_QUBITS:
        raise InputError(f"weights must sum to less than 2**{_MOST_QUBITS}, got a sum of {most} bits")
    target = most if num_sum_qubits is None else check_integer(num_sum_qubits, "num_sum_qubits", 1, _MOST_QUBITS)
    circuit = Circuit(len(numbers) + target, name=f"weighted sum({len(numbers)}, {target})")
    terms = [(weight, j) for j, weight in enumerate(numbers)]
    _add_by_phases(circuit, terms, range(len(numbers), len(numbers) + target))
    return circuit


def _add_by_phases(circuit: Circuit, terms: Sequence[tuple[int, int | None]], register: range) -> None:
    """Add to a register, modulo its size, numbers that each are switched on by a qubit, or by nothing."""
    transform = fourier_transform(len(register), swaps=False)
    circuit.extend(transform, register)
    for number, control in terms:
        for place, qubit in enumerate(register):
            # qubit `place` of the transform turns by the number over 2^(place + 1); whole turns are left out
            part = number % (2 << place)
            if not part:
                continue
            angle = 2.0 * math.pi * (part / (2 << place))
            if control is None:
                circuit.p(angle, qubit)
            else:
                circuit.cp(angle, control, qubit)
    circuit.extend(transform.inverse(), register)
