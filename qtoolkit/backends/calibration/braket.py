"""Calibrations in Braket's form: the properties of a device, standardized or of its provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qtoolkit.backends.calibration.calibration import Calibration, GateCalibration, QubitCalibration
from qtoolkit.backends.calibration.reading import FRAMES, Reader
from qtoolkit.errors import InputError

__all__ = ["calibration_from_braket"]

_NAMES = {
    "cnot": "cx",
    "cphase": "cp",
    "cphaseshift": "cp",
    "cz": "cz",
    "iswap": "iswap",
    "xy": "xx_plus_yy",
    "ecr": "ecr",
    "swap": "swap",
    "xx": "rxx",
    "yy": "ryy",
    "zz": "rzz",
    "cy": "cy",
}
"""Gates of Braket's names by those here; others have the name of none, and stand for all on so many qubits."""

_ONE_QUBIT = ("RANDOMIZED_BENCHMARKING", "SIMULTANEOUS_RANDOMIZED_BENCHMARKING")
"""Which fidelity of one-qubit gates counts, the first there is."""


def calibration_from_braket(properties: Mapping[str, Any], *, device: str = "") -> Calibration:
    """Read the properties of a Braket device.

    Args:
        properties: the device's capabilities as JSON: the part ``standardized`` of version 1, 2 or 3, or IonQ's own
            part ``provider``.
        device: its name or ARN, which the properties lack.

    Raises:
        BackendError: if they have another shape, or hold no calibration.
    """
    reader = Reader("Braket's device properties")
    data = reader.mapping(properties, "the properties")
    standardized, provider = data.get("standardized"), data.get("provider")
    paradigm = reader.optional(data.get("paradigm"), "paradigm")
    one: dict[int, QubitCalibration] = {}
    gates: list[GateCalibration] = []
    moment = None
    if standardized and not (_is_bare(standardized) and provider):
        part = reader.mapping(standardized, "standardized")
        one, gates = _of_qubits(reader, part)
        moment = part.get("updatedAt")
        one, gates = _of_device(reader, part, one, gates, _count(reader, paradigm, one))
    elif provider and "fidelity" in reader.mapping(provider, "provider"):
        one, gates = _of_ionq(reader, provider, _count(reader, paradigm, one))
    else:
        raise reader.refuse("they must have a part standardized, or a provider's fidelities", sorted(data))
    if moment is None:
        moment = reader.optional(data.get("service"), "service").get("updatedAt")
    coupling = _coupling(reader, paradigm)
    used = {*one, *(q for gate in gates for q in gate.qubits or ()), *(q for pair in coupling or () for q in pair)}
    try:
        return Calibration(
            device=device,
            source="braket",
            taken_at=reader.moment(moment, "updatedAt"),
            num_qubits=max(used, default=0) + 1,
            qubits=one,
            gates=tuple(gates),
            coupling=coupling,
            frames=FRAMES,
            remarks=reader.remarks,
        )
    except InputError as error:
        raise reader.refuse(str(error), sorted(data)) from error


def _is_bare(standardized: Any) -> bool:
    """Whether the standardized part is there, and says nothing."""
    return isinstance(standardized, Mapping) and all(
        name == "braketSchemaHeader" or not value for name, value in standardized.items()
    )


def _count(reader: Reader, paradigm: Mapping[str, Any], one: Mapping[int, object]) -> int:
    count = paradigm.get("qubitCount")
    if count is None:
        return len(one)
    return reader.qubit(count, "qubitCount")


def _coupling(reader: Reader, paradigm: Mapping[str, Any]) -> frozenset[tuple[int, int]] | None:
    connectivity = reader.optional(paradigm.get("connectivity"), "connectivity")
    graph = reader.optional(connectivity.get("connectivityGraph"), "connectivityGraph")
    if connectivity.get("fullyConnected") or not graph:
        return None
    return frozenset(
        (reader.qubit(a, "connectivityGraph"), reader.qubit(b, "connectivityGraph"))
        for a, neighbours in graph.items()
        for b in reader.items(neighbours, "connectivityGraph")
        if a != b
    )


def _of_qubits(reader: Reader, part: Mapping[str, Any]) -> tuple[dict[int, QubitCalibration], list[GateCalibration]]:
    """What versions 1 and 2 say of each qubit and pair, and version 3 of each qubit."""
    one: dict[int, QubitCalibration] = {}
    gates: list[GateCalibration] = []
    for key, item in reader.optional(part.get("oneQubitProperties"), "oneQubitProperties").items():
        number = reader.qubit(key, "oneQubitProperties")
        entry = reader.mapping(item, f"qubit {number}")
        fidelities = _fidelities(reader, entry.get("oneQubitFidelity"), f"qubit {number}")
        up, down = _readout(reader, fidelities, f"the readout of qubit {number}")
        one[number] = QubitCalibration(
            _duration(reader, entry.get("T1"), f"T1 of qubit {number}"),
            _duration(reader, entry.get("T2"), f"T2 of qubit {number}"),
            up,
            down,
        )
        error = reader.infidelity(_first(fidelities, _ONE_QUBIT), f"the fidelity of gates on qubit {number}")
        if error is not None:
            gates.append(GateCalibration(None, 1, (number,), error))
    for key, item in reader.optional(part.get("twoQubitProperties"), "twoQubitProperties").items():
        pair = tuple(reader.qubit(text, "twoQubitProperties") for text in str(key).split("-"))
        if len(pair) != 2 or pair[0] == pair[1]:
            raise reader.refuse("twoQubitProperties are those of pairs such as '0-1'", key)
        for listed in reader.items(reader.mapping(item, f"pair {key}").get("twoQubitGateFidelity"), f"pair {key}"):
            gate = _pair_gate(reader, reader.mapping(listed, f"pair {key}"), (pair[0], pair[1]))
            if gate is not None and not any((g.name, g.qubits) == (gate.name, gate.qubits) for g in gates[-8:]):
                gates.append(gate)
    return one, gates


