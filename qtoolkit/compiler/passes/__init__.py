"""Passes of the planner, in the order they run: lower, relabel, cancel, fuse, split, schedule, merge.

Each is a function from nodes to nodes (`schedule`: to sweeps; `merge`: to the operations of one sweep) that can be
called alone. None looks at the numbers of parametrised gates, so one plan serves all values.
"""
