"""Sums of Pauli strings: packed into programs, and these on states."""