def _pair_gate(reader: Reader, entry: Mapping[str, Any], pair: tuple[int, int]) -> GateCalibration | None:
    theirs = entry.get("gateName")
    if not isinstance(theirs, str):
        raise reader.refuse("a two-qubit fidelity must name its gate", theirs)
    error = reader.infidelity(entry.get("fidelity"), f"the fidelity of {theirs} on {pair[0]}-{pair[1]}")
    if error is None:
        return None
    direction = entry.get("direction")
    if direction:
        ends = reader.mapping(direction, "direction")
        given = reader.qubit(ends.get("control"), "direction"), reader.qubit(ends.get("target"), "direction")
        if set(given) != set(pair):
            raise reader.refuse(f"the direction of {theirs} is between {pair[0]} and {pair[1]}", given)
        pair = given
    return GateCalibration(_NAMES.get(theirs.lower()), 2, pair, error)


def _of_device(
    reader: Reader, part: Mapping[str, Any], one: dict[int, QubitCalibration], gates: list[GateCalibration], count: int
) -> tuple[dict[int, QubitCalibration], list[GateCalibration]]:
    """What version 3 says of the device, for qubits of which nothing better is known."""
    t1, t2 = (_duration(reader, part.get(name), name) for name in ("T1", "T2"))
    read = _duration(reader, part.get("readoutDuration"), "readoutDuration")
    pulse = _duration(reader, part.get("singleQubitGateDuration"), "singleQubitGateDuration")
    pair = _duration(reader, part.get("twoQubitGateDuration"), "twoQubitGateDuration")
    readout = _only_infidelity(reader, part, "readoutFidelity")
    single = _only_infidelity(reader, part, "singleQubitFidelity")
    double = _only_infidelity(reader, part, "twoQubitGateFidelity")
    if all(value is None for value in (t1, t2, read, pulse, pair, readout, single, double)):
        return one, gates
    filled = {}
    for number in sorted({*one, *range(count)}) if not one else sorted(one):
        known = one.get(number, QubitCalibration())
        filled[number] = QubitCalibration(
            known.t1 or t1,
            known.t2 or t2,
            readout if known.p1_given_0 is None else known.p1_given_0,
            readout if known.p0_given_1 is None else known.p0_given_1,
            read,
        )
    timed = [
        GateCalibration(gate.name, gate.num_qubits, gate.qubits, gate.error, pulse if gate.num_qubits == 1 else pair)
        for gate in gates
    ]
    if single is not None or (pulse is not None and not any(gate.num_qubits == 1 for gate in timed)):
        timed.append(GateCalibration(None, 1, None, single, pulse))
    if double is not None or (pair is not None and not any(gate.num_qubits == 2 for gate in timed)):
        timed.append(GateCalibration(None, 2, None, double, pair))
    return filled, timed


def _of_ionq(
    reader: Reader, provider: Mapping[str, Any], count: int
) -> tuple[dict[int, QubitCalibration], list[GateCalibration]]:
    """IonQ's own part: means over the device, times in seconds."""
    fidelity = reader.mapping(provider["fidelity"], "fidelity")
    timing = reader.optional(provider.get("timing"), "timing")

    def error(name: str) -> float | None:
        return reader.infidelity(reader.optional(fidelity.get(name), name).get("mean"), f"the fidelity {name}")

    def time(name: str) -> float | None:
        return reader.time(timing.get(name), 1.0, f"the time {name}", least=name not in ("T1", "T2"))

    spam = error("spam")
    qubit = QubitCalibration(time("T1"), time("T2"), spam, spam, time("readout"))
    one, two = (GateCalibration(None, k, None, error(f"{k}Q"), time(f"{k}Q")) for k in (1, 2))
    return dict.fromkeys(range(count), qubit), [one, two]


def _fidelities(reader: Reader, items: object, what: str) -> dict[str, Any]:
    """Fidelities by the names of their types."""
    found: dict[str, Any] = {}
    for item in reader.items(items, f"the fidelities of {what}"):
        entry = reader.mapping(item, f"a fidelity of {what}")
        name = reader.optional(entry.get("fidelityType"), f"a fidelity of {what}").get("name")
        found.setdefault(str(name).upper(), entry.get("fidelity"))
    return found


def _readout(reader: Reader, fidelities: Mapping[str, Any], what: str) -> tuple[float | None, float | None]:
    """P(1|0) and P(0|1); alike where only a fidelity is known."""
    up = reader.probability(fidelities.get("READOUT_ERROR_0_TO_1"), f"{what}, 0 to 1")
    down = reader.probability(fidelities.get("READOUT_ERROR_1_TO_0"), f"{what}, 1 to 0")
    joint = reader.infidelity(fidelities.get("READOUT"), what)
    return (joint if up is None else up), (joint if down is None else down)


def _first(fidelities: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((fidelities[name] for name in names if fidelities.get(name) is not None), None)


def _only_infidelity(reader: Reader, part: Mapping[str, Any], name: str) -> float | None:
    """1 minus the first fidelity of a list; None for none."""
    listed = reader.items(part.get(name), name)
    return reader.infidelity(reader.mapping(listed[0], name).get("fidelity"), name) if listed else None


def _duration(reader: Reader, item: object, what: str) -> float | None:
    if item is None:
        return None
    entry = reader.mapping(item, what)
    return reader.time(entry.get("value"), entry.get("unit", "s"), what)
