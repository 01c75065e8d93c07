"""Clifford circuits, with Pauli noise, through Stim: what it is written as, here; reading it back is for `interop`."""
