"""Molecules beside other libraries: what `benchmarks/chemistry.py` asks, and the processes that rivals answer in."""
