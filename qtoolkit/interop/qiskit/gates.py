"""The table between this toolkit's gates and Qiskit's, both ways."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, library
from qiskit.quantum_info import Pauli
from qiskit.synthesis import ProductFormula

from qtoolkit.circuit import (
    STANDARD_GATES,
    DiagonalGate,
    Gate,
    ParameterValue,
    PauliRotationGate,
    PermutationGate,
    StandardGate,
    UnitaryGate,
)
from qtoolkit.circuit.tape import GATE_NUMBERS, are_finite_floats
from qtoolkit.interop.qiskit.angles import AngleReader, AngleWriter

__all__ = ["native_gates", "qubit_order", "read_evolution", "read_gate", "read_standard", "write_gate"]

_MAX_TABLE_QUBITS = 10

_CLASSES: dict[str, Any] = {
    "id": library.IGate,
    "x": library.XGate,
    "y": library.YGate,
    "z": library.ZGate,
    "h": library.HGate,
    "s": library.SGate,
    "sdg": library.SdgGate,
    "t": library.TGate,
    "tdg": library.TdgGate,
    "sx": library.SXGate,
    "sxdg": library.SXdgGate,
    "rx": library.RXGate,
    "ry": library.RYGate,
    "rz": library.RZGate,
    "p": library.PhaseGate,
    "u": library.UGate,
    "swap": library.SwapGate,
    "iswap": library.iSwapGate,
    "ecr": library.ECRGate,
    "rxx": library.RXXGate,
    "ryy": library.RYYGate,
    "rzz": library.RZZGate,
    "rzx": library.RZXGate,
    "xx_plus_yy": library.XXPlusYYGate,
    "xx_minus_yy": library.XXMinusYYGate,
    "cx": library.CXGate,
    "cy": library.CYGate,
    "cz": library.CZGate,
    "ch": library.CHGate,
    "cs": library.CSGate,
    "csdg": library.CSdgGate,
    "csx": library.CSXGate,
    "cp": library.CPhaseGate,
    "crx": library.CRXGate,
    "cry": library.CRYGate,
    "crz": library.CRZGate,
    "ccx": library.CCXGate,
    "ccz": library.CCZGate,
    "cswap": library.CSwapGate,
}
"""Qiskit's class of each gate record; where it has none, the record's decomposition or base goes instead."""

_NUMBERS = {name: GATE_NUMBERS[name] for name in _CLASSES}

_ALIASES: dict[str, tuple[Any, Callable[..., tuple[str, tuple[ParameterValue, ...]]]]] = {
    "global_phase": (library.GlobalPhaseGate, lambda gamma: ("gphase", (gamma,))),
    "u1": (library.U1Gate, lambda lam: ("p", (lam,))),
    "u2": (library.U2Gate, lambda phi, lam: ("u", (math.pi / 2, phi, lam))),
    "u3": (library.U3Gate, lambda theta, phi, lam: ("u", (theta, phi, lam))),
    "r": (library.RGate, lambda theta, phi: ("u", (theta, phi - math.pi / 2, -phi + math.pi / 2))),
    "cu1": (library.CU1Gate, lambda lam: ("cp", (lam,))),
}
"""Gates of Qiskit's that a record of another name covers exactly."""

_PAULI_PRODUCT_ROTATION: Any = getattr(library, "PauliProductRotationGate", None)  # absent from older releases


def native_gates() -> dict[str, Any]:
    """One instance of each of Qiskit's gates that a record covers, angles free, by its name in Qiskit."""
    gates: dict[str, Any] = {}
    kinds = {**_CLASSES, **{name: kind for name, (kind, _) in _ALIASES.items()}}
    for name, kind in kinds.items():
        record = STANDARD_GATES.get(name)
        count = record.num_params if record else len(inspect.signature(_ALIASES[name][1]).parameters)
        gates[name] = kind(*(Parameter(f"angle{k}") for k in range(count)))
    return gates


def standard_number(name: str, params: Sequence[Any]) -> int:
    """The number of the standard gate that one of Qiskit's is as it stands, at numbers; -1 if it is to be read."""
    return _NUMBERS.get(name, -1) if are_finite_floats(params) else -1


