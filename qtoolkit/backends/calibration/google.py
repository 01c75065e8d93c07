"""Calibrations in Google's form: a snapshot of metrics of a processor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from qtoolkit.backends.calibration.calibration import Calibration, GateCalibration, QubitCalibration
from qtoolkit.backends.calibration.reading import FRAMES, MICROSECOND, NANOSECOND, Reader
from qtoolkit.noise.rules import checked_durations

__all__ = ["calibration_from_google"]

DURATIONS: Mapping[str | int, float] = {1: 25.0, "cz": 42.0, "xx_plus_yy": 32.0, "fsim": 12.0, "measure": 600.0}
"""Nanoseconds of gates of cirq-google's specification of Willow, and of its defaults for the older processors."""

_TWO_QUBIT_GATES = {"cz": "cz", "sqrt_iswap": "xx_plus_yy", "sycamore": "fsim"}
"""Gates of metrics' names by those that Cirq's gates become here."""

_LABEL = re.compile(r"\A(?:q\()?\s*q?(-?\d{1,5})\s*[_,]\s*(-?\d{1,5})\s*\)?\Z")

Metrics = dict[str, dict[tuple[str, ...], Any]]


def calibration_from_google(
    metrics: Any, *, device: str = "", durations: Mapping[str | int, float] | None = None
) -> Calibration:
    """Read a snapshot of metrics of a Google processor.

    Errors are Pauli errors, ``1 - F`` of the entanglement fidelity F, as the metrics have them; those of gates in
    parallel go before those of isolated ones. T2 is not measured but follows from T1 and the incoherent error of
    one-qubit gates, as cirq-google has it. Coherent errors, of angles, are part of the error and not told apart.

    Args:
        metrics: a `cirq_google.Calibration`, a ``MetricsSnapshot``, or either as plain data.
        device: the processor's name, which the metrics lack.
        durations: of gates in nanoseconds, by name, ``1`` for those on one qubit, ``"measure"``; the metrics lack them.
            By default those of cirq-google's specifications.

    Raises:
        BackendError: if the metrics have another shape.
        InputError: if a duration is negative or not finite, or they are no mapping.
    """
    reader = Reader("Google's metrics")
    times: dict[str | int, float] = {**DURATIONS, **(checked_durations(durations) or {})}
    found, moment = _metrics(reader, metrics)
    grid = sorted({_position(reader, label) for values in found.values() for place in values for label in place})
    if not grid:
        raise reader.refuse("metrics must name qubits", sorted(found))
    numbers = {position: k for k, position in enumerate(grid)}

    def one_qubit(*names: str) -> dict[int, Any]:
        values = next((found[name] for name in names if name in found), {})
        return {numbers[_position(reader, place[0])]: value for place, value in values.items() if len(place) == 1}

    t1 = one_qubit("single_qubit_idle_t1_micros")
    up, down = one_qubit("single_qubit_p00_error"), one_qubit("single_qubit_p11_error")
    incoherent = one_qubit("single_qubit_rb_incoherent_error_per_gate")
    errors = one_qubit("single_qubit_rb_pauli_error_per_gate")
    pulse = times[1] * NANOSECOND
    qubits, gates = {}, []
    for number in range(len(grid)):
        relaxation = reader.time(t1.get(number), MICROSECOND, f"T1 of qubit {number}")
        qubits[number] = QubitCalibration(
            relaxation,
            _t2(relaxation, reader.probability(incoherent.get(number), f"the incoherent error of {number}"), pulse),
            reader.probability(up.get(number), f"P(1|0) of qubit {number}"),
            reader.probability(down.get(number), f"P(0|1) of qubit {number}"),
            times["measure"] * NANOSECOND,
        )
        pauli = reader.probability(errors.get(number), f"the error of gates on qubit {number}")
        if pauli is not None:
            gates.append(GateCalibration(None, 1, (number,), pauli * 2.0 / 3.0, pulse))
    for theirs, name in _TWO_QUBIT_GATES.items():
        values = found.get(
            f"two_qubit_parallel_{theirs}_gate_xeb_pauli_error_per_cycle",
            found.get(f"two_qubit_{theirs}_gate_xeb_pauli_error_per_cycle", {}),
        )
        for place, value in values.items():
            pair = tuple(numbers[_position(reader, label)] for label in place)
            pauli = reader.probability(value, f"the error of {name} on {', '.join(place)}")
            if len(set(pair)) == 2 and pauli is not None:
                gates.append(GateCalibration(name, 2, pair, pauli * 4.0 / 5.0, times[name] * NANOSECOND))
    return Calibration(
        device=device,
        source="google",
        taken_at=reader.moment(moment, "the time of the metrics"),
        num_qubits=len(grid),
        qubits=qubits,
        gates=tuple(gates),
        coupling=frozenset((gate.qubits[0], gate.qubits[1]) for gate in gates if gate.qubits and gate.num_qubits == 2),
        frames=FRAMES,
        labels=tuple(f"{row}_{column}" for row, column in grid),
        remarks=reader.remarks,
    )


