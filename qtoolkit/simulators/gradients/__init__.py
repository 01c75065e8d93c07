"""Derivatives of expectation values by the adjoint method, on the sweeps of a plan."""
