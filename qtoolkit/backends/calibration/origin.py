"""Calibrations in Origin's form: what its cloud tells of a chip."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qtoolkit.backends.calibration.calibration import Calibration, GateCalibration, QubitCalibration
from qtoolkit.backends.calibration.reading import FRAMES, MICROSECOND, NANOSECOND, Reader
from qtoolkit.errors import InputError

__all__ = ["calibration_from_origin"]

_PAIR_GATE = "cz"
"""The gate between qubits of Origin's superconducting chips, whose fidelity the edges of the chip's graph have."""


def calibration_from_origin(chip_info: Any, *, device: str = "") -> Calibration:
    """Read what Origin's cloud tells of a chip.

    Of readout only one fidelity is known, so both errors are alike. The unit of the clock of gates is not documented;
    its numbers are those of nanoseconds.

    Args:
        chip_info: the answer to ``/oqcs/task/origin/chipInfo.json`` or its part ``obj``: ``QubitParams`` with T1 and T2
            in microseconds, ``ReadoutFidelity`` and ``SingleGateFidelity``; ``adjMatrix`` with the fidelities of pairs;
            ``QGateClock``. Or pyqpanda3's ``ChipInfo``.
        device: the chip's name, where the data lacks it.

    Raises:
        BackendError: if it has another shape.
    """
    reader = Reader("Origin's chip info")
    data = _chip(reader, chip_info)
    params = _by_key(reader, _member(reader, data, "QubitParams"), "qubitId", "QubitParams")
    if not params:
        raise reader.refuse("QubitParams must hold some qubits", data.get("QubitParams"))
    clock = _clock(reader, data)
    one_qubit = next((clock[name] for name in ("RPHI", "U3", "RX", "H", "X1", "X") if name in clock), None)
    available = data.get("AvailableQubits")
    there = None if available is None else {reader.qubit(q, "AvailableQubits") for q in reader.items(available, "it")}
    qubits: dict[int, QubitCalibration] = {}
    gates: list[GateCalibration] = []
    for key, item in params:
        number = reader.qubit(key, "QubitParams")
        if there is not None and number not in there:
            continue
        entry = reader.mapping(item, f"qubit {number}")
        readout = reader.infidelity(entry.get("ReadoutFidelity"), f"the readout of qubit {number}")
        qubits[number] = QubitCalibration(
            reader.time(entry.get("T1"), MICROSECOND, f"T1 of qubit {number}"),
            reader.time(entry.get("T2"), MICROSECOND, f"T2 of qubit {number}"),
            readout,
            readout,
        )
        error = reader.infidelity(entry.get("SingleGateFidelity"), f"the fidelity of gates on qubit {number}")
        if error is not None:
            gates.append(GateCalibration(None, 1, (number,), error, one_qubit))
    pairs = _pairs(reader, data, there)
    pair_time = clock.get("CZ", clock.get("CNOT"))
    gates += [
        GateCalibration(_PAIR_GATE, 2, pair, error, pair_time) for pair, error in pairs.items() if error is not None
    ]
    used = {*qubits, *(qubit for pair in pairs for qubit in pair)}
    count = data.get("QubitCount")
    highest = max(used, default=0) + 1
    name = data.get("Chip", data.get("ChipID", device))
    try:
        return Calibration(
            device=device or str(name),
            source="origin",
            taken_at=reader.moment(data.get("LastUpdateTime"), "LastUpdateTime"),
            num_qubits=highest if count is None else max(highest, reader.qubit(count, "QubitCount")),
            qubits=qubits,
            gates=tuple(gates),
            coupling=frozenset(pairs),
            frames=FRAMES,
            remarks=reader.remarks,
        )
    except InputError as error:
        raise reader.refuse(str(error), sorted(data)) from error


def _chip(reader: Reader, given: Any) -> Mapping[str, Any]:
    """The object with the chip's data, wherever it is wrapped."""
    if hasattr(given, "single_qubit_info"):
        return _of_sdk(given)
    data = given
    for _ in range(4):
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except ValueError as error:
                raise reader.refuse("it must be JSON", data) from error
        data = reader.mapping(data, "the chip info")
        inner = next((data[name] for name in ("obj", "QuantumChipArch") if data.get(name)), None)
        if inner is None:
            break
        data = inner
    return reader.mapping(data, "the chip info")


def _by_key(reader: Reader, given: Any, name: str, what: str) -> list[tuple[Any, Any]]:
    """Entries with their keys, which an object has, or the entries of a list themselves."""
    if isinstance(given, Mapping):
        return list(given.items())
    return [(entry.get(name), entry) for entry in (reader.mapping(item, what) for item in reader.items(given, what))]


def _member(reader: Reader, data: Mapping[str, Any], name: str) -> Any:
    value = data.get(name)
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError as error:
            raise reader.refuse(f"{name} must be JSON", value) from error
    return value


def _pairs(reader: Reader, data: Mapping[str, Any], there: set[int] | None) -> dict[tuple[int, int], float | None]:
    """Errors of pairs of qubits that are there, each pair once."""
    matrix = _member(reader, data, "adjMatrix")
    if matrix is None:
        matrix = _member(reader, data, "AdjMatrix")
    found: dict[tuple[int, int], float | None] = {}
    for key, items in reader.optional(matrix, "adjMatrix").items():
        first = reader.qubit(key, "adjMatrix")
        for item in reader.items(items, "adjMatrix"):
            entry = reader.mapping(item, "adjMatrix")
            second = reader.qubit(entry.get("v"), "adjMatrix")
            pair = min(first, second), max(first, second)
            if first == second or pair in found or (there is not None and not there.issuperset(pair)):
                continue
            found[pair] = reader.infidelity(entry.get("w"), f"the fidelity of {first} and {second}")
    return found


def _clock(reader: Reader, data: Mapping[str, Any]) -> dict[str, float]:
    """Seconds by names of gates in capitals."""
    found = {}
    for name, item in _by_key(reader, _member(reader, data, "QGateClock"), "gateType", "QGateClock"):
        value = item.get("IntValue") if isinstance(item, Mapping) else item
        time = reader.time(value, NANOSECOND, f"the time of {name}", least=True)
        if time:
            found[str(name).upper()] = time
    return found


def _of_sdk(info: Any) -> dict[str, Any]:
    """The data of pyqpanda3's `ChipInfo`, in the form of the service."""
    matrix: dict[str, list[dict[str, Any]]] = {}
    for pair in info.double_qubits_info():
        first, second = pair.get_qubits()
        matrix.setdefault(str(first), []).append({"v": int(second), "w": pair.get_fidelity()})
    return {
        "Chip": info.chip_id(),
        "QubitCount": info.qubits_num(),
        "AvailableQubits": list(info.available_qubits()),
        "QubitParams": {
            str(qubit.get_qubit_id()): {
                "T1": qubit.get_t1(),
                "T2": qubit.get_t2(),
                "ReadoutFidelity": qubit.get_readout_fidelity(),
                "SingleGateFidelity": qubit.get_single_gate_fidelity(),
            }
            for qubit in info.single_qubit_info()
        },
        "adjMatrix": matrix,
        "QGateClock": {"RPhi": info.get_single_gate_timing(), "CZ": info.get_double_gate_timing()},
    }
