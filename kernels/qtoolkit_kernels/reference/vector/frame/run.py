"""Twin of what flips symbols that a caller has found."""

from qtoolkit_kernels.reference.vector.frame.symbols import flip_column
from qtoolkit_kernels.vector.frame.code import Code, Words

__all__ = ["flip_symbols"]


def flip_symbols(code: Code, bits: Words, symbol: int, values: Words) -> None:
    """Flip the columns of some symbols in the shots where they are 1."""
    for k, blocks in enumerate(values):
        for block, words in enumerate(blocks):
            for word, shots in enumerate(words):
                flip_column(bits[block, word], code.column_start, code.column_bits, symbol + k, int(shots))
