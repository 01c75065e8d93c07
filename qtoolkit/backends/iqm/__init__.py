"""IQM: its quantum computers through IQM Server, over HTTP, without a package of IQM's.

`catalog` says what there is; nothing is asked before a backend is used.
"""
