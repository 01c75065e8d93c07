"""What limits a run: the circuit's arithmetic and the machine's measured rates.

Rates are measured by small kernels of this module's own, so that they do not depend on what they judge.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from peers.portable import Gate, PortableCircuit

__all__ = ["AMPLITUDE_BYTES", "circuit_work", "measure_rates"]

AMPLITUDE_BYTES = {"double": 16, "single": 8}

_FLOPS = {"h": 4.0, "p": 3.0, "cp": 1.5, "matrix2": 32.0}
"""Flops for each amplitude of the state, a fused multiply-add counted as two, gate by gate and no more than needed:
a dense gate on k qubits 8·2^k, phases only where they act."""

_FREE = {"x", "z", "cx", "cz", "mcz", "swap"}
_ROTATION_FLOPS = 6.0


def circuit_work(circuit: PortableCircuit) -> dict[str, float]:
    """Gates, and flops for each amplitude when every gate is applied on its own."""
    return {"gates": float(len(circuit.gates)), "flops_per_amplitude": sum(map(_gate_flops, circuit.gates))}


def _gate_flops(gate: Gate) -> float:
    return 0.0 if gate.name in _FREE else _FLOPS.get(gate.name, _ROTATION_FLOPS)


_LENGTH = 1024
_ELEMENTS = 8 * _LENGTH
"""One block: four amplitudes' real and imaginary parts, 64 KiB in double precision; in L2, beyond most L1."""


def _dense_gate(block: Any, repeats: int, m: Any) -> None:  # pragma: no cover
    """A dense two-qubit gate on a block, real and imaginary parts apart: 128 flops for four amplitudes.

    All offsets are constants, so that the compiler can tell the parts from each other and uses vectors.
    """
    for _ in range(repeats):
        for i in range(1024):
            a, b, c, d = block[i], block[i + 1024], block[i + 2048], block[i + 3072]
            e, f, g, h = block[i + 4096], block[i + 5120], block[i + 6144], block[i + 7168]
            block[i] = m[0] * a - m[1] * e + m[2] * b - m[3] * f + m[4] * c - m[5] * g + m[6] * d - m[7] * h
            block[i + 4096] = m[1] * a + m[0] * e + m[3] * b + m[2] * f + m[5] * c + m[4] * g + m[7] * d + m[6] * h
            block[i + 1024] = (
                m[8] * a - m[9] * e + m[10] * b - m[11] * f + m[12] * c - m[13] * g + m[14] * d - m[15] * h
            )
            block[i + 5120] = (
                m[9] * a + m[8] * e + m[11] * b + m[10] * f + m[13] * c + m[12] * g + m[15] * d + m[14] * h
            )
            block[i + 2048] = (
                m[16] * a - m[17] * e + m[18] * b - m[19] * f + m[20] * c - m[21] * g + m[22] * d - m[23] * h
            )
            block[i + 6144] = (
                m[17] * a + m[16] * e + m[19] * b + m[18] * f + m[21] * c + m[20] * g + m[23] * d + m[22] * h
            )
            block[i + 3072] = (
                m[24] * a - m[25] * e + m[26] * b - m[27] * f + m[28] * c - m[29] * g + m[30] * d - m[31] * h
            )
            block[i + 7168] = (
                m[25] * a + m[24] * e + m[27] * b + m[26] * f + m[29] * c + m[28] * g + m[31] * d + m[30] * h
            )


def _polynomial(block: Any, repeats: int, m: Any) -> None:  # pragma: no cover
    """A polynomial of degree 32 of every number: 64 flops for one load and one store, all of them multiply-adds."""
    for _ in range(repeats):
        for i in range(1024):
            x = block[i]
            y = m[0]
            y = y * x + m[1]
            y = y * x + m[2]
            y = y * x + m[3]
            y = y * x + m[4]
            y = y * x + m[5]
            y = y * x + m[6]
            y = y * x + m[7]
            y = y * x + m[8]
            y = y * x + m[9]
            y = y * x + m[10]
            y = y * x + m[11]
            y = y * x + m[12]
            y = y * x + m[13]
            y = y * x + m[14]
            y = y * x + m[15]
            y = y * x + m[16]
            block[i] = y


_KERNELS: tuple[tuple[str, Callable[..., None], float], ...] = (
    ("gate", _dense_gate, 128.0 * _LENGTH),
    ("fma", _polynomial, 32.0 * _LENGTH),
)


def measure_rates(threads: int, seconds: float = 0.3) -> dict[str, float]:
    """What this machine reaches on so many threads.

    Returns:
        ``bandwidth``: bytes read and written per second, in place, on arrays beyond the caches; ``gate_double``,
        ``gate_single``: flops per second of dense two-qubit gates inside a cache; ``fma_double``, ``fma_single``:
        of multiply-adds alone.
    """
    from numba import njit

    rates = {"threads": float(threads), "bandwidth": _bandwidth(threads, seconds)}
    for label, function, flops in _KERNELS:
        kernel = njit(nogil=True, fastmath={"contract", "nsz", "reassoc"})(function)
        for precision, dtype in (("double", np.float64), ("single", np.float32)):
            rates[f"{label}_{precision}"] = _rate(kernel, dtype, flops, threads, seconds)
    return rates


def _rate(kernel: Any, dtype: Any, flops: float, threads: int, seconds: float) -> float:
    blocks = [np.full(_ELEMENTS, 0.5, dtype) for _ in range(threads)]
    # Rows of absolute sum below 1: numbers stay normal, neither huge nor denormal, for as long as it runs.
    coefficients = tuple(dtype(value) for value in np.full(32, 0.1))
    kernel(blocks[0], 1, coefficients)
    repeats = 64

    def once() -> float:
        for block in blocks:
            block[:] = 0.5
        started = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda block: kernel(block, repeats, coefficients), blocks))
        return time.perf_counter() - started

    while once() < 0.01:
        repeats *= 2
    deadline = time.perf_counter() + seconds
    best = once()
    while time.perf_counter() < deadline:
        best = min(best, once())
    return threads * repeats * flops / best


def _bandwidth(threads: int, seconds: float) -> float:
    parts = [np.ones(1 << 24) for _ in range(threads)]

    def once() -> float:
        started = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda part: np.multiply(part, 1.0, out=part), parts))
        return time.perf_counter() - started

    deadline = time.perf_counter() + seconds
    best = once()
    while time.perf_counter() < deadline:
        best = min(best, once())
    return 2 * sum(part.nbytes for part in parts) / best
