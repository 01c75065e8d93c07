"""IonQ's circuits as JSON, in its gate set ``qis``, and its answers, which are probabilities; several clouds use them.

Rotations are in radians, ``exp(-i θ/2 P)``; an outcome is an integer whose bit k is qubit k.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qtoolkit.backends.cloud.bits import BitMap, Outcomes
from qtoolkit.backends.compiling.basis import in_basis
from qtoolkit.circuit import STANDARD_GATES, Barrier, Circuit, StandardGate
from qtoolkit.errors import ConversionError, JobError

__all__ = ["NATIVE_GATES", "QUBITS", "from_qis", "outcomes_of", "sampling_seed", "to_qis"]

_GATES = {
    "x": "x",
    "y": "y",
    "z": "z",
    "h": "h",
    "s": "s",
    "sdg": "si",
    "t": "t",
    "tdg": "ti",
    "sx": "v",
    "sxdg": "vi",
    "rx": "rx",
    "ry": "ry",
    "rz": "rz",
    "cx": "cnot",
    "swap": "swap",
    "rxx": "xx",
    "ryy": "yy",
    "rzz": "zz",
}
_NAMES = {theirs: ours for ours, theirs in _GATES.items()} | {"not": "x"}
_FIELDS = frozenset({"gate", "target", "targets", "control", "controls", "rotation"})

NATIVE_GATES = frozenset(_GATES)
"""This toolkit's names of the gates that IonQ's gate set has."""

QUBITS = "qubits"
"""How maps of bits call the register of an answer: its index k is qubit k."""

_ROUNDING = 0.01
"""Shots by which a probability times the number of shots may miss an integer: probabilities come in few digits."""


def to_qis(circuit: Circuit) -> tuple[list[dict[str, Any]], BitMap]:
    """The gates of a circuit in IonQ's gate set, and where its classical bits are in the answer.

    Args:
        circuit: measures at its end; every parameter bound.

    Raises:
        ConversionError: naming what the gate set cannot hold.
        UnboundParameterError: if a parameter has no value.
    """
    body, measured = circuit.split_final_measurements()
    gates = []
    for operation in in_basis(body, NATIVE_GATES).operations:
        gate, qubits = operation.gate, operation.qubits
        if isinstance(gate, Barrier):
            continue
        if not isinstance(gate, StandardGate):
            raise ConversionError(f"IonQ's circuits hold gates and final measurements only, got {gate.name}")
        entry: dict[str, Any] = {"gate": _GATES[gate.name]}
        if gate.name == "cx":
            entry |= {"control": qubits[0], "target": qubits[1]}
        elif len(qubits) == 1:
            entry["target"] = qubits[0]
        else:
            entry["targets"] = list(qubits)
        if gate.params:
            entry["rotation"] = float(gate.params[0])
        gates.append(entry)
    return gates, BitMap.of(circuit, {clbit: (QUBITS, qubit) for qubit, clbit in measured})


def from_qis(gates: object, num_qubits: object, bits: BitMap) -> Circuit:
    """The circuit that IonQ's JSON holds, measured into the bits of a map.

    Raises:
        ConversionError: naming what is no part of the gate set.
    """
    if not isinstance(num_qubits, int) or isinstance(num_qubits, bool) or num_qubits < 1:
        raise ConversionError(f"IonQ's circuits say their number of qubits, got {num_qubits!r}")
    if not isinstance(gates, list):
        raise ConversionError(f"IonQ's circuits are lists of gates, got {type(gates).__name__}")
    circuit = Circuit(num_qubits)
    circuit.num_clbits = bits.num_clbits
    for register in bits.registers:
        circuit.name_clbits(register.name, register.clbits)
    for position, entry in enumerate(gates):
        try:
            _append(circuit, entry)
        except (KeyError, TypeError, ValueError) as error:
            raise ConversionError(f"cannot read gate {position} of IonQ's circuit, {entry!r}: {error}") from error
    for clbit, source in enumerate(bits.sources):
        if source is not None:
            circuit.measure(source[1], clbit)
    return circuit


def _append(circuit: Circuit, entry: Mapping[str, Any]) -> None:
    unknown = set(entry) - _FIELDS
    if unknown:
        raise ConversionError(f"gates have no field {min(unknown)!r}")
    if entry["gate"] not in _NAMES:
        raise ConversionError(f"the gate set has no gate {entry['gate']!r}")
    name = _NAMES[entry["gate"]]
    controls = list(entry.get("controls", ())) + ([entry["control"]] if "control" in entry else [])
    targets = list(entry.get("targets", ())) + ([entry["target"]] if "target" in entry else [])
    gate = StandardGate(name, tuple(entry[key] for key in STANDARD_GATES[name].parameter_names and ("rotation",)))
    if name == "cx":
        if len(controls) != 1:
            raise ConversionError(f"a cnot has one control, got {len(controls)}")
        circuit.append(gate, [*controls, *targets])
    elif controls:
        circuit.append(gate.controlled(len(controls)), [*controls, *targets])
    else:
        circuit.append(gate, targets)


def sampling_seed(key: str) -> int:
    """The seed of the shots that are drawn for a submission: the same whenever and wherever its answer is read."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


