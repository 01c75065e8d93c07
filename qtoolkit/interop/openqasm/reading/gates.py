"""What the names of gates mean: the standard libraries, and what a text defines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from qtoolkit.circuit import STANDARD_GATES, Barrier, Gate, Instruction, ParameterValue, StandardGate
from qtoolkit.circuit.tape import GATE_NUMBERS, WIDTH, are_finite_floats
from qtoolkit.errors import ConversionError
from qtoolkit.interop.openqasm.reading.expressions import Code, Value
from qtoolkit.interop.openqasm.reading.statements import Modifier
from qtoolkit.interop.openqasm.reading.tokens import shown

__all__ = [
    "BUILT_IN",
    "LIBRARY",
    "DefinedGate",
    "KnownGate",
    "OpaqueGate",
    "Step",
    "Target",
    "barrier_on",
    "check_count",
    "check_qubits",
    "known_standard",
]

Placed: TypeAlias = tuple[Instruction, tuple[int, ...]]
"""A gate and positions among the qubits of the gate that it is part of."""


@dataclass(frozen=True, slots=True)
class KnownGate:
    """A gate that this toolkit has.

    Attributes:
        name: in the text.
        num_params: number of its angles.
        num_qubits: number of its qubits.
        build: its gates, from its angles.
        number: of the standard gate that it is at all angles, -1 if it is none.
        before: angles of that gate in front of its own.
    """

    name: str
    num_params: int
    num_qubits: int
    build: Callable[..., Sequence[Placed]]
    number: int = -1
    before: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class OpaqueGate:
    """A gate without a definition."""

    name: str


@dataclass(slots=True)
class Step:
    """One statement of a definition.

    Attributes:
        target: what is called, as it was known where the definition stands.
        modifiers: outermost first.
        arguments: in the angles of the definition.
        qubits: positions among those of the definition.
        numbers: what stands behind the qubits in a row that says the same at all angles; None if there is none.
    """

    target: Target
    modifiers: list[Modifier]
    arguments: list[Code]
    qubits: tuple[int, ...]
    numbers: tuple[float, ...] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        target = self.target
        if self.modifiers or type(target) is not KnownGate or target.number < 0:
            return
        angles = [code[0] for code in self.arguments if len(code) == 1 and type(code[0]) is float]
        if len(angles) == target.num_params and are_finite_floats(angles):
            known = (*target.before, *angles)
            self.numbers = known + (0.0,) * (WIDTH - 1 - len(self.qubits) - len(known))


@dataclass(slots=True)
class DefinedGate:
    """A gate that the text defines.

    Attributes:
        name: in the text.
        angles: their names.
        num_qubits: number of its qubits.
        steps: what it does.
        equals: the gate of this name here, where the definition says the same for all angles.
        candidate: the gate of this name here, where only the angles of a call can tell.
        answers: what they told.
    """

    name: str
    angles: tuple[str, ...]
    num_qubits: int
    steps: list[Step]
    equals: KnownGate | None = None
    candidate: KnownGate | None = None
    answers: dict[tuple[Value, ...], bool] = field(default_factory=dict)

    @property
    def num_params(self) -> int:
        """Number of its angles."""
        return len(self.angles)


Target: TypeAlias = KnownGate | DefinedGate | OpaqueGate


def barrier_on(num_qubits: int) -> KnownGate:
    """A barrier as a step of a definition."""
    return KnownGate("barrier", 0, num_qubits, lambda: ((Barrier(num_qubits), tuple(range(num_qubits))),))


def check_count(target: Target, num_arguments: int) -> KnownGate | DefinedGate:
    """The target of a call with this number of angles.

    Raises:
        ConversionError: if it takes another number, or has no definition.
    """
    if isinstance(target, OpaqueGate):
        raise ConversionError(f"{shown(target.name)} is opaque: it has no definition; define it")
    if target.num_params != num_arguments:
        raise ConversionError(f"{shown(target.name)} takes {target.num_params} angles, got {num_arguments}")
    return target


def check_qubits(target: Target, needed: int, given: int) -> None:
    """Refuse a call on another number of qubits than it needs, those of its modifiers included.

    Raises:
        ConversionError: naming both.
    """
    if given != needed:
        raise ConversionError(f"{shown(target.name)} takes {needed} qubits here, got {given}")


def known_standard(name: str, record_name: str, *before: float) -> KnownGate:
    """A standard gate under a name of its own, maybe with its first angles fixed."""
    record = STANDARD_GATES[record_name]
    places, number = tuple(range(record.num_qubits)), GATE_NUMBERS[record_name]
    if not record.num_params:
        gate = ((StandardGate(record), places),)
        return KnownGate(name, 0, record.num_qubits, lambda: gate, number)

    def build(*angles: ParameterValue) -> Sequence[Placed]:
        return ((StandardGate(record, (*before, *angles)), places),)

    return KnownGate(name, record.num_params - len(before), record.num_qubits, build, number, before)


def _made(name: str, num_params: int, num_qubits: int, make: Callable[..., Gate]) -> KnownGate:
    places = tuple(range(num_qubits))
    return KnownGate(name, num_params, num_qubits, lambda *angles: ((make(*angles), places),))


def _cu(theta: ParameterValue, phi: ParameterValue, lam: ParameterValue, gamma: ParameterValue) -> Sequence[Placed]:
    return (
        (StandardGate("u", (theta, phi, lam)).controlled(1), (0, 1)),
        (StandardGate("p", (gamma,)), (0,)),
    )


def _whole(count: ParameterValue) -> None:
    if not isinstance(count, float | int) or not float(count).is_integer():
        raise ConversionError(f"a number of delays must be an integer, got {count}")


def _idle(count: ParameterValue) -> Sequence[Placed]:
    _whole(count)
    return ((StandardGate("id"), (0,)),)


def _delay(count: ParameterValue) -> Sequence[Placed]:
    _whole(count)
    return ()


def _fixed(name: str, num_qubits: int, text: str) -> KnownGate:
    """A gate from its steps, each a gate's name, an angle in parts of pi if it has one, and letters for qubits."""
    steps = []
    for step in text.split(","):
        gate, *angle, qubits = step.split()
        angles = tuple(float(a) * math.pi for a in angle)
        steps.append((StandardGate(gate, angles), tuple("abcd".index(q) for q in qubits)))
    return KnownGate(name, 0, num_qubits, lambda: steps)


