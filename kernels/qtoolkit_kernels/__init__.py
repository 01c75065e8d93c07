"""Numba kernels on raw arrays: they know no circuit, validate nothing and allocate nothing the caller could.

Each module has a plain NumPy twin of the same name in `qtoolkit_kernels.reference`: the oracle, and the
specification of shapes and dtypes. Modules are imported one by one, so that nothing loads numba before it must.

A state is a C-contiguous complex128 or complex64 array of 2^n amplitudes; qubit k is bit k of the index. Masks and
indices are int64.
"""

from qtoolkit_kernels import _code as _code  # before any other module, whose code it remembers