def _t2(t1: float | None, incoherent: float | None, pulse: float) -> float | None:
    """T2 by the error ``t/3 (1/T1 + 1/Tφ)`` of a pulse that is left when coherent ones are taken out."""
    if t1 is None or incoherent is None or pulse <= 0.0:
        return None
    dephasing = max(0.0, 3.0 * incoherent / pulse - 1.0 / t1)
    return 1.0 / (0.5 / t1 + dephasing)


def _metrics(reader: Reader, given: Any) -> tuple[Metrics, Any]:
    """Values by metric and by labels of qubits, and the time in milliseconds."""
    if not isinstance(given, Mapping):
        listed = getattr(given, "metrics", None)
        if listed is None:
            raise reader.refuse("metrics must be a snapshot", given)
        return _listed(reader, (_of_message(metric) for metric in listed)), getattr(given, "timestamp_ms", None) or None
    if "metrics" in given and not hasattr(given, "timestamp"):
        moment = given.get("timestamp_ms", given.get("timestampMs"))
        if isinstance(moment, str) and moment.isdigit():  # protobuf writes long integers so
            moment = int(moment)
        entries = (
            (
                entry.get("name"),
                entry.get("targets", ()),
                [v for value in _values(reader, entry) for v in value.values()],
            )
            for entry in (reader.mapping(item, "a metric") for item in reader.items(given["metrics"], "metrics"))
        )
        return _listed(reader, entries), moment
    found: Metrics = {}
    for name, values in given.items():
        if not isinstance(name, str):
            raise reader.refuse("a metric must have a name", name)
        found[name] = {}
        for place, value in reader.mapping(values, f"the metric {name}").items():
            labels = tuple(_label(item) for item in reader.items(place, f"the qubits of {name}"))
            found[name][labels] = next(iter(value), None) if isinstance(value, list | tuple) else value
    return _without_globals(found), getattr(given, "timestamp", None) or None


def _values(reader: Reader, entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    what = "values of a metric"
    return [reader.mapping(value, what) for value in reader.items(entry.get("values", ()), what)]


def _of_message(metric: Any) -> tuple[Any, Any, list[Any]]:
    return (
        metric.name,
        metric.targets,
        [getattr(value, value.WhichOneof("val") or "double_val") for value in metric.values],
    )


def _listed(reader: Reader, entries: Iterable[tuple[Any, Any, list[Any]]]) -> Metrics:
    found: Metrics = {}
    for name, targets, values in entries:
        if not isinstance(name, str):
            raise reader.refuse("a metric must have a name", name)
        if values:
            found.setdefault(name, {})[tuple(str(target) for target in targets)] = values[0]
    return _without_globals(found)


def _without_globals(found: Metrics) -> Metrics:
    """Metrics of qubits and pairs; the others are of the processor, or of what this version does not know."""
    return {
        name: {place: value for place, value in values.items() if place and all(_LABEL.match(part) for part in place)}
        for name, values in found.items()
    }


def _label(item: object) -> str:
    row, column = getattr(item, "row", None), getattr(item, "col", None)
    return str(item) if row is None or column is None else f"{row}_{column}"


def _position(reader: Reader, label: str) -> tuple[int, int]:
    found = _LABEL.match(label)
    if found is None:
        raise reader.refuse("a qubit is named by its row and column", label)
    return int(found[1]), int(found[2])
