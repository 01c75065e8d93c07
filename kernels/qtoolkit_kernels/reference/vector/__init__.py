"""Twins of the vector kernels: the same rows and registers, on plain complex amplitudes.

No tiles, no lanes beyond what a register's meaning needs, no blocks but where their number is the point.
"""
