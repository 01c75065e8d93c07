"""Payloads and answers of Quafu: OpenQASM 2 in a form; counts by bitstrings whose leftmost letter is ``meas[0]``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode

from qtoolkit.backends.cloud.bits import Outcomes
from qtoolkit.backends.cloud.payload import Failure, Payload, Serializer
from qtoolkit.backends.compiling.device import CompiledCircuit
from qtoolkit.circuit import Barrier, Circuit, StandardGate
from qtoolkit.errors import ConversionError, JobError
from qtoolkit.interop.openqasm import from_qasm

__all__ = ["BASIS", "FORMAT", "GATES", "QuafuSerializer", "payload_of"]

FORMAT = "quafu.openqasm2"
REGISTER = "meas"
GATES = frozenset({"x", "y", "z", "h", "rx", "ry", "rz", "cx", "cz"})
"""The gates that every chip of the service takes, by the names that OpenQASM 2 shares with this toolkit."""

BASIS = ("rx", "rz", "cz")
"""What other gates become."""

_VERSION = "0.4.5"
"""The release of pyquafu whose form is sent."""

_MEDIA_TYPE = "application/x-www-form-urlencoded;charset=UTF-8"
_PAIR = re.compile(r"\s*(['\"])([01]+)\1\s*:\s*(\d+)\s*")


def payload_of(
    circuit: Circuit, program: CompiledCircuit, shots: int, key: str, system: int, *, compile_there: bool
) -> Payload:
    """One task, field by field as pyquafu sends it, with the key as its name."""
    form = {
        "qtasm": _written(program),
        "shots": shots,
        "qubits": program.num_qubits,
        "scan": 0,
        "tomo": 0,
        "selected_server": system,
        "compile": int(compile_there),
        "priority": 2,
        "task_name": key,
        "pyquafu_version": _VERSION,
        "runtime_job_id": "",
    }
    bits = program.bits(circuit, REGISTER)
    return Payload(
        urlencode(form).encode(), FORMAT, shots, (bits,), _MEDIA_TYPE, facts={"width": len(program.measured)}
    )


class QuafuSerializer(Serializer):
    """Reads what `payload_of` wrote, and tasks that the service returns."""

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The circuit of a payload; see `Serializer.circuits`."""
        try:
            (text,) = parse_qs(payload.body.decode(), strict_parsing=True)["qtasm"]
            (bits,) = payload.bits
        except (ValueError, LookupError) as error:
            raise ConversionError(f"the body is no task of Quafu: {error}") from error
        return [bits.measured_again(from_qasm(text))]

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The counts of the task; see `Serializer.outcomes`.

        The service writes them as Python writes a dictionary. It is read letter by letter, never evaluated.
        """
        task = json.loads(raw)
        if not isinstance(task, Mapping):
            raise JobError("the answer has no task in it")
        counts = _counts(task.get("res"))
        about = {"task_id": task["task_id"]} if isinstance(task.get("task_id"), str) else {}
        width = payload.facts["width"]
        return [Outcomes.of_bitstrings(REGISTER, counts, first_is_left=True, width=width, **about)]


def _written(program: CompiledCircuit) -> str:
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{program.num_qubits}];"]
    lines.append(f"creg meas[{len(program.measured)}];")
    for operation in program.operations:
        targets = ",".join(f"q[{qubit}]" for qubit in operation.qubits)
        name = "barrier"
        if not isinstance(operation.gate, Barrier):
            assert isinstance(operation.gate, StandardGate)
            angles = ",".join(repr(float(angle)) for angle in operation.gate.params)
            name = operation.gate.name + (f"({angles})" if angles else "")
        lines.append(f"{name} {targets};")
    lines += [f"measure q[{qubit}] -> meas[{column}];" for column, qubit in enumerate(program.measured)]
    return "\n".join(lines) + "\n"


def _counts(given: Any) -> dict[str, int]:
    if isinstance(given, Mapping):
        return dict(given)
    text = given.strip() if isinstance(given, str) else ""
    if not (text.startswith("{") and text.endswith("}")):
        raise JobError(f"res is counts by bitstrings in braces, got {str(given)[:60]!r}")
    counts: dict[str, int] = {}
    for item in text[1:-1].rstrip().removesuffix(",").split(","):
        found = _PAIR.fullmatch(item)
        if found is None or found[2] in counts:
            raise JobError(f"res is counts by bitstrings, each once, got {item[:60]!r}")
        counts[found[2]] = int(found[3])
    return counts
