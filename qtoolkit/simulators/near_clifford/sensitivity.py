"""Backwards through the items: what every flip in the circuit changes in the end.

In each shot the state is the noiseless one times a Pauli operator, the frame. It changes nothing but signs: of
rotations and of measured bits. Both are *rows*, one bit a shot each, and so is every bit that is wanted at the end.
Going backwards, the pass knows for X and for Z on each qubit, and for each classical bit, which rows a flip at this
place would flip: an integer with one bit for each row. So noise, fair coins and outcomes become *columns*: the rows
that they flip. Since rows of later operations are among them, a rotation whose Pauli operator flips no row commutes
with all that is left and wanted, and is pruned.

The idea of flips that are propagated once and then sampled is that of Stim's detector error models (Gidney, "Stim: a
fast stabilizer circuit simulator", Quantum 5, 497, 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from qtoolkit.simulators.near_clifford.items import (
    AndItem,
    CliffordItem,
    DecodeItem,
    InstrumentItem,
    Item,
    LinearItem,
    MeasureItem,
    NoiseItem,
    ParityItem,
    PauliItem,
    ReadoutItem,
    ResetItem,
    RotationItem,
)
from qtoolkit.simulators.near_clifford.pauli import set_bits

__all__ = ["Analysis", "Effect", "Mechanism", "analyse"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What an operation that runs shot by shot reads and changes.

    Attributes:
        place: of its item.
        rows: of the signs that it needs: one of a rotation, two for each qubit of an instrument (those of X and Z), one
            for each source of a classical step.
        condition: row of the condition, -1 if there is none.
        columns: for each bit that it writes, the rows that the bit flips if it is 1.
    """

    place: int
    rows: tuple[int, ...] = ()
    condition: int = -1
    columns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Mechanism:
    """Alternatives of noise, each with its probability and the rows that it flips."""

    probabilities: tuple[float, ...]
    columns: tuple[int, ...]


@dataclass(slots=True)
class Analysis:
    """What the pass finds.

    Attributes:
        num_outputs: rows that are wanted at the end, the first ones.
        num_rows: all of them.
        constant: rows that are 1 where nothing flips them.
        effects: of the items that run shot by shot, in time order; others are Clifford or without effect.
        mechanisms: noise that has an effect.
        num_pruned: rotations and instruments without effect.
    """

    num_outputs: int
    num_rows: int
    constant: int = 0
    effects: list[Effect] = field(default_factory=list)
    mechanisms: list[Mechanism] = field(default_factory=list)
    num_pruned: int = 0


def analyse(items: Sequence[Item], num_qubits: int, num_bits: int, wanted_bits: int, num_parities: int) -> Analysis:
    """Go backwards through all items.

    Args:
        items: in time order.
        num_qubits, num_bits: of the items.
        wanted_bits: so many classical bits, the first ones, are outputs; 0 where parities are.
        num_parities: outputs that parity items make; 0 where bits are outputs.
    """
    return _Pass(items, num_qubits, num_bits, wanted_bits, num_parities).run()


