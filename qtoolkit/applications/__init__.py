"""Problems that people bring: finance, chemistry, materials and error correction, each a package of its own.

None imports another; each states a problem, solves it and keeps the evidence in its result."""
