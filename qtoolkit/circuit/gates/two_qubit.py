"""Records of the gates on two qubits that are not controlled versions of others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from qtoolkit.circuit.gates.one_qubit import X, Y, Z
from qtoolkit.circuit.gates.record import (
    GateRecord,
    Matrix,
    Step,
    adjoint,
    constant,
    matrix_of,
    negated_inverse,
    self_inverse,
)
from qtoolkit.circuit.parameter import ParameterValue

__all__ = ["TWO_QUBIT_GATES"]

PI = math.pi


def _on_pair(first: Matrix, second: Matrix) -> Matrix:
    """Tensor product; the first qubit is the lowest bit."""
    return np.kron(second, first).astype(np.complex128)


XX, YY, ZZ, ZX = _on_pair(X, X), _on_pair(Y, Y), _on_pair(Z, Z), _on_pair(Z, X)
ONE_ONE: Matrix = np.diag([0, 0, 0, 1]).astype(np.complex128)
Z_FIRST = _on_pair(Z, np.eye(2, dtype=np.complex128))


def _cos_sin(theta: Any) -> tuple[Any, Any]:
    half = np.asarray(theta) / 2
    return np.cos(half), np.sin(half)


def _rxx(theta: Any) -> Matrix:
    c, s = _cos_sin(theta)
    return matrix_of([[c, 0, 0, -1j * s], [0, c, -1j * s, 0], [0, -1j * s, c, 0], [-1j * s, 0, 0, c]])


def _ryy(theta: Any) -> Matrix:
    c, s = _cos_sin(theta)
    return matrix_of([[c, 0, 0, 1j * s], [0, c, -1j * s, 0], [0, -1j * s, c, 0], [1j * s, 0, 0, c]])


def _rzz(theta: Any) -> Matrix:
    phase = np.exp(0.5j * np.asarray(theta))
    return matrix_of([[phase.conj(), 0, 0, 0], [0, phase, 0, 0], [0, 0, phase, 0], [0, 0, 0, phase.conj()]])


def _rzx(theta: Any) -> Matrix:
    c, s = _cos_sin(theta)
    return matrix_of([[c, 0, -1j * s, 0], [0, c, 0, 1j * s], [-1j * s, 0, c, 0], [0, 1j * s, 0, c]])


def _xx_plus_yy(theta: Any, beta: Any) -> Matrix:
    c, s = _cos_sin(theta)
    phase = np.exp(1j * np.asarray(beta))
    return matrix_of([[1, 0, 0, 0], [0, c, -1j * s * phase.conj(), 0], [0, -1j * s * phase, c, 0], [0, 0, 0, 1]])


def _xx_minus_yy(theta: Any, beta: Any) -> Matrix:
    c, s = _cos_sin(theta)
    phase = np.exp(1j * np.asarray(beta))
    return matrix_of([[c, 0, 0, -1j * s * phase.conj()], [0, 1, 0, 0], [0, 0, 1, 0], [-1j * s * phase, 0, 0, c]])


def _fsim(theta: Any, phi: Any) -> Matrix:
    c, s = np.cos(theta), np.sin(theta)
    return matrix_of([[1, 0, 0, 0], [0, c, -1j * s, 0], [0, -1j * s, c, 0], [0, 0, 0, np.exp(-1j * np.asarray(phi))]])


def _conjugated(unitary: Matrix, frame: Matrix, inner: Matrix, frame_generator: Matrix) -> tuple[Matrix, Matrix]:
    """Generators of ``F(β) V(θ) F(β)†`` where ``V = exp(-iθ inner)`` and ``F = exp(-iβ frame_generator)``."""
    return frame @ inner @ adjoint(frame), frame_generator - unitary @ frame_generator @ adjoint(unitary)


def _frame(beta: Any) -> Matrix:
    """``exp(i beta Z_0 / 2)``."""
    angles = np.asarray(beta)[..., None, None] * np.diag(Z_FIRST)
    frame: Matrix = np.exp(0.5j * angles) * np.eye(4, dtype=np.complex128)
    return frame


def _xx_plus_yy_generators(theta: Any, beta: Any) -> tuple[Matrix, ...]:
    frame = _frame(beta)
    return _conjugated(_xx_plus_yy(theta, beta), frame, (XX + YY) / 4, -Z_FIRST / 2)


def _xx_minus_yy_generators(theta: Any, beta: Any) -> tuple[Matrix, ...]:
    frame = _frame(-np.asarray(beta))
    return _conjugated(_xx_minus_yy(theta, beta), frame, (XX - YY) / 4, Z_FIRST / 2)


def _xy_steps(theta: ParameterValue, beta: ParameterValue, sign: float) -> tuple[Step, ...]:
    return (
        ("rz", (sign * beta,), (0,)),
        ("rxx", (0.5 * theta,), (0, 1)),
        ("ryy", (0.5 * sign * theta,), (0, 1)),
        ("rz", (-sign * beta,), (0,)),
    )


def _rotation_steps(theta: ParameterValue, before: tuple[Step, ...], after: tuple[Step, ...]) -> tuple[Step, ...]:
    return (*before, ("rzz", (theta,), (0, 1)), *after)


_H0: Step = ("h", (), (0,))
_H1: Step = ("h", (), (1,))
_QUARTER: tuple[Step, ...] = (("rx", (PI / 2,), (0,)), ("rx", (PI / 2,), (1,)))
_BACK: tuple[Step, ...] = (("rx", (-PI / 2,), (0,)), ("rx", (-PI / 2,), (1,)))

TWO_QUBIT_GATES = (
    GateRecord(
        "swap",
        2,
        (),
        constant(np.eye(4)[[0, 2, 1, 3]]),
        self_inverse("swap"),
        decomposition=lambda: (("cx", (), (0, 1)), ("cx", (), (1, 0)), ("cx", (), (0, 1))),
        qasm2="swap",
        qasm3="swap",
        symbol="x",
    ),
    GateRecord(
        "iswap",
        2,
        (),
        constant(np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]])),
        lambda: ("xx_plus_yy", (PI, 0.0)),
        decomposition=lambda: (
            ("s", (), (0,)),
            ("s", (), (1,)),
            _H0,
            ("cx", (), (0, 1)),
            ("cx", (), (1, 0)),
            _H1,
        ),
        symbol="iSWAP",
    ),
    GateRecord(
        "ecr",
        2,
        (),
        constant(np.array([[0, 1, 0, 1j], [1, 0, -1j, 0], [0, 1j, 0, 1], [-1j, 0, 1, 0]]) / math.sqrt(2)),
        self_inverse("ecr"),
        decomposition=lambda: (("rzx", (PI / 4,), (0, 1)), ("x", (), (0,)), ("rzx", (-PI / 4,), (0, 1))),
        symbol="ECR",
    ),
    GateRecord(
        "rxx",
        2,
        ("theta",),
        _rxx,
        negated_inverse("rxx"),
        decomposition=lambda theta: _rotation_steps(theta, (_H0, _H1), (_H0, _H1)),
        generators=lambda _theta: (XX / 2,),
        qasm2="rxx",
        symbol="RXX",
    ),
    GateRecord(
        "ryy",
        2,
        ("theta",),
        _ryy,
        negated_inverse("ryy"),
        decomposition=lambda theta: _rotation_steps(theta, _QUARTER, _BACK),
        generators=lambda _theta: (YY / 2,),
        symbol="RYY",
    ),
    GateRecord(
        "rzz",
        2,
        ("theta",),
        _rzz,
        negated_inverse("rzz"),
        decomposition=lambda theta: (("cx", (), (0, 1)), ("rz", (theta,), (1,)), ("cx", (), (0, 1))),
        generators=lambda _theta: (ZZ / 2,),
        is_diagonal=True,
        qasm2="rzz",
        symbol="RZZ",
    ),
    GateRecord(
        "rzx",
        2,
        ("theta",),
        _rzx,
        negated_inverse("rzx"),
        decomposition=lambda theta: _rotation_steps(theta, (_H1,), (_H1,)),
        generators=lambda _theta: (ZX / 2,),
        symbol="RZX",
    ),
    GateRecord(
        "xx_plus_yy",
        2,
        ("theta", "beta"),
        _xx_plus_yy,
        lambda theta, beta: ("xx_plus_yy", (-theta, beta)),
        decomposition=lambda theta, beta: _xy_steps(theta, beta, 1.0),
        generators=_xx_plus_yy_generators,
        symbol="XX+YY",
    ),
    GateRecord(
        "xx_minus_yy",
        2,
        ("theta", "beta"),
        _xx_minus_yy,
        lambda theta, beta: ("xx_minus_yy", (-theta, beta)),
        decomposition=lambda theta, beta: _xy_steps(theta, beta, -1.0),
        generators=_xx_minus_yy_generators,
        symbol="XX-YY",
    ),
    GateRecord(
        "fsim",
        2,
        ("theta", "phi"),
        _fsim,
        negated_inverse("fsim"),
        decomposition=lambda theta, phi: (("xx_plus_yy", (2 * theta, 0.0), (0, 1)), ("cp", (-phi,), (0, 1))),
        generators=lambda _theta, _phi: ((XX + YY) / 2, ONE_ONE),
        symbol="fSim",
    ),
)
