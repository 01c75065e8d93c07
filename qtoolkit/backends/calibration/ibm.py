"""Calibrations in IBM's form: the properties of a backend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtoolkit.backends.calibration.calibration import Calibration, GateCalibration, QubitCalibration
from qtoolkit.backends.calibration.reading import FRAMES, Reader

__all__ = ["calibration_from_ibm"]

_NAMES = {"u1": "p", "u2": "sx", "u3": "u", "cu1": "cp"}
"""Gates of old devices by their names here; a u2 is one pulse between phases, as a square root of X is."""


def calibration_from_ibm(properties: Mapping[str, Any]) -> Calibration:
    """Read the properties of an IBM backend.

    Args:
        properties: ``backend.properties().to_dict()``, or the JSON that the service sends: ``qubits`` with T1, T2 and
            readout, ``gates`` with ``gate_error`` and ``gate_length``, each value with its unit.

    Raises:
        BackendError: if it has another shape.
    """
    reader = Reader("IBM's properties")
    data = reader.mapping(properties, "the properties")
    for name in ("qubits", "gates"):
        if not data.get(name):
            raise reader.refuse(f"{name} must be a list of some", data.get(name))
    listed = reader.items(data.get("qubits"), "qubits")
    qubits = {number: _qubit(reader, item, number) for number, item in enumerate(listed)}
    gates: dict[tuple[str, tuple[int, ...]], GateCalibration] = {}
    for item in reader.items(data.get("gates"), "gates"):
        gate = _gate(reader, item, len(qubits))
        if gate is not None and gate.name is not None and gate.qubits is not None:
            gates.setdefault((gate.name, gate.qubits), gate)
    return Calibration(
        device=str(data.get("backend_name") or ""),
        source="ibm",
        taken_at=reader.moment(data.get("last_update_date"), "last_update_date"),
        num_qubits=len(qubits),
        qubits=qubits,
        gates=tuple(gates.values()),
        coupling=frozenset((key[1][0], key[1][1]) for key in gates if len(key[1]) == 2),
        frames=FRAMES,
        remarks=reader.remarks,
    )


def _values(reader: Reader, items: object, what: str) -> dict[str, tuple[Any, Any]]:
    """Values and units by name."""
    found: dict[str, tuple[Any, Any]] = {}
    for item in reader.items(items, what):
        entry = reader.mapping(item, f"an entry of {what}")
        name = entry.get("name")
        if not isinstance(name, str):
            raise reader.refuse(f"an entry of {what} must have a name", name)
        found.setdefault(name, (entry.get("value"), entry.get("unit", "")))
    return found


def _qubit(reader: Reader, items: object, number: int) -> QubitCalibration:
    values = _values(reader, items, f"qubit {number}")
    none = None, ""
    joint = reader.probability(values.get("readout_error", none)[0], f"the readout error of qubit {number}")
    p1_given_0 = reader.probability(values.get("prob_meas1_prep0", none)[0], f"P(1|0) of qubit {number}")
    p0_given_1 = reader.probability(values.get("prob_meas0_prep1", none)[0], f"P(0|1) of qubit {number}")
    if p1_given_0 is None or p0_given_1 is None:
        p1_given_0 = p0_given_1 = joint
    return QubitCalibration(
        reader.time(*values.get("T1", none), f"T1 of qubit {number}"),
        reader.time(*values.get("T2", none), f"T2 of qubit {number}"),
        p1_given_0,
        p0_given_1,
        reader.time(*values.get("readout_length", none), f"the readout length of qubit {number}", least=True),
    )


def _gate(reader: Reader, item: object, num_qubits: int) -> GateCalibration | None:
    entry = reader.mapping(item, "an entry of gates")
    name = entry.get("gate")
    if not isinstance(name, str) or not name:
        raise reader.refuse("a gate must have a name", name)
    qubits = tuple(
        reader.qubit(q, f"a qubit of {name}") for q in reader.items(entry.get("qubits"), f"qubits of {name}")
    )
    if len(set(qubits)) != len(qubits) or any(qubit >= num_qubits for qubit in qubits):
        raise reader.refuse(f"the qubits of {name} must be distinct ones below {num_qubits}", qubits)
    if len(qubits) not in (1, 2):
        return None
    what = f"{name} on {', '.join(map(str, qubits))}"
    values = _values(reader, entry.get("parameters"), f"parameters of {what}")
    none = None, ""
    return GateCalibration(
        _NAMES.get(name, name),
        len(qubits),
        qubits,
        reader.probability(values.get("gate_error", none)[0], f"the error of {what}"),
        reader.time(*values.get("gate_length", none), f"the length of {what}", least=True),
    )
