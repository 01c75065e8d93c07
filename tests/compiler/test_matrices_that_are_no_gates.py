"""Programs of matrices that are not unitary run in sweeps as they do one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qtoolkit.compiler import Program
from qtoolkit.compiler.encode import ProgramBuilder
from qtoolkit.simulators.engine import Engine

CX = np.eye(4)[[0, 3, 2, 1]]


def matrices(num_qubits: int, seed: int) -> Program:
    """Matrices near gates, as noise makes them: of CX, diagonal, on one of two qubits, and any."""
    rng = np.random.default_rng(seed)
    builder = ProgramBuilder({})
    for _ in range(20):
        damped = np.diag([1.0, rng.uniform(0.3, 1.0)])
        kind = rng.integers(4)
        if kind == 0:
            matrix = np.kron(damped, damped) @ CX
        elif kind == 1:
            matrix = np.diag(rng.uniform(0.3, 1.0, 4) * np.exp(1j * rng.uniform(0, 6, 4)))
        elif kind == 2:
            matrix = np.kron(np.eye(2), damped @ rng.normal(size=(2, 2)))
        else:
            matrix = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
        first, second = rng.permutation(num_qubits)[:2].tolist()
        builder.add_operator(matrix.astype(complex) / np.linalg.norm(matrix, 2), (first, second), is_dense=True)
    return replace(builder.build(), is_unitary=False)


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("forward_only", [False, True])
@pytest.mark.parametrize("num_qubits", [2, 3, 8, 15, 17])
def test_sweeps_give_what_single_matrices_give(num_qubits: int, forward_only: bool, precision: str) -> None:
    engine = Engine(precision, None)
    program = matrices(num_qubits, num_qubits)
    rng = np.random.default_rng(1)
    start = rng.normal(size=2**num_qubits) + 1j * rng.normal(size=2**num_qubits)
    expected, found = (engine.copy_of(start, num_qubits) for _ in range(2))
    engine.run_gates(program, program.constant_coefficients, expected, 0, program.num_operations)
    engine.run(program, np.zeros(0), found, forward_only=forward_only)
    tolerance = 1e-12 if precision == "double" else 1e-5
    assert np.abs(found - expected).max() < tolerance * np.abs(expected).max()
