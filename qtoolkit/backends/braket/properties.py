"""What a device of the service says of itself, read from its description."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qtoolkit.backends.braket.openqasm import NATIVE_GATES, Dialect
from qtoolkit.backends.capabilities import Capabilities
from qtoolkit.circuit import STANDARD_GATES
from qtoolkit.errors import BackendError

__all__ = ["DeviceProperties", "read_properties"]

PROGRAM = "braket.ir.openqasm.program"
"""The action that runs one circuit of OpenQASM."""

PROGRAM_SET = "braket.ir.openqasm.program_set"
"""The action that runs many in one task."""

KRAUS = "braket_noise_kraus"
"""The pragma of those that take channels."""

_SAME_GATE = {"r": "prx", "rxx": "xx", "ryy": "yy", "rzz": "zz"}
_MOST_QUBITS = 1 << 16


@dataclass(frozen=True)
class DeviceProperties:
    """A device as the service describes it.

    Attributes:
        arn: its name.
        name: as people call it.
        provider: who built it.
        status: the service's word: ``"ONLINE"``, ``"OFFLINE"``, ``"PAUSED"``, ``"RETIRED"``.
        queue: tasks that wait; None where it does not say.
        is_simulator: false for quantum hardware.
        qubits: the device's own numbers of its qubits, in order; qubit k of a circuit is the k-th of them where places
            are kept.
        shots: the fewest and the most.
        operations: Braket's names of the gates that it takes, in lower case.
        native: Braket's names of the gates that it runs as they are; empty for simulators.
        pairs: of places in `qubits` that a two-qubit gate can join; None where that is every pair.
        takes_matrices: whether a matrix may be written as a gate.
        takes_channels: whether noise may stand among the gates.
        takes_controls: whether gates may be controlled by the modifier ``ctrl``.
        takes_places: whether circuits may say which of its qubits they use.
        takes_verbatim: whether circuits may say exactly what runs.
        most_programs: circuits of one task; 1 where it takes no sets of programs.
        most_shots_of_set: of all circuits of a task together.
        capabilities: the whole description, as JSON types.
    """

    arn: str
    name: str
    provider: str
    status: str
    queue: int | None
    is_simulator: bool
    qubits: tuple[int, ...]
    shots: tuple[int, int]
    operations: frozenset[str]
    native: frozenset[str]
    pairs: tuple[tuple[int, int], ...] | None
    takes_matrices: bool
    takes_channels: bool
    takes_controls: bool
    takes_places: bool
    takes_verbatim: bool
    most_programs: int = 1
    most_shots_of_set: int = 0
    capabilities: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def dialect(self, *, rewiring: bool, verbatim: bool) -> Dialect:
        """How circuits for the device are written down.

        Args:
            rewiring: whether the service may choose the qubits.
            verbatim: whether the gates run exactly as they stand.
        """
        taken = {ours: theirs for ours, theirs in NATIVE_GATES.items() if theirs in self.operations}
        return Dialect(
            gates=NATIVE_GATES if verbatim else taken,
            takes_matrices=self.takes_matrices,
            takes_controls=self.takes_controls,
            takes_channels=self.takes_channels,
            takes_barriers="barrier" in self.operations,
            places=None if rewiring else self.qubits,
            native=self.native if verbatim else None,
        )

    def toolkit_capabilities(self) -> Capabilities:
        """The same in the terms of all backends."""
        gates = self.native if self.native else self.operations
        ours = {name for name, theirs in NATIVE_GATES.items() if theirs in gates}
        if "prx" in gates or {"gpi", "gpi2"} <= gates:
            ours |= {"rx", "ry"} if "prx" in gates else {"x", "y", "sx", "sxdg"}
        return Capabilities(
            num_qubits=len(self.qubits),
            max_shots=self.shots[1],
            max_circuits=self.most_programs,
            native_gates=frozenset(ours & STANDARD_GATES.keys()),
            connectivity=self.pairs,
            supports_noise=self.takes_channels,
            supports_memory=True,
            is_simulator=self.is_simulator,
            is_local=False,
        )


def read_properties(answer: Mapping[str, Any]) -> DeviceProperties:
    """Read the service's answer to GetDevice.

    Raises:
        BackendError: if it describes no device that runs circuits.
    """
    arn = str(answer.get("deviceArn") or "a device")
    try:
        described = json.loads(answer["deviceCapabilities"])
        action = described["action"]
        if PROGRAM not in action:
            raise BackendError(
                f"{arn} runs no circuits of gates, its actions are {', '.join(action) or 'none'}; take another device"
            )
        return _read(arn, answer, described)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise BackendError(
            f"Braket's description of {arn} cannot be read: {type(error).__name__}: {error}; ask again, or upgrade "
            "qtoolkit-quantum"
        ) from None


def _read(arn: str, answer: Mapping[str, Any], described: Mapping[str, Any]) -> DeviceProperties:
    program = described["action"][PROGRAM]
    paradigm = described["paradigm"]
    low, high = (int(bound) for bound in described["service"]["shotsRange"])
    count = int(paradigm["qubitCount"])
    if not 1 <= count <= _MOST_QUBITS or high < 1:
        raise ValueError(f"{count} qubits and at most {high} shots")
    operations = frozenset(str(name).lower() for name in program["supportedOperations"])
    pragmas = {str(name).lower() for name in program.get("supportedPragmas") or ()}
    modifiers = {str(entry["name"]) for entry in program.get("supportedModifiers") or ()}
    is_simulator = answer["deviceType"] == "SIMULATOR"
    qubits, pairs = _places(paradigm.get("connectivity"), count)
    native = frozenset(_SAME_GATE.get(name.lower(), name.lower()) for name in paradigm.get("nativeGateSet") or ())
    set_of_programs = described["action"].get(PROGRAM_SET) or {}
    return DeviceProperties(
        arn=arn,
        name=str(answer["deviceName"]),
        provider=str(answer["providerName"]),
        status=str(answer["deviceStatus"]),
        queue=_queue(answer.get("deviceQueueInfo") or ()),
        is_simulator=is_simulator,
        qubits=qubits,
        shots=(max(1, low), high),
        operations=operations,
        native=frozenset() if is_simulator else native,
        pairs=pairs,
        takes_matrices="braket_unitary_matrix" in pragmas,
        takes_channels=KRAUS in pragmas,
        takes_controls="ctrl" in modifiers,
        takes_places=bool(program.get("supportPhysicalQubits")),
        takes_verbatim="verbatim" in pragmas and not is_simulator,
        most_programs=max(1, int(set_of_programs.get("maximumExecutables", 1))),
        most_shots_of_set=int(set_of_programs.get("maximumTotalShots", 0)),
        capabilities=described,
    )


def _places(connectivity: Any, count: int) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...] | None]:
    """The numbers of the qubits, and the pairs of their places that are joined."""
    if not connectivity or connectivity["fullyConnected"]:
        return tuple(range(count)), None
    graph = {
        int(qubit): [int(other) for other in others] for qubit, others in connectivity["connectivityGraph"].items()
    }
    known = {*graph, *(other for others in graph.values() for other in others)}
    # Qubits without a neighbour are in no graph; they have the lowest numbers that are free.
    first = min(known, default=0)
    free = (number for number in range(first, first + count) if number not in known)
    numbers = sorted([*known, *itertools.islice(free, max(0, count - len(known)))])
    place = {number: k for k, number in enumerate(numbers)}
    joined = {tuple(sorted((place[a], place[b]))) for a, others in graph.items() for b in others if a != b}
    return tuple(numbers), tuple(sorted((a, b) for a, b in joined))


def _queue(queues: Any) -> int | None:
    for entry in queues:
        if entry.get("queue") == "QUANTUM_TASKS_QUEUE" and entry.get("queuePriority", "Normal") == "Normal":
            # The service writes ">4000" where it stops counting.
            digits = str(entry.get("queueSize", "")).lstrip(">")
            return int(digits) if digits.isdigit() else None
    return None
