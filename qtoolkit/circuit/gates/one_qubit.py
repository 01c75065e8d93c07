"""Records of the gates on no qubit (a global phase) and on one."""

from __future__ import annotations

import cmath
import math
from typing import Any

import numpy as np

from qtoolkit.circuit.gates.record import (
    GateRecord,
    Matrix,
    adjoint,
    constant,
    matrix_of,
    negated_inverse,
    renamed_inverse,
    self_inverse,
)

__all__ = ["ONE_QUBIT_GATES"]

PI = math.pi
X = np.array([[0, 1], [1, 0]], dtype=np.complex128)
Y = np.array([[0, -1j], [1j, 0]], dtype=np.complex128)
Z = np.array([[1, 0], [0, -1]], dtype=np.complex128)
MINUS_ONE_ONE = np.array([[0, 0], [0, -1]], dtype=np.complex128)


def _gphase(gamma: Any) -> Matrix:
    return matrix_of([[np.exp(1j * np.asarray(gamma))]])


def _p(lam: Any) -> Matrix:
    return matrix_of([[1, 0], [0, np.exp(1j * np.asarray(lam))]])


def _rx(theta: Any) -> Matrix:
    half = np.asarray(theta) / 2
    c, s = np.cos(half), np.sin(half)
    return matrix_of([[c, -1j * s], [-1j * s, c]])


def _ry(theta: Any) -> Matrix:
    half = np.asarray(theta) / 2
    c, s = np.cos(half), np.sin(half)
    return matrix_of([[c, -s], [s, c]])


def _rz(theta: Any) -> Matrix:
    phase = np.exp(0.5j * np.asarray(theta))
    return matrix_of([[phase.conj(), 0], [0, phase]])


def _u(theta: Any, phi: Any, lam: Any) -> Matrix:
    half, a, b = np.asarray(theta) / 2, np.asarray(phi), np.asarray(lam)
    c, s = np.cos(half), np.sin(half)
    return matrix_of([[c, -np.exp(1j * b) * s], [np.exp(1j * a) * s, np.exp(1j * (a + b)) * c]])


def _u_generators(theta: Any, phi: Any, lam: Any) -> tuple[Matrix, ...]:
    left = _p(phi)
    unitary = _u(theta, phi, lam)
    return (left @ (Y / 2) @ adjoint(left), MINUS_ONE_ONE, unitary @ MINUS_ONE_ONE @ adjoint(unitary))


