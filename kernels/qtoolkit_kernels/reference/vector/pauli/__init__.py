"""Twins of the kernels for sums of Pauli strings."""