def outcomes_of(
    probabilities: object,
    num_qubits: int,
    shots: int,
    seed: Sequence[int] | None = None,
    *,
    are_averages: bool = False,
    **metadata: Any,
) -> Outcomes:
    """Counts made of the probabilities of an answer.

    Args:
        probabilities: by the decimal digits of an outcome.
        num_qubits: of the circuit.
        shots: that were asked for.
        seed: where the probabilities are exact ones, of the shots that are drawn from them; None where they are
            frequencies, so that each times the number of shots is a count.
        are_averages: whether they are averages over variants of the circuit instead, which need not be frequencies of
            so many shots; the nearest counts of so many shots are taken then.
        metadata: what else the provider says.

    Raises:
        JobError: if they are no probabilities, or no frequencies of so many shots.
    """
    if not isinstance(probabilities, Mapping) or not probabilities:
        raise JobError(f"IonQ answers with probabilities by outcome, got {str(probabilities)[:60]!r}")
    values: dict[int, float] = {}
    for key, value in probabilities.items():
        if not (isinstance(key, str) and key.isascii() and key.isdigit()):
            raise JobError(f"IonQ's outcomes are decimal numbers, got {key!r}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0 + 1e-9:
            raise JobError(f"IonQ's answer has a probability of {value!r}")
        values[int(key)] = float(value)
    if seed is None and not are_averages:
        return Outcomes.of_integers(QUBITS, num_qubits, _frequencies(values, shots), **metadata)
    total = math.fsum(values.values())
    if abs(total - 1.0) > 1e-6 + 1e-9 * len(values):
        raise JobError(
            f"no {shots} shots can be drawn from IonQ's answer: its probabilities sum to {total}; it is kept"
        )
    if seed is None:
        note = "the nearest counts to averages over variants of the circuit"
        return Outcomes.of_integers(QUBITS, num_qubits, _nearest(values, shots), rounding=note, **metadata)
    order = sorted(values)
    weights = np.array([values[outcome] for outcome in order]) / total
    drawn = np.random.default_rng(list(seed)).multinomial(shots, weights / weights.sum())
    counts = {outcome: int(count) for outcome, count in zip(order, drawn, strict=True) if count}
    note = "shots drawn here from IonQ's exact probabilities, with a seed made of the job's key"
    return Outcomes.of_integers(QUBITS, num_qubits, counts, sampling=note, sampling_seed=list(seed), **metadata)


def _frequencies(values: Mapping[int, float], shots: int) -> dict[int, int]:
    counts = {}
    for outcome, value in values.items():
        count = round(value * shots)
        if abs(value * shots - count) > _ROUNDING:
            raise JobError(
                f"the frequencies of IonQ's answer are none of {shots} shots: {value!r} of outcome {outcome} would be "
                f"{value * shots:g} of them; its answer is kept"
            )
        if count:
            counts[outcome] = count
    return counts


def _nearest(values: Mapping[int, float], shots: int) -> dict[int, int]:
    """Counts that sum to the shots, each below or above its share by less than one: the largest remainders are up."""
    shares = {outcome: value * shots for outcome, value in values.items()}
    counts = {outcome: math.floor(share) for outcome, share in shares.items()}
    order = sorted(shares, key=lambda outcome: (counts[outcome] - shares[outcome], outcome))
    for outcome in order[: shots - sum(counts.values())]:
        counts[outcome] += 1
    return {outcome: count for outcome, count in counts.items() if count}
