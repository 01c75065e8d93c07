"""Twins of the kernels of alpha and beta electrons, on whole states."""
