"""Kernels of density matrices, held as the real vector of their Pauli coefficients.

Entry P is ``tr(P ρ)``. Its index has two bits for each qubit, 2q for the letter's X and 2q + 1 for its Z: I, X, Z and Y
are the digits 0, 1, 2 and 3. A channel is a real matrix on the digits of its qubits.
"""
