"""Shots with the evidence that simulators of states and density matrices give with them."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from qtoolkit._version import __version__
from qtoolkit.circuit import Circuit
from qtoolkit.compiler import ExecutionPlan
from qtoolkit.primitives import Result
from qtoolkit.simulators.engine import Engine

__all__ = ["result_of_words"]


def result_of_words(
    words: NDArray[np.uint64],
    circuit: Circuit | ExecutionPlan,
    seed: int | None,
    engine: Engine,
    backend_name: str,
    started: float,
) -> Result:
    """A result of packed bits that are known to be right, with what ran, how and for how long.

    Args:
        words: uint64, shape ``(shots, words)``; not copied.
        circuit: what ran.
        seed: what reproduces it.
        engine: says precision and threads.
        backend_name: of the simulator.
        started: `time.perf_counter` when the run began.
    """
    evidence = {
        "precision": engine.precision,
        "num_threads": engine.num_threads,
        "wall_time": time.perf_counter() - started,
        "version": __version__,
    }
    return Result._of_words(
        words,
        circuit.num_clbits,
        registers=circuit.clbit_registers,
        seed=seed,
        backend_name=backend_name,
        metadata=evidence,
    )