_RCCX = "h c,t c,cx bc,tdg c,cx ac,t c,cx bc,tdg c,h c"
_RC3X = "h d,t d,cx cd,tdg d,h d,cx ad,t d,cx bd,tdg d,cx ad,t d,cx bd,tdg d,h d,t d,cx cd,tdg d,h d"
_SHARED = (
    known_standard("u2", "u", math.pi / 2),
    known_standard("u3", "u"),
    known_standard("u1", "p"),
    KnownGate("cu", 4, 2, _cu),
)
_LIBRARIES = {
    2: (
        *_SHARED,
        *(known_standard(record.qasm2, record.name) for record in STANDARD_GATES.values() if record.qasm2),
        known_standard("cu1", "cp"),
        _made("cu3", 3, 2, lambda *angles: StandardGate("u", angles).controlled(1)),
        _made("c3x", 0, 4, lambda: StandardGate("x").controlled(3)),
        _made("c3sqrtx", 0, 4, lambda: StandardGate("sx").controlled(3)),
        _made("c4x", 0, 5, lambda: StandardGate("x").controlled(4)),
        _fixed("rccx", 3, _RCCX),
        _fixed("rc3x", 4, _RC3X),
        KnownGate("u0", 1, 1, _idle),
        KnownGate("delay", 1, 1, _delay),
    ),
    3: (
        *_SHARED,
        *(known_standard(record.qasm3, record.name) for record in STANDARD_GATES.values() if record.qasm3),
        known_standard("CX", "cx"),
        known_standard("phase", "p"),
        known_standard("cphase", "cp"),
    ),
}
LIBRARY = {version: {gate.name: gate for gate in gates} for version, gates in _LIBRARIES.items()}
"""What ``qelib1.inc`` (as Qiskit has it, without ``U`` and ``CX``) and ``stdgates.inc`` define."""

_WITHOUT_INCLUDE = """
u0 u p sx sxdg swap cswap crx cry cp csx cu rxx rzz rccx rc3x c3x c3sqrtx c4x
"""
BUILT_IN: dict[int, dict[str, Target]] = {
    2: {
        **{name: LIBRARY[2][name] for name in _WITHOUT_INCLUDE.split()},
        "U": known_standard("U", "u"),
        "CX": known_standard("CX", "cx"),
    },
    3: {"U": known_standard("U", "u"), "gphase": known_standard("gphase", "gphase")},
}
"""What a text may call without including anything; in version 2 as Qiskit has it, beyond the paper."""
