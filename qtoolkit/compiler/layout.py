"""Sizes of the blocks in which a state is worked on, for one precision and vector width."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

__all__ = ["CARTAN_TILE_BITS", "Layout"]

BLOCK_BYTES = 1 << 19
"""A block fills half of a second-level cache of 1 MiB."""

CHUNK_BYTES = 1 << 9
"""Memory is read in runs of at least this many bytes."""

SINGLE_BLOCK_BITS = 14
"""States up to this size are one block and one thread's work."""

BLOCKS = 2
"""Index bits outside the blocks of larger states: 4 blocks, so that two threads have something to share."""

CARTAN_TILE_BITS = 3
"""Bits among tiles that a matrix in Cartan's form needs."""


@dataclass(frozen=True)
class Layout:
    """How a state is cut for the vector kernels.

    A block holds ``2**block_bits`` amplitudes: runs of ``2**chunk_bits`` neighbours at all combinations of some higher
    index bits. Within a block the lowest ``low_bits`` bits are covered by a table of phases.

    Attributes:
        num_bits: index bits of the state, at least `lane_bits` + 1; the qubits above the circuit's own stay 0.
        lane_bits: index bits inside a vector register.
        block_bits, chunk_bits, low_bits: see above.
        amplitude_bytes: 16 or 8.
    """

    num_bits: int
    lane_bits: int
    block_bits: int
    chunk_bits: int
    low_bits: int
    amplitude_bytes: int

    @property
    def tile_bits(self) -> int:
        """Bits of a block's index that tell tiles apart."""
        return self.block_bits - self.lane_bits

    @property
    def has_room_for_butterflies(self) -> bool:
        """Whether three tables of phases fit the scratch memory of a block."""
        return 6 << self.low_bits <= 1 << self.block_bits

    @classmethod
    @cache
    def of(cls, num_qubits: int, amplitude_bytes: int, vector_bytes: int) -> Layout:
        """The layout for states of this many qubits.

        Args:
            num_qubits: of the circuit.
            amplitude_bytes: 16 in double precision, 8 in single.
            vector_bytes: width of a register.
        """
        lane_bits = (2 * vector_bytes // amplitude_bytes).bit_length() - 1
        num_bits = max(num_qubits, lane_bits + 1)
        if num_bits <= SINGLE_BLOCK_BITS:
            block_bits = num_bits
        else:
            block_bits = min((BLOCK_BYTES // amplitude_bytes).bit_length() - 1, num_bits - BLOCKS)
        chunk_bits = block_bits if block_bits == num_bits else (CHUNK_BYTES // amplitude_bytes).bit_length() - 1
        return cls(num_bits, lane_bits, block_bits, chunk_bits, min(8, block_bits), amplitude_bytes)
