"""Twins of the kernels of density matrices, on whole states."""
