"""qtoolkit beside other simulators: the same circuits, each simulator in its own way of saying them.

Every simulator runs in a process of its own, which may be another Python; `portable` is what crosses over.
"""
