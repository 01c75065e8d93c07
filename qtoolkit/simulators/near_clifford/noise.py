"""Channels, readout errors and decoders as items."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtoolkit.circuit import Decode, KrausChannel, ReadoutError, UnitaryGate
from qtoolkit.simulators.near_clifford.instruments import instrument_of
from qtoolkit.simulators.near_clifford.items import (
    AndItem,
    DecodeItem,
    InstrumentItem,
    LinearItem,
    NoiseItem,
    PauliItem,
    ReadoutItem,
)

if TYPE_CHECKING:
    from qtoolkit.simulators.near_clifford.lowering import Lowered

__all__ = ["add_channel", "add_decode", "add_readout"]


def add_channel(lowered: Lowered, channel: KrausChannel, qubits: tuple[int, ...], condition: int | None) -> None:
    """A Pauli channel becomes noise, a unitary a gate, and all else an instrument."""
    probabilities = channel.pauli_probabilities
    if probabilities is not None:
        _add_paulis(lowered, probabilities, qubits, condition)
    elif channel.is_unitary:
        lowered.add_gate(UnitaryGate(channel.operators[0]), qubits, condition)
    else:
        lowered.items.append(InstrumentItem(qubits, instrument_of(channel.operators), condition))


def _add_paulis(
    lowered: Lowered, probabilities: dict[str, float], qubits: tuple[int, ...], condition: int | None
) -> None:
    strings: list[tuple[int, int]] = []
    rates: list[float] = []
    for label, probability in probabilities.items():
        letters = list(zip(reversed(label), qubits, strict=True))
        x = sum(1 << qubit for letter, qubit in letters if letter in "XY")
        z = sum(1 << qubit for letter, qubit in letters if letter in "ZY")
        if (x or z) and probability > 0.0:
            strings.append((x, z))
            rates.append(probability)
    if not strings:
        return
    if condition is None:
        lowered.items.append(NoiseItem(tuple(rates), tuple((x, z, ()) for x, z in strings)))
        return
    # Which letters come is drawn into bits, two for each qubit, and these act where the condition holds.
    drawn = {(kind, qubit): lowered.new_bit() for qubit in qubits for kind in range(2)}
    flips = tuple(
        (0, 0, tuple(bit for (kind, qubit), bit in drawn.items() if string[kind] >> qubit & 1)) for string in strings
    )
    lowered.items += [LinearItem(bit, ()) for bit in drawn.values()]
    lowered.items.append(NoiseItem(tuple(rates), flips))
    for (kind, qubit), bit in drawn.items():
        both = lowered.new_bit()
        x, z = (1 << qubit, 0) if kind == 0 else (0, 1 << qubit)
        lowered.items += [AndItem(both, (condition, bit)), PauliItem(x, z, both)]


def add_readout(lowered: Lowered, error: ReadoutError, clbits: tuple[int, ...], condition: int | None) -> None:
    """A readout error that treats 0 and 1 alike is noise on a bit; others are drawn by what is true."""
    confusion = error.confusion
    if len(clbits) == 1 and condition is None and confusion[0, 1] == confusion[1, 0]:
        if confusion[0, 1] > 0.0:
            lowered.items.append(NoiseItem((float(confusion[0, 1]),), ((0, 0, clbits),)))
        return
    wrong = tuple(lowered.new_bit() for _ in clbits)
    lowered.items.append(ReadoutItem(wrong, clbits, confusion))
    _flip(lowered, clbits, wrong, condition)


def _flip(lowered: Lowered, clbits: Sequence[int], flips: Sequence[int], condition: int | None) -> None:
    for clbit, flip in zip(clbits, flips, strict=True):
        flipped = flip if condition is None else lowered.condition_bit([flip], condition)
        lowered.items.append(LinearItem(clbit, (clbit, flipped)))


def add_decode(lowered: Lowered, decode: Decode, clbits: tuple[int, ...], condition: int | None) -> None:
    """A decoder writes bits, or, under a condition, bits that those become where it holds."""
    sources, targets = clbits[: decode.num_in], clbits[decode.num_in :]
    if condition is None:
        lowered.items.append(DecodeItem(targets, sources, decode))
        return
    found = tuple(lowered.new_bit() for _ in targets)
    lowered.items.append(DecodeItem(found, sources, decode))
    for target, bit in zip(targets, found, strict=True):
        lowered.assign_if(target, bit, condition)
