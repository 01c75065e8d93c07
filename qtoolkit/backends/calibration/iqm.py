"""Calibrations in IQM's form: observations of a set of quality metrics."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from qtoolkit.backends.calibration.calibration import Calibration, GateCalibration, QubitCalibration
from qtoolkit.backends.calibration.reading import FRAMES, Reader

__all__ = ["calibration_from_iqm"]

_NAME = re.compile(
    r"\A(?:metrics\.(?P<method>\w+)\.(?P<gate>\w+)\.\w+\.(?P<locus>\w+)\.(?P<metric>\w+)(?::.*)?"
    r"|characterization\.model\.(?P<component>\w+)\.(?P<quantity>\w+)"
    r"|gates\.(?P<timed>\w+)\.\w+\.(?P<place>\w+)\.duration)\Z",
    re.ASCII,
)
"""``metrics.irb.cz.crf.QB1__QB2.fidelity:par=d2``, ``characterization.model.QB1.t1_time`` and durations in seconds."""

_NUMBER = re.compile(r"(\d{1,6})")


def calibration_from_iqm(metrics: Mapping[str, Any], *, device: str = "") -> Calibration:
    """Read the quality metrics of a calibration set.

    Where a gate has several implementations, the first with a fidelity counts. T2 is that of a Ramsey experiment, and
    that of an echo where there is none.

    Args:
        metrics: what the server sends: ``observations``, each with ``dut_field``, ``value`` and ``invalid``.
        device: the quantum computer's name, which the metrics lack.

    Raises:
        BackendError: if they have another shape, or hold nothing of qubits.
    """
    reader = Reader("IQM's metrics")
    data = reader.mapping(metrics, "the metrics")
    values: dict[tuple[str, str, str], float | None] = {}
    for item in reader.items(data.get("observations"), "observations"):
        entry = reader.mapping(item, "an observation")
        name = entry.get("dut_field")
        found = _NAME.match(name) if isinstance(name, str) else None
        if found is None or entry.get("invalid"):
            continue
        key, value = _key(found), reader.number(entry.get("value"), str(name))
        if values.get(key) is None:
            values[key] = value
    names = sorted({part for _, locus, _ in values for part in locus.split("__")}, key=_natural)
    if not names:
        raise reader.refuse("observations must tell of some qubits", data.get("observations"))
    numbers = {name: number for number, name in enumerate(names)}
    gates = []
    for (what, locus, metric), value in values.items():
        operands = tuple(numbers[part] for part in locus.split("__"))
        if (what, metric, len(operands)) not in (("rb.prx", "fidelity", 1), ("irb.cz", "fidelity", 2)):
            continue
        error = reader.infidelity(value, f"the fidelity {what} of {locus}")
        if error is not None and len(set(operands)) == len(operands):
            gate = what.partition(".")[2]
            duration = reader.time(values.get((f"duration.{gate}", locus, "")), 1.0, f"the time of {gate}", least=True)
            gates.append(GateCalibration(None if gate == "prx" else gate, len(operands), operands, error, duration))
    return Calibration(
        device=device,
        source="iqm",
        taken_at=reader.moment(data.get("end_timestamp"), "end_timestamp"),
        num_qubits=len(names),
        qubits={number: _qubit(reader, values, name) for name, number in numbers.items()},
        gates=tuple(gates),
        coupling=frozenset((gate.qubits[0], gate.qubits[1]) for gate in gates if gate.qubits and gate.num_qubits == 2),
        frames=FRAMES,
        labels=tuple(names),
        remarks=reader.remarks,
    )


def _key(found: re.Match[str]) -> tuple[str, str, str]:
    """What an observation is of, where, and which quantity."""
    if found["metric"]:
        return f"{found['method']}.{found['gate']}", found["locus"], found["metric"]
    if found["quantity"]:
        return "model", found["component"], found["quantity"]
    return f"duration.{found['timed']}", found["place"], ""


def _natural(name: str) -> tuple[str | int, ...]:
    """Sorts QB2 before QB10."""
    return tuple(int(part) if part.isdigit() else part for part in _NUMBER.split(name))


def _qubit(reader: Reader, values: Mapping[tuple[str, str, str], float | None], name: str) -> QubitCalibration:
    def time(quantities: Iterable[str]) -> float | None:
        found = (reader.time(values.get(("model", name, q)), 1.0, f"{q} of {name}") for q in quantities)
        return next((value for value in found if value is not None), None)

    def readout(metric: str) -> float | None:
        return values.get(("ssro.measure", name, metric))

    up = reader.probability(readout("error_0_to_1"), f"P(1|0) of {name}")
    down = reader.probability(readout("error_1_to_0"), f"P(0|1) of {name}")
    joint = reader.infidelity(readout("fidelity"), f"the readout of {name}")
    return QubitCalibration(
        time(["t1_time"]),
        time(["t2_time", "t2_echo_time"]),
        joint if up is None else up,
        joint if down is None else down,
        reader.time(values.get(("duration.measure", name, "")), 1.0, f"the time of measuring {name}", least=True),
    )