def read_standard(name: str, params: Sequence[Any], read_angle: AngleReader) -> StandardGate | None:
    """The record's gate for one of Qiskit's standard gates, by its name; None where no record covers it."""
    if name in _CLASSES:
        return StandardGate(name, tuple(read_angle(p) for p in params))
    if name in _ALIASES:
        return StandardGate(*_ALIASES[name][1](*(read_angle(p) for p in params)))
    return None


def read_gate(operation: Any, read_angle: AngleReader) -> Gate | None:
    """This toolkit's gate for an operation of Qiskit's; None where it has to be unrolled."""
    kind = getattr(operation, "base_class", type(operation))
    name = operation.name
    if _CLASSES.get(name) is kind or (name in _ALIASES and _ALIASES[name][0] is kind):
        return read_standard(name, operation.params, read_angle)
    if isinstance(operation, library.UnitaryGate):
        return UnitaryGate(operation.to_matrix(), label=operation.label or "unitary")
    if isinstance(operation, library.DiagonalGate):
        return DiagonalGate(operation.params)
    if isinstance(operation, library.PermutationGate) and 0 < operation.num_qubits <= _MAX_TABLE_QUBITS:
        return PermutationGate(_table_of_pattern(operation.pattern))
    if _PAULI_PRODUCT_ROTATION is not None and isinstance(operation, _PAULI_PRODUCT_ROTATION):
        return PauliRotationGate(operation.pauli().to_label(), read_angle(operation.params[0]))
    return None


def read_evolution(evolution: Any, read_angle: AngleReader) -> list[tuple[Gate, tuple[int, ...]]] | None:
    """The Pauli rotations of a product formula, in time order; None where the evolution is synthesised otherwise."""
    if not isinstance(evolution.synthesis, ProductFormula):
        return None
    rotations: list[tuple[Gate, tuple[int, ...]]] = []
    for letters, qubits, angle in evolution.synthesis.expand(evolution):
        if set(letters) - set("IXYZ"):
            return None
        theta = read_angle(angle)
        if letters.strip("I"):
            rotations.append((PauliRotationGate(letters[::-1], theta), tuple(qubits)))
        else:
            rotations.append((StandardGate("gphase", (-0.5 * theta,)), ()))
    return rotations


def write_gate(gate: Gate, write_angle: AngleWriter) -> Any | None:
    """Qiskit's gate; None where Qiskit has none and the decomposition has to go instead."""
    if isinstance(gate, StandardGate):
        if gate.name == "csxdg":
            return library.SXdgGate().control(1, annotated=False)
        kind = _CLASSES.get(gate.name)
        return None if kind is None else kind(*(write_angle(p) for p in gate.params))
    if isinstance(gate, UnitaryGate):
        return library.UnitaryGate(gate.matrix(), label=None if gate.name == "unitary" else gate.name)
    if isinstance(gate, DiagonalGate):
        moduli = np.abs(gate.entries)
        exact = np.abs(moduli - 1.0).max() < 1e-12  # Qiskit demands more than this toolkit's 1e-8
        return library.DiagonalGate(list(gate.entries if exact else gate.entries / moduli))
    if isinstance(gate, PermutationGate):
        order = qubit_order(gate)
        return library.UnitaryGate(gate.matrix()) if order is None else library.PermutationGate(order)
    if isinstance(gate, PauliRotationGate):
        theta = write_angle(gate.params[0])
        if _PAULI_PRODUCT_ROTATION is None:
            return library.PauliEvolutionGate(Pauli(gate.label), time=0.5 * theta)
        return _PAULI_PRODUCT_ROTATION(Pauli(gate.label), theta)
    return None


def _table_of_pattern(pattern: Sequence[int]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Basis states under a permutation of qubits that brings qubit ``pattern[k]`` to place k."""
    states = np.arange(1 << len(pattern), dtype=np.int64)
    table = np.zeros_like(states)
    for place, qubit in enumerate(pattern):
        table |= (states >> int(qubit) & 1) << place
    return table


def qubit_order(gate: PermutationGate) -> list[int] | None:
    """The pattern of a permutation that only moves qubits, as `_table_of_pattern` reads it; None for any other."""
    images = [int(gate.table[1 << k]) for k in range(gate.num_qubits)]
    if any(image.bit_count() != 1 for image in images):
        return None
    pattern = [0] * gate.num_qubits
    for qubit, image in enumerate(images):
        pattern[image.bit_length() - 1] = qubit
    return pattern if np.array_equal(_table_of_pattern(pattern), gate.table) else None
