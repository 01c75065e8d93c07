"""An engine that cuts small states into several blocks."""

import dataclasses

from qtoolkit.simulators.engine import Engine


class SmallBlocks(Engine):
    """An engine whose blocks hold `free_bits` bits beside those of a chunk; any number of threads.

    Registers wider than the machine's are split by the compiler, so that every width runs everywhere.
    """

    def __init__(self, precision, vector_bytes, num_threads=1, free_bits=2):
        super().__init__(precision, None, vector_bytes)
        self.num_threads = num_threads
        self.shared_visits = 0
        self.free_bits = free_bits

    def layout(self, num_qubits):
        layout = super().layout(num_qubits)
        chunk_bits = layout.lane_bits + 1
        block_bits = min(layout.num_bits, chunk_bits + self.free_bits)
        if block_bits == layout.num_bits:
            chunk_bits = block_bits
        return dataclasses.replace(
            layout, block_bits=block_bits, chunk_bits=chunk_bits, low_bits=min(chunk_bits, block_bits)
        )
