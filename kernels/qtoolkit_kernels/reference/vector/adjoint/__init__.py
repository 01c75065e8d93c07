"""Twins of the kernels that take states back."""
