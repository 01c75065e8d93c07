"""Numba kernels on raw arrays: they know no circuit, validate nothing and allocate nothing the caller could.

Each module has a plain NumPy twin of the same name in `qtoolkit_kernels.reference`: the oracle, and the
specification of shapes and dtypes.
"""
