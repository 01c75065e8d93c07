"""Circuits of a few qubits, where what Python does around a run takes longer than the run."""
