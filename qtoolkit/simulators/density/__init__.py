"""Density matrices: circuits with noise, exactly.

A density matrix is held as the real vector of its Pauli coefficients, on which every gate and channel is a real matrix.
"""
