"""Twins of the kernels of near-Clifford circuits: all shots of a word at once, in complex NumPy arrays."""
