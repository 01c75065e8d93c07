"""IonQ's circuits as JSON, in its gate set ``qis``, and its answers, which are probabilities; several clouds use them.

Rotations are in radians, ``exp(-i θ/2 P)``; an outcome is an integer whose bit k is qubit k.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.backends.cloud.bits import BitMap, Outcomes
from qtoolkit.backends.cloud.frequencies import counts_of_frequencies, nearest_counts
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
    circuit = bits.blank(num_qubits)
    for position, entry in enumerate(gates):
        try:
            _append(circuit, entry)
        except (KeyError, TypeError, ValueError) as error:
            raise ConversionError(f"cannot read gate {position} of IonQ's circuit, {entry!r}: {error}") from error
    return bits.measure(circuit, range(num_qubits))


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
    order = sorted(values)
    weights = np.array([values[outcome] for outcome in order])
    if seed is None and not are_averages:
        counts = _counts(order, counts_of_frequencies(weights, shots))
        return Outcomes.of_integers(QUBITS, num_qubits, counts, **metadata)
    total, slack = math.fsum(values.values()), 1e-6 + 1e-9 * len(values)
    if abs(total - 1.0) > slack:
        raise JobError(
            f"no {shots} shots can be drawn from IonQ's answer: its probabilities sum to {total}; it is kept"
        )
    if seed is None:
        counts = _counts(order, nearest_counts(weights, shots, 2.0 * slack))
        note = "the nearest counts to averages over variants of the circuit"
        return Outcomes.of_integers(QUBITS, num_qubits, counts, rounding=note, **metadata)
    # Twice, since the first division alone may leave a sum above 1.
    weights = weights / total
    drawn = np.random.default_rng(list(seed)).multinomial(shots, weights / weights.sum())
    counts = _counts(order, drawn)
    note = "shots drawn here from IonQ's exact probabilities, with a seed made of the job's key"
    return Outcomes.of_integers(QUBITS, num_qubits, counts, sampling=note, sampling_seed=list(seed), **metadata)


def _counts(outcomes: Sequence[int], counts: NDArray[np.int64]) -> dict[int, int]:
    return {outcome: int(count) for outcome, count in zip(outcomes, counts, strict=True) if count}
