"""Comparisons of a register with a number, and of two registers."""

from __future__ import annotations

from qtoolkit._arguments import check_integer
from qtoolkit.circuit.circuit import Circuit
from qtoolkit.circuit.library.adders import constant_adder

__all__ = ["fourier_comparator", "register_comparator", "ripple_comparator"]

_MOST_QUBITS = 999
_MOST_RIPPLE_QUBITS = 1 << 16


def ripple_comparator(num_qubits: int, value: int) -> Circuit:
    """Flip qubit n where the qubits 0 to n - 1 hold at least `value`; the n - 1 ancillas after it come back in 0.

    The carry of adding ``2^n - value`` says which is larger; it takes at most one Toffoli gate a bit, and as many
    again for the ancillas.

    Source: Woerner and Egger, npj Quantum Inf. 5, 15 (2019), arXiv:1806.06893, after Cuccaro et al.,
    arXiv:quant-ph/0410184.

    Args:
        num_qubits: n.
        value: any integer; up to 0 every register holds as much, from 2^n on none.

    Raises:
        InputError: if there is no qubit, more than 65,536, or the value is no integer.
    """
    size = check_integer(num_qubits, "num_qubits", 1, _MOST_RIPPLE_QUBITS)
    least = check_integer(value, "value")
    circuit = Circuit(2 * size, name=f"at least {least}" if least.bit_length() < 64 else "at least a number")
    if least <= 0:
        return circuit.x(size)
    if least >= 1 << size:
        return circuit
    addend = (1 << size) - least
    steps = Circuit(2 * size)
    carry: int | None = None
    for bit in range(size - 1):
        ancilla = size + 1 + bit
        carry = _append_carry(steps, addend >> bit & 1, bit, carry, ancilla)
    circuit.extend(steps)
    _append_carry(circuit, addend >> size - 1 & 1, size - 1, carry, size)
    return circuit.extend(steps.inverse())


def _append_carry(circuit: Circuit, addend_bit: int, qubit: int, carry: int | None, target: int) -> int | None:
    """Flip the target by the carry of a bit, a constant's bit and the carry before; None where there can be none."""
    if carry is None:
        if not addend_bit:
            return None
        circuit.cx(qubit, target)
    elif addend_bit:
        circuit.x((qubit, carry)).ccx(qubit, carry, target).x((qubit, carry)).x(target)
    else:
        circuit.ccx(qubit, carry, target)
    return target


def fourier_comparator(num_qubits: int, value: int) -> Circuit:
    """Flip qubit n where the qubits 0 to n - 1 hold at least `value`, by phases, without ancillas.

    The value is subtracted with qubit n as the sign, and added back without it.

    Source: Beauregard, Quantum Inf. Comput. 3, 175 (2003), arXiv:quant-ph/0205095, section 2.2.

    Args:
        num_qubits: n.
        value: any integer; up to 0 every register holds as much, from 2^n on none.

    Raises:
        InputError: if there is no qubit, more than 999, or the value is no integer.
    """
    size = check_integer(num_qubits, "num_qubits", 1, _MOST_QUBITS)
    least = check_integer(value, "value")
    circuit = Circuit(size + 1, name=f"at least {least}" if least.bit_length() < 64 else "at least a number")
    if least <= 0:
        return circuit.x(size)
    if least >= 1 << size:
        return circuit
    circuit.extend(constant_adder(size + 1, -least))
    return circuit.extend(constant_adder(size, least), range(size)).x(size)


def register_comparator(num_qubits: int) -> Circuit:
    """Flip qubit 2n where the first register holds more than the second: ``a > b``.

    Qubits 0 to n - 1 hold a, n to 2n - 1 hold b, and the last one is an ancilla, in 0 before and after.

    Source: Cuccaro et al., arXiv:quant-ph/0410184, section 4.3: the carry of a and the complement of b.

    Args:
        num_qubits: n, of each register.

    Raises:
        InputError: if there is no qubit, or more than 65,536.
    """
    size = check_integer(num_qubits, "num_qubits", 1, _MOST_RIPPLE_QUBITS)
    circuit = Circuit(2 * size + 2, name=f"register comparator({size})")
    first, second, ancilla = range(size), range(size, 2 * size), 2 * size + 1
    carries = (ancilla, *first)
    steps = Circuit(circuit.num_qubits).x(tuple(second))
    for j in range(size):
        steps.cx(first[j], second[j]).cx(first[j], carries[j]).ccx(carries[j], second[j], first[j])
    return circuit.extend(steps).cx(first[-1], 2 * size).extend(steps.inverse())