ONE_QUBIT_GATES = (
    GateRecord(
        "gphase",
        0,
        ("gamma",),
        _gphase,
        negated_inverse("gphase"),
        generators=lambda _g: (np.array([[-1.0 + 0j]]),),
        is_diagonal=True,
        qasm3="gphase",
        symbol="gphase",
    ),
    GateRecord(
        "id",
        1,
        (),
        constant(np.eye(2)),
        self_inverse("id"),
        decomposition=lambda: (("u", (0.0, 0.0, 0.0), (0,)),),
        is_diagonal=True,
        qasm2="id",
        qasm3="id",
        symbol="I",
    ),
    GateRecord(
        "x",
        1,
        (),
        constant(X),
        self_inverse("x"),
        decomposition=lambda: (("u", (PI, 0.0, PI), (0,)),),
        qasm2="x",
        qasm3="x",
        symbol="X",
    ),
    GateRecord(
        "y",
        1,
        (),
        constant(Y),
        self_inverse("y"),
        decomposition=lambda: (("u", (PI, PI / 2, PI / 2), (0,)),),
        qasm2="y",
        qasm3="y",
        symbol="Y",
    ),
    GateRecord(
        "z",
        1,
        (),
        constant(Z),
        self_inverse("z"),
        decomposition=lambda: (("p", (PI,), (0,)),),
        is_diagonal=True,
        qasm2="z",
        qasm3="z",
        symbol="Z",
    ),
    GateRecord(
        "h",
        1,
        (),
        constant((X + Z) / math.sqrt(2)),
        self_inverse("h"),
        decomposition=lambda: (("u", (PI / 2, 0.0, PI), (0,)),),
        qasm2="h",
        qasm3="h",
        symbol="H",
    ),
    GateRecord(
        "s",
        1,
        (),
        constant(np.diag([1, 1j])),
        renamed_inverse("sdg"),
        decomposition=lambda: (("p", (PI / 2,), (0,)),),
        is_diagonal=True,
        qasm2="s",
        qasm3="s",
        symbol="S",
    ),
    GateRecord(
        "sdg",
        1,
        (),
        constant(np.diag([1, -1j])),
        renamed_inverse("s"),
        decomposition=lambda: (("p", (-PI / 2,), (0,)),),
        is_diagonal=True,
        qasm2="sdg",
        qasm3="sdg",
        symbol="S†",
    ),
    GateRecord(
        "t",
        1,
        (),
        constant(np.diag([1, cmath.exp(0.25j * PI)])),
        renamed_inverse("tdg"),
        decomposition=lambda: (("p", (PI / 4,), (0,)),),
        is_diagonal=True,
        qasm2="t",
        qasm3="t",
        symbol="T",
    ),
    GateRecord(
        "tdg",
        1,
        (),
        constant(np.diag([1, cmath.exp(-0.25j * PI)])),
        renamed_inverse("t"),
        decomposition=lambda: (("p", (-PI / 4,), (0,)),),
        is_diagonal=True,
        qasm2="tdg",
        qasm3="tdg",
        symbol="T†",
    ),
    GateRecord(
        "sx",
        1,
        (),
        constant(np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2),
        renamed_inverse("sxdg"),
        decomposition=lambda: (("gphase", (PI / 4,), ()), ("rx", (PI / 2,), (0,))),
        qasm2="sx",
        qasm3="sx",
        symbol="√X",
    ),
    GateRecord(
        "sxdg",
        1,
        (),
        constant(np.array([[1 - 1j, 1 + 1j], [1 + 1j, 1 - 1j]]) / 2),
        renamed_inverse("sx"),
        decomposition=lambda: (("gphase", (-PI / 4,), ()), ("rx", (-PI / 2,), (0,))),
        qasm2="sxdg",
        symbol="√X†",
    ),
    GateRecord(
        "p",
        1,
        ("lam",),
        _p,
        negated_inverse("p"),
        decomposition=lambda lam: (("u", (0.0, 0.0, lam), (0,)),),
        generators=lambda _lam: (MINUS_ONE_ONE,),
        is_diagonal=True,
        qasm2="p",
        qasm3="p",
        symbol="P",
    ),
    GateRecord(
        "rx",
        1,
        ("theta",),
        _rx,
        negated_inverse("rx"),
        decomposition=lambda theta: (("u", (theta, -PI / 2, PI / 2), (0,)),),
        generators=lambda _theta: (X / 2,),
        qasm2="rx",
        qasm3="rx",
        symbol="RX",
    ),
    GateRecord(
        "ry",
        1,
        ("theta",),
        _ry,
        negated_inverse("ry"),
        decomposition=lambda theta: (("u", (theta, 0.0, 0.0), (0,)),),
        generators=lambda _theta: (Y / 2,),
        qasm2="ry",
        qasm3="ry",
        symbol="RY",
    ),
    GateRecord(
        "rz",
        1,
        ("theta",),
        _rz,
        negated_inverse("rz"),
        decomposition=lambda theta: (("gphase", (-0.5 * theta,), ()), ("p", (theta,), (0,))),
        generators=lambda _theta: (Z / 2,),
        is_diagonal=True,
        qasm2="rz",
        qasm3="rz",
        symbol="RZ",
    ),
    GateRecord(
        "u",
        1,
        ("theta", "phi", "lam"),
        _u,
        lambda theta, phi, lam: ("u", (-theta, -lam, -phi)),
        generators=_u_generators,
        qasm2="u",
        qasm3="u3",
        symbol="U",
    ),
)
