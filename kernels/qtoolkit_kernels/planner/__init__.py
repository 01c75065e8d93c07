"""Passes of the planner, from the gates of a program to the sweeps that run them: array in, array out.

Every pass is a kernel in a module of its own, on the arrays that `nodes` describes. The same source, interpreted, is
its twin (`qtoolkit_kernels._jit.interpreted`).
"""
