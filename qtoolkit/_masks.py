"""Bit masks of qubits."""

__all__ = ["bits_of"]


def bits_of(mask: int) -> list[int]:
    """The bits that a mask sets, lowest first."""
    return [k for k in range(mask.bit_length()) if mask >> k & 1]
