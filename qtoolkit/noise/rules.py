"""The rules of a noise model: what follows which operation, where, and what time does meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from qtoolkit._arguments import MOST_ITEMS, check_number, is_integer, items_of, shown
from qtoolkit.circuit import STANDARD_GATES, KrausChannel, ReadoutError
from qtoolkit.errors import InputError
from qtoolkit.noise.standard import thermal_relaxation

__all__ = ["GateRule", "IdleRule", "Places", "ReadoutRule", "Relaxation", "checked_durations", "gate_keys", "places_of"]

Places = frozenset[int] | frozenset[tuple[int, ...]] | None
"""Qubits among which a channel acts, or the operands of gates, in order, that it follows; None for all."""

SPECIAL = {"measure": 1, "reset": 1, "initialize": None}
"""Operations that are no gates, with their numbers of qubits."""

_ELSEWHERE = {
    "cnot": "cx",
    "toffoli": "ccx",
    "fredkin": "cswap",
    "cphase": "cp",
    "phase": "p",
    "i": "id",
    "sqrtx": "sx",
    "u1": "p",
    "u2": "u",
    "u3": "u",
    "cu1": "cp",
    "cu3": "cu",
    "measurement": "measure",
    "m": "measure",
}
"""Names that others have."""


@dataclass(frozen=True)
class GateRule:
    """A channel behind operations, or before measurements.

    Attributes:
        channel: on as many qubits as the operation, or on one, and then on each of its qubits.
        gates: names, or numbers of qubits of any gates; None for all gates on as many qubits as the channel.
        places: where.
        but: names of gates that it does not follow, whatever `gates` says.
    """

    channel: KrausChannel
    gates: frozenset[str | int] | None
    places: Places
    but: frozenset[str] = frozenset()

    def follows(self, name: str, num_qubits: int, is_gate: bool) -> bool:
        """Whether it belongs to operations of this kind, on some qubits at least."""
        if name in self.but:
            return False
        if self.gates is None:
            return is_gate and num_qubits == self.channel.num_qubits
        return name in self.gates or (is_gate and num_qubits in self.gates)

    def placed(self, name: str, qubits: tuple[int, ...]) -> list[tuple[int, ...]]:
        """On which qubits the channel acts for an operation that it belongs to.

        Raises:
            InputError: if it does not fit the number of qubits.
        """
        size, places = self.channel.num_qubits, self.places
        if places is not None and qubits in places:
            places = None
        elif places is not None and not all(is_integer(place) for place in places):
            return []
        if size != len(qubits) and size != 1:
            raise InputError(
                f"the channel {self.channel.name} on {size} qubits cannot follow {name} on {len(qubits)}; take one on "
                "as many qubits, or on one"
            )
        found: list[tuple[int, ...]] = [qubits] if size == len(qubits) else [(qubit,) for qubit in qubits]
        return found if places is None else [place for place in found if places.issuperset(place)]

    def __str__(self) -> str:
        if self.gates is None:
            what = f"every gate on {self.channel.num_qubits} qubits"
        else:
            keys = sorted(self.gates, key=str)
            what = ", ".join(key if isinstance(key, str) else f"every gate on {key} qubits" for key in keys)
        when = "before" if self.gates == frozenset(["measure"]) else "after"
        left_out = f" but {', '.join(sorted(self.but))}" if self.but else ""
        return f"{when} {what}{left_out}{_where(self.places)}: {self.channel.name}"


@dataclass(frozen=True)
class ReadoutRule:
    """A readout error behind measurements.

    Attributes:
        error: on one bit, or on as many as there are qubits.
        qubits: any of these; of an error on several bits, these together in this order; None for all.
    """

    error: ReadoutError
    qubits: tuple[int, ...] | None

    def places(self, num_qubits: int) -> list[tuple[int, ...]]:
        """The qubits whose bits it changes together where so many are measured, those of the lowest bit first."""
        asked = range(num_qubits) if self.qubits is None else self.qubits
        if self.error.num_clbits == 1:
            return [(qubit,) for qubit in asked if qubit < num_qubits]
        return [tuple(asked)] if all(qubit < num_qubits for qubit in asked) else []

    def __str__(self) -> str:
        where = "" if self.qubits is None else f" on {shown(list(self.qubits))}"
        return f"after measure{where}: readout error on {self.error.num_clbits} bits"


@dataclass(frozen=True)
class Relaxation:
    """`thermal_relaxation` as a function of time."""

    t1: float
    t2: float
    excited_population: float

    def __call__(self, time: float) -> KrausChannel:
        """The channel over some time."""
        return thermal_relaxation(self.t1, self.t2, time, self.excited_population)


@dataclass(frozen=True)
class IdleRule:
    """What time does to a qubit.

    Attributes:
        channel: one for each layer of waiting, or a function of the time.
        durations: of operations, by name or number of qubits; None where each takes one layer.
        qubits: which ones; None for all.
        in_gates: whether it acts during operations too, behind them, or before measurements.
    """

    channel: KrausChannel | Callable[[float], KrausChannel]
    durations: Mapping[str | int, float] | None
    qubits: frozenset[int] | None
    in_gates: bool

    def duration(self, name: str, num_qubits: int) -> float:
        """How long an operation takes.

        Raises:
            InputError: if nobody said.
        """
        if self.durations is None:
            return 1.0
        found = self.durations.get(name, self.durations.get(num_qubits))
        if found is None:
            raise InputError(
                f"durations must hold a time for each operation, got none for {shown(name)} on {num_qubits} qubits; "
                f"add it by name or as {num_qubits}, with 0 for what takes no time"
            )
        return found

    def __str__(self) -> str:
        name = self.channel.name if isinstance(self.channel, KrausChannel) else shown(self.channel)
        return f"{'always' if self.in_gates else 'while idle'}{_where(self.qubits)}: {name}"


def gate_keys(given: str | int | Iterable[str | int] | None, channel: KrausChannel) -> frozenset[str | int] | None:
    """Names and numbers of qubits, checked as far as they tell whether the channel fits.

    Raises:
        InputError: if one is neither, or is known to be another gate's, or the channel does not fit.
    """
    if given is None:
        return None
    rule = "gates are names such as 'cx', or numbers of qubits"
    keys = (given,) if isinstance(given, str) or is_integer(given) else items_of(given, rule)  # type: ignore[arg-type]
    if not keys:
        raise InputError(f"{rule}, got none")
    for key in keys:
        size: int | None
        if isinstance(key, str):
            known = STANDARD_GATES.get(key)
            size = SPECIAL.get(key) if known is None else known.num_qubits
            lower = key.lower()
            meant = lower if lower != key and (lower in STANDARD_GATES or lower in SPECIAL) else _ELSEWHERE.get(lower)
            if known is None and meant is not None:
                raise InputError(f"{rule}, got {shown(key)}; here that is {meant!r}")
        elif is_integer(key) and 1 <= key <= MOST_ITEMS:
            size = int(key)
        else:
            raise InputError(f"{rule}, got {shown(key)}")
        if size is not None and channel.num_qubits not in (1, size):
            raise InputError(
                f"the channel {channel.name} on {channel.num_qubits} qubits cannot follow {shown(key)} on {size}; take "
                "one on as many qubits, or on one"
            )
    return frozenset(key if isinstance(key, str) else int(key) for key in keys)


def places_of(given: int | Iterable[int] | Iterable[tuple[int, ...]] | None) -> Places:
    """Qubits, or operands.

    Raises:
        InputError: if they are neither, or some of each.
    """
    if given is None:
        return None
    rule = "qubits are integers of at least 0, or tuples of those, which are operands of gates"
    if is_integer(given):
        given = (given,)
    items = items_of(given, rule)  # type: ignore[arg-type]
    if not items:
        raise InputError(f"{rule}, got none")
    if all(_is_qubit(item) for item in items):
        return frozenset(int(item) for item in items)  # type: ignore[call-overload]
    operands = []
    for item in items:
        if not isinstance(item, tuple) or not item or not all(_is_qubit(qubit) for qubit in item):
            raise InputError(f"{rule}, got {shown(item)}")
        operands.append(tuple(int(qubit) for qubit in item))
    return frozenset(operands)


def checked_durations(given: Mapping[str | int, float] | None) -> dict[str | int, float] | None:
    """Times by name or number of qubits.

    Raises:
        InputError: if one is negative or not finite, or they are no mapping.
    """
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise InputError(f"durations are a mapping from names of operations or numbers of qubits, got {shown(given)}")
    found: dict[str | int, float] = {}
    for key, time in given.items():
        if not isinstance(key, str) and not (is_integer(key) and 1 <= key <= MOST_ITEMS):
            raise InputError(f"durations are those of names of operations or numbers of qubits, got {shown(key)}")
        kind = "a finite number of at least 0"
        found[key] = check_number(time, f"the duration of {key}", kind=kind, accept=lambda x: 0.0 <= x < float("inf"))
    return found


def _is_qubit(value: object) -> bool:
    return is_integer(value) and 0 <= value < MOST_ITEMS


def _where(places: Iterable[object] | None) -> str:
    return "" if places is None else f" on {shown(sorted(places, key=str))}"
