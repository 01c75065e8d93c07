"""Expectation values of Pauli strings at the end of a Clifford circuit with Pauli noise, exact, on any size.

The strings are taken back through the circuit. A Clifford gate makes another string of each, a Pauli channel scales it
by the probability to commute with the error less that to anticommute, a reset or measurement leaves nothing of one that
it disturbs. A Pauli gate that a measured bit switches on multiplies what anticommutes with it by the sign that the bit
stands for, which becomes the measured Z when its measurement comes. At the start, strings of Z alone are 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import stim

__all__ = ["values_of_strings"]

_ANTICOMMUTING = {"X": "z", "Y": "xz", "Z": "x"}
"""Which bits of a string, added up, say that it anticommutes with a letter."""

_CONTROLLED = {"CX": "X", "CY": "Y", "CZ": "Z"}
_NOTHING = ("TICK", "DETECTOR", "OBSERVABLE_INCLUDE", "I", "II")

_PAIRS = [second + first for first in "IXYZ" for second in "IXYZ"][1:]
"""In Stim's order, the letter of its second target first, as labels are read."""


def values_of_strings(program: stim.Circuit, strings: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """``tr(P ρ)`` of strings P, where ρ is the state at the end whatever was measured on the way.

    Args:
        program: as `written_for_stim` writes it.
        strings: masks of the qubits with X or Y, and of those with Z or Y.

    Returns:
        float64 of shape ``(len(strings),)``.
    """
    pulled = _Strings(program, strings)
    for item in reversed(list(program)):
        if not pulled.take_back(item):
            # Stim writes other gates as H, S and CX; of a whole circuit it would lose the errors of measurements.
            for part in reversed(list(_alone(program, item).decomposed())):
                pulled.take_back(part)
    return pulled.values()


def _alone(program: stim.Circuit, item: Any) -> stim.Circuit:
    single = type(program)()
    single.append(item)
    return single


class _Strings:
    """Strings by columns: one integer for X and one for Z on each qubit, whose bit k belongs to string k."""

    def __init__(self, program: stim.Circuit, strings: Sequence[tuple[int, int]]) -> None:
        self._x = _columns([x for x, _ in strings], program.num_qubits)
        self._z = _columns([z for _, z in strings], program.num_qubits)
        self._negative = 0
        self._gone = 0
        self._factors = np.ones(len(strings))
        self._by_record: dict[int, int] = {}
        self._place = program.num_measurements
        self._chain: list[tuple[float, list[Any]]] = []

    def values(self) -> NDArray[np.float64]:
        """Of the strings where they have come to, in ``|0…0⟩``."""
        gone = self._gone
        for column in self._x:
            gone |= column
        signs = 1.0 - 2.0 * self._which(self._negative)
        values: NDArray[np.float64] = np.where(self._which(gone), 0.0, signs * self._factors)
        return values

    def take_back(self, item: Any) -> bool:
        """Take the strings back through one instruction; whether it is one of those that are known here."""
        name, arguments = item.name, item.gate_args_copy()
        if name in _CONTROLLED:
            for control, target in reversed(item.target_groups()):
                self._controlled(_CONTROLLED[name], control, target.value)
        elif name in ("E", "ELSE_CORRELATED_ERROR"):
            self._chain.append((arguments[0], item.targets_copy()))
            if name == "E":
                self._exclusive(self._chain[::-1])
                self._chain.clear()
        elif name in _ON_ONE:
            for target in reversed(item.targets_copy()):
                _ON_ONE[name](self, target, arguments)
        elif name in _ON_TWO:
            for first, second in reversed(item.target_groups()):
                _ON_TWO[name](self, first.value, second.value, arguments)
        else:
            return name in _NOTHING
        return True

    def _which(self, mask: int) -> NDArray[np.bool_]:
        count = len(self._factors)
        octets = np.frombuffer(mask.to_bytes(-(-count // 8), "little"), np.uint8)
        return np.unpackbits(octets, count=count, bitorder="little").astype(np.bool_)

    def _scale(self, mask: int, factor: float) -> None:
        if mask:
            self._factors[self._which(mask)] *= factor

    def _hadamard(self, target: Any, _: Sequence[float]) -> None:
        self._flip_axes(target.value)

    def _phase(self, target: Any, _: Sequence[float]) -> None:
        self._quarter_turn(target.value)

    def _flip_axes(self, q: int) -> None:
        self._x[q], self._z[q] = self._z[q], self._x[q]
        self._negative ^= self._x[q] & self._z[q]

    def _quarter_turn(self, q: int) -> None:
        self._negative ^= self._x[q] & ~self._z[q]
        self._z[q] ^= self._x[q]

    def _controlled(self, letter: str, control: Any, t: int) -> None:
        """A controlled Pauli gate, or one that a bit switches on."""
        if control.is_measurement_record_target:
            place = self._place + control.value
            self._by_record[place] = self._by_record.get(place, 0) ^ self._against(letter, t)
            return
        self._turn(letter, t, 1)
        x, z, c = self._x, self._z, control.value
        self._negative ^= x[c] & z[t] & ~(x[t] ^ z[c])
        x[t] ^= x[c]
        z[c] ^= z[t]
        self._turn(letter, t, 3)

    def _turn(self, letter: str, q: int, quarters: int) -> None:
        """What makes a controlled X of another Pauli: H around it, or S behind and its inverse before."""
        if letter == "Z":
            self._flip_axes(q)
        elif letter == "Y":
            for _ in range(quarters):
                self._quarter_turn(q)

    def _measure(self, target: Any, arguments: Sequence[float]) -> None:
        q = target.value
        self._place -= 1
        read = self._by_record.pop(self._place, 0)
        self._gone |= self._x[q]
        self._z[q] ^= read
        if target.is_inverted_result_target:
            self._negative ^= read
        if arguments:
            self._scale(read, 1.0 - 2.0 * arguments[0])

    def _reset(self, target: Any, _: Sequence[float]) -> None:
        q = target.value
        self._gone |= self._x[q]
        self._x[q] = self._z[q] = 0

    def _against(self, letter: str, q: int) -> int:
        """The strings that anticommute with a letter on a qubit."""
        if letter == "I":
            return 0
        mask = 0
        for part in _ANTICOMMUTING[letter]:
            mask ^= self._x[q] if part == "x" else self._z[q]
        return mask

    def _one_error(self, target: Any, errors: dict[str, float]) -> None:
        self._errors([(self._against(letter, target.value), p) for letter, p in errors.items()])

    def _errors(self, errors: Sequence[tuple[int, float]]) -> None:
        """Exclusive errors: the strings that anticommute with each, and its probability."""
        touched = 0
        for mask, _ in errors:
            touched |= mask
        if not touched:
            return
        lost = np.zeros(len(self._factors))
        for mask, p in errors:
            lost += p * self._which(mask)
        self._factors *= 1.0 - 2.0 * lost

    def _depolarize_pair(self, a: int, b: int, arguments: Sequence[float]) -> None:
        self._scale(self._x[a] | self._z[a] | self._x[b] | self._z[b], 1.0 - 16.0 / 15.0 * arguments[0])

    def _pair_error(self, a: int, b: int, arguments: Sequence[float]) -> None:
        found = zip(_PAIRS, arguments, strict=True)
        self._errors([(self._against(pair[1], a) ^ self._against(pair[0], b), p) for pair, p in found if p])

    def _exclusive(self, chain: Sequence[tuple[float, list[Any]]]) -> None:
        """Errors each of which happens under the condition that none before it did, in time order."""
        left, errors = 1.0, []
        for p, targets in chain:
            mask = 0
            for target in targets:
                if not target.is_combiner:
                    mask ^= self._against(target.pauli_type, target.value)
            errors.append((mask, left * p))
            left *= 1.0 - p
        self._errors(errors)


def _columns(masks: Sequence[int], num_qubits: int) -> list[int]:
    columns = [0] * num_qubits
    for k, mask in enumerate(masks):
        while mask:
            low = mask & -mask
            columns[low.bit_length() - 1] |= 1 << k
            mask ^= low
    return columns


_ON_ONE: dict[str, Any] = {
    "H": _Strings._hadamard,
    "S": _Strings._phase,
    "M": _Strings._measure,
    "R": _Strings._reset,
    "DEPOLARIZE1": lambda own, target, p: own._one_error(target, dict.fromkeys("XYZ", p[0] / 3.0)),
    "X_ERROR": lambda own, target, p: own._one_error(target, {"X": p[0]}),
    "Y_ERROR": lambda own, target, p: own._one_error(target, {"Y": p[0]}),
    "Z_ERROR": lambda own, target, p: own._one_error(target, {"Z": p[0]}),
    "PAULI_CHANNEL_1": lambda own, target, p: own._one_error(target, dict(zip("XYZ", p, strict=True))),
}
_ON_TWO: dict[str, Any] = {"DEPOLARIZE2": _Strings._depolarize_pair, "PAULI_CHANNEL_2": _Strings._pair_error}