class _Pass:
    def __init__(self, items: Sequence[Item], qubits: int, bits: int, wanted_bits: int, num_parities: int) -> None:
        self._items = items
        outputs = wanted_bits + num_parities
        self._found = Analysis(outputs, outputs)
        self._by_parity = num_parities > 0
        self._x = [0] * qubits
        self._z = [0] * qubits
        self._bits = [1 << c if c < wanted_bits else 0 for c in range(bits)]

    def run(self) -> Analysis:
        steps = {
            CliffordItem: self._clifford,
            PauliItem: self._pauli,
            RotationItem: self._rotation,
            MeasureItem: self._measure,
            ResetItem: self._reset,
            NoiseItem: self._noise,
            InstrumentItem: self._instrument,
            LinearItem: self._linear,
            AndItem: self._classical,
            ReadoutItem: self._classical,
            DecodeItem: self._classical,
            ParityItem: self._parity,
        }
        for place in range(len(self._items) - 1, -1, -1):
            item = self._items[place]
            steps[type(item)](item, place)  # type: ignore[operator]
        self._found.effects.reverse()
        self._found.mechanisms.reverse()
        return self._found

    def _row(self) -> int:
        self._found.num_rows += 1
        return self._found.num_rows - 1

    def _column(self, x: int, z: int) -> int:
        """The rows that a Pauli operator flips here."""
        column = 0
        for qubit in set_bits(x):
            column ^= self._x[qubit]
        for qubit in set_bits(z):
            column ^= self._z[qubit]
        return column

    def _sign_row(self, x: int, z: int) -> int:
        """A row for the sign of a Pauli operator, which whatever anticommutes with it flips."""
        row = self._row()
        for qubit in set_bits(z):
            self._x[qubit] ^= 1 << row
        for qubit in set_bits(x):
            self._z[qubit] ^= 1 << row
        return row

    def _bit_row(self, bit: int) -> int:
        """A row for the value of a classical bit."""
        row = self._row()
        self._bits[bit] ^= 1 << row
        return row

    def _taken(self, bit: int) -> int:
        """The rows that a bit flips, which is written here."""
        column, self._bits[bit] = self._bits[bit], 0
        return column

    def _clifford(self, item: CliffordItem, _place: int) -> None:
        columns = []
        for x, z, _ in item.table.forth:
            column = 0
            for k in set_bits(x):
                column ^= self._x[item.qubits[k]]
            for k in set_bits(z):
                column ^= self._z[item.qubits[k]]
            columns.append(column)
        for k, qubit in enumerate(item.qubits):
            self._x[qubit], self._z[qubit] = columns[2 * k], columns[2 * k + 1]

    def _pauli(self, item: PauliItem, _place: int) -> None:
        column = self._column(item.x, item.z)
        if item.condition is None:
            self._found.constant ^= column
        else:
            self._bits[item.condition] ^= column

    def _rotation(self, item: RotationItem, place: int) -> None:
        if self._column(item.x, item.z) == 0:
            self._found.num_pruned += 1
            return
        sign = self._sign_row(item.x, item.z)
        condition = -1 if item.condition is None else self._bit_row(item.condition)
        self._found.effects.append(Effect(place, (sign,), condition))

    def _measure(self, item: MeasureItem, place: int) -> None:
        column = 0 if item.clbit is None else self._taken(item.clbit)
        self._x[item.qubit] ^= column
        self._found.effects.append(Effect(place, columns=(column,)))

    def _reset(self, item: ResetItem, _place: int) -> None:
        self._x[item.qubit] = self._z[item.qubit] = 0

    def _noise(self, item: NoiseItem, _place: int) -> None:
        merged: dict[int, float] = {}
        for probability, (x, z, bits) in zip(item.probabilities, item.flips, strict=True):
            column = self._column(x, z)
            for bit in bits:
                column ^= self._bits[bit]
            if column and probability > 0.0:
                merged[column] = merged.get(column, 0.0) + probability
        if merged:
            self._found.mechanisms.append(Mechanism(tuple(merged.values()), tuple(merged)))

    def _instrument(self, item: InstrumentItem, place: int) -> None:
        outcome = () if item.clbit is None else (self._taken(item.clbit),)
        touched = any(self._x[qubit] or self._z[qubit] for qubit in item.qubits)
        if not touched and not any(outcome):
            self._found.num_pruned += 1
            return
        rows = []
        for qubit in item.qubits:
            rows += [self._sign_row(1 << qubit, 0), self._sign_row(0, 1 << qubit)]
        condition = -1 if item.condition is None else self._bit_row(item.condition)
        self._found.effects.append(Effect(place, tuple(rows), condition, outcome))

    def _linear(self, item: LinearItem, _place: int) -> None:
        column = self._taken(item.target)
        for source in item.sources:
            self._bits[source] ^= column
        if item.constant:
            self._found.constant ^= column

    def _classical(self, item: AndItem | ReadoutItem | DecodeItem, place: int) -> None:
        targets = (item.target,) if isinstance(item, AndItem) else item.targets
        columns = tuple(self._taken(target) for target in targets)
        if any(columns):
            rows = tuple(self._bit_row(source) for source in item.sources)
            self._found.effects.append(Effect(place, rows, columns=columns))

    def _parity(self, item: ParityItem, _place: int) -> None:
        if self._by_parity:
            for source in item.sources:
                self._bits[source] ^= 1 << item.output
