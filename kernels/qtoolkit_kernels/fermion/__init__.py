"""Kernels of states of alpha and beta electrons: matrices of alpha strings by beta strings.

A complex state is seen as a real one whose rows are twice as long: what acts on it is real unless said otherwise.
"""
