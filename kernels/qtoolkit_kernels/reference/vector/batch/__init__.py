"""Twins of the kernels for many parameter values."""
