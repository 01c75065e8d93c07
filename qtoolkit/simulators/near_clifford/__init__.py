"""Shots of circuits that are nearly Clifford: a frame compiled once, and amplitudes where rotations need them."""

from qtoolkit.simulators.near_clifford.report import NearCliffordReport
from qtoolkit.simulators.near_clifford.simulator import NearCliffordPlan, NearCliffordSimulator

__all__ = ["NearCliffordSimulator", "NearCliffordPlan", "NearCliffordReport"]
