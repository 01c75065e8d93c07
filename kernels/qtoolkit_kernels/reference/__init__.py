"""Plain NumPy twins of the kernels: the oracle in tests, the rival in benchmarks, the specification of every array.

A twin has the name and the arguments of its kernel, without the range of work items: it always does all of them. Twins
of the vector kernels are in `vector`; they take amplitudes instead of tiles.
"""
