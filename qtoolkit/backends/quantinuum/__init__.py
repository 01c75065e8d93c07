"""Quantinuum: the emulators of its SDK on this machine, and its computers and emulators through Nexus.

`catalog` says what there is without loading an SDK.
"""
