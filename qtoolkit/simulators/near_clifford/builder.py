"""From Pauli operators to a program: which qubits hold amplitudes, and when.

The state is a Clifford gate C on qubits of which most are in ``|0⟩``, *dormant*; the others form components. C is
never written down: it is pulled through the operators of all later operations (`Columns`). What an operation does
follows from its operator P there:

* X or Y on a dormant qubit j: a rotation makes j a component of its own, in ``cos|0⟩ - i sin L|0⟩`` with the letter L,
  after the rest of P, controlled by j, has been taken into C: that leaves ``|0⟩_j`` alone. A measurement is a fair
  coin, and takes a Hadamard gate into C as well; nothing else changes.
* only Z on dormant qubits: P acts on the components that its other letters touch. These become one. A rotation turns
  its state, a measurement projects it, and one of its qubits becomes dormant.
* nothing else: a rotation is a phase, a measurement is certain.

Generalised stabilizer simulators keep sums of stabilizer states, or amplitudes on what destabilizers span (Bravyi and
Gosset, Phys. Rev. Lett. 116, 250501, 2016; Yoder, "A generalization of the stabilizer formalism for simulating
arbitrary quantum circuits", 2012); here most of that is done once for all shots.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qtoolkit.simulators.near_clifford.columns import Columns
from qtoolkit.simulators.near_clifford.components import Component, Room
from qtoolkit.simulators.near_clifford.items import (
    AndItem,
    DecodeItem,
    InstrumentItem,
    Item,
    MeasureItem,
    ReadoutItem,
    RotationItem,
)
from qtoolkit.simulators.near_clifford.pauli import Pauli, hermitian, product, set_bits
from qtoolkit.simulators.near_clifford.pullback import PulledBack
from qtoolkit.simulators.near_clifford.sensitivity import Effect
from qtoolkit_kernels.vector.frame import code

__all__ = ["Builder", "Segment"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A decoder that is called between two stretches of operations.

    Attributes:
        stop: operations before this one run first.
        item: the call.
        rows: row bits of its sources.
        symbols: first symbol of its targets.
    """

    stop: int
    item: DecodeItem
    rows: tuple[int, ...]
    symbols: int

    @property
    def num_targets(self) -> int:
        """Bits that it writes."""
        return len(self.item.targets)


class Builder:
    """Performs operations one by one, and writes the program.

    Args:
        items: the circuit's.
        pulled: its operations.

    Attributes:
        rows: int64 rows as `code` says.
        numbers, lists: to go with them.
        columns_of_symbols: for each symbol the row bits that it flips, as bits of an integer.
        coins: symbols that are fair coins.
        constant: row bits that measured constants flip.
        segments: where decoders are called.
        cost: amplitudes that are written in one shot.
        peak: qubits of the largest component.
        undone: slots of operations that are not performed yet.
    """

    def __init__(self, items: Sequence[Item], pulled: PulledBack) -> None:
        self._items = items
        self.effects = pulled.effects
        self.first_slot: list[int] = []
        slots: list[Pauli] = []
        self._column_of_slot: list[int] = []
        for effect, paulis in zip(pulled.effects, pulled.paulis, strict=True):
            self.first_slot.append(len(slots))
            slots += paulis or ((0, 0, 0),)
            self._column_of_slot += self._slot_columns(effect, len(paulis))
        self.first_slot.append(len(slots))
        self.columns = Columns(slots, pulled.num_qubits)
        self.undone = (1 << len(slots)) - 1
        self.active = 0
        self.component_of: dict[int, Component] = {}
        self._room = Room()
        self.rows: list[list[int]] = []
        self.numbers: list[float] = []
        self.lists: list[int] = []
        self.columns_of_symbols: list[int] = []
        self.coins: list[int] = []
        self.constant = 0
        self.segments: list[Segment] = []
        self.cost = 0
        self.peak = 0
        self.most_active = 0
        self.num_measured = {"certain": 0, "coins": 0, "projected": 0}

    @property
    def room(self) -> int:
        """Amplitudes that are held at most, of all components."""
        return self._room.size

    def item_of(self, operation: int) -> Item:
        """What an operation is."""
        return self._items[self.effects[operation].place]

    def slots_of(self, operation: int) -> range:
        """The slots of an operation's operators."""
        return range(self.first_slot[operation], self.first_slot[operation + 1])

    def _slot_columns(self, effect: Effect, num_paulis: int) -> list[int]:
        """For each slot, the row bits that flip where its operator's sign does."""
        item = self._items[effect.place]
        if isinstance(item, MeasureItem):
            return [effect.columns[0]]
        if isinstance(item, RotationItem | InstrumentItem):
            return [1 << row for row in effect.rows]
        return [0] * max(num_paulis, 1)

    def perform(self, operation: int) -> None:
        """Add one operation to the program; those that it depends on must be performed."""
        effect, item = self.effects[operation], self.item_of(operation)
        slots = self.slots_of(operation)
        if isinstance(item, RotationItem):
            self._rotate(slots[0], item.angle, effect)
        elif isinstance(item, MeasureItem):
            self._measure(slots[0], effect)
        elif isinstance(item, InstrumentItem):
            if self.is_classical(operation):
                self._flip_at_random(slots, item, effect)
            else:
                self._instrument(slots, item, effect)
        else:
            self._classical(item, effect)
        for slot in slots:
            self.undone &= ~(1 << slot)

    def is_classical(self, operation: int) -> bool:
        """Whether an operation is a channel that finds a basis state, and leaves one."""
        effect, item = self.effects[operation], self.item_of(operation)
        if not isinstance(item, InstrumentItem) or item.instrument.confusion is None:
            return False
        x, z = self.columns.slot(self.first_slot[operation] + 1)
        return effect.condition < 0 and not effect.columns and not (x | z & self.active)

    def components_at(self, mask: int) -> list[Component]:
        """The components that some active qubits belong to, each once, the smallest first."""
        found = {id(self.component_of[qubit]): self.component_of[qubit] for qubit in set_bits(mask)}
        return sorted(found.values(), key=lambda component: component.size)

    def _emit(self, opcode: int, **columns: int) -> None:
        row = [0] * code.ROW
        row[code.OPCODE] = opcode
        row[code.SIGN] = row[code.CONDITION] = -1
        for name, value in columns.items():
            row[getattr(code, name)] = value
        self.rows.append(row)

    def _activate(self, qubit: int) -> Component:
        component = Component(self._room.take(2), [qubit])
        self.component_of[qubit] = component
        self.active |= 1 << qubit
        self._note(component)
        return component

    def _note(self, component: Component) -> None:
        self.cost += 1 << component.size
        self.peak = max(self.peak, component.size)
        self.most_active = max(self.most_active, self.active.bit_count())

    def _localise(self, slot: int) -> tuple[int, bool] | None:
        """Reduce an operator to one letter on a dormant qubit: that qubit, and whether the letter is Y.

        None if it has neither X nor Y on dormant qubits.
        """
        x, z = self.columns.slot(slot)
        dormant = x & ~self.active
        if not dormant:
            return None
        pivot = dormant & -dormant
        kept = (self.active | dormant) & ~pivot  # Z on other dormant qubits changes nothing
        qubit = pivot.bit_length() - 1
        self.columns.controlled_pauli(qubit, x & ~pivot, z & kept)
        return qubit, bool(z & pivot)

    def _rotate(self, slot: int, angle: float, effect: Effect) -> None:
        found = self._localise(slot)
        if found is not None:
            qubit, is_y = found
            place = self._activate(qubit).place
            self._emit(code.OPEN, PLACE=place, PHASE=int(is_y), **self._turn(slot, angle, effect))
            return
        x, z = self.columns.slot(slot)
        if not (x | z) & self.active:
            return
        component = self._joined((x | z) & self.active)
        self._note(component)
        self._emit(code.TURN, **self._string(component, x, z), **self._turn(slot, angle, effect))

    def _turn(self, slot: int, angle: float, effect: Effect) -> dict[str, int]:
        half = -0.5 * angle if self.columns.is_negative(slot) else 0.5 * angle
        self.numbers += [math.cos(half), math.sin(half)]
        return {"NUMBER": len(self.numbers) - 2, "SIGN": effect.rows[0], "CONDITION": effect.condition}

    def _string(self, component: Component, x: int, z: int) -> dict[str, int]:
        own_x, own_z = component.local(x), component.local(z)
        phase = (own_x & own_z).bit_count() & 3
        return {"PLACE": component.place, "SIZE": component.size, "X": own_x, "Z": own_z, "PHASE": phase}

    def _joined(self, mask: int) -> Component:
        """The one component of some active qubits, merged if they are several."""
        first, *others = self.components_at(mask)
        for other in others:
            first = self._merge(first, other)
        return first

    def _merge(self, first: Component, second: Component) -> Component:
        size = first.size + second.size
        merged = Component(self._room.take(1 << size), first.qubits + second.qubits)
        self._emit(code.MERGE, PLACE=first.place, SIZE=first.size, X=second.place, Z=second.size, PIVOT=merged.place)
        for part in (first, second):
            self._room.give_back(part.place, 1 << part.size)
        for qubit in merged.qubits:
            self.component_of[qubit] = merged
        self._note(merged)
        return merged

    def _measure(self, slot: int, effect: Effect) -> None:
        found = self._localise(slot)
        if found is not None:
            pivot, is_y = found
            if is_y:
                self.columns.phase(pivot)
            self.columns.hadamard(pivot)
            self.num_measured["coins"] += 1
            self._record(slot, effect)
            self._new_symbol(pivot, slot, effect, is_coin=True)
            return
        x, z = self.columns.slot(slot)
        if not (x | z) & self.active:
            self.num_measured["certain"] += 1
            self._record(slot, effect)
            return
        component = self._joined((x | z) & self.active)
        string = self._string(component, x, z)
        bit = (string["X"] or string["Z"]).bit_length() - 1
        pivot = component.qubits[bit]
        others = self.active & ~(1 << pivot)
        if string["X"]:
            self.columns.controlled_pauli(pivot, x & others, z & others)
            if z >> pivot & 1:
                self.columns.phase(pivot)
            self.columns.hadamard(pivot)
        else:
            for qubit in set_bits(z & others):
                self.columns.controlled_x(qubit, pivot)
        self.num_measured["projected"] += 1
        self._record(slot, effect)
        symbol = self._new_symbol(pivot, slot, effect, is_coin=False)
        self._emit(code.MEASURE, **string, SYMBOL=symbol, DRAW=symbol, PIVOT=bit)
        self._note(component)
        self._leave(component, bit)

    def _leave(self, component: Component, bit: int) -> None:
        """Make a qubit dormant, whose bit is gone."""
        half = 1 << component.size - 1
        qubit = component.qubits.pop(bit)
        del self.component_of[qubit]
        self.active &= ~(1 << qubit)
        if component.size:
            self._room.give_back(component.place + half, half)
        else:
            self._room.give_back(component.place, 2)

    def _record(self, slot: int, effect: Effect) -> None:
        """What is read where no symbol is 1."""
        if self.columns.is_negative(slot):
            self.constant ^= effect.columns[0]

    def _new_symbol(self, pivot: int, slot: int, effect: Effect, is_coin: bool) -> int:
        """A symbol that is 1 where the qubit that was measured, now dormant, is in ``|1⟩``."""
        column = effect.columns[0]
        for flipped in set_bits(self.columns.z[pivot] & self.undone & ~(1 << slot)):
            column ^= self._column_of_slot[flipped]
        self.columns_of_symbols.append(column)
        symbol = len(self.columns_of_symbols) - 1
        if is_coin and column:
            self.coins.append(symbol)
        return symbol

    def _flip_at_random(self, slots: range, item: InstrumentItem, effect: Effect) -> None:
        """Let a channel act on a qubit whose value the frame knows."""
        confusion = item.instrument.confusion
        assert confusion is not None
        if self.columns.is_negative(slots[1]):
            confusion = confusion[::-1, ::-1]
        column = 0
        for flipped in set_bits(self.columns.anticommuting(*self.columns.slot(slots[0])) & self.undone):
            if flipped not in slots:
                column ^= self._column_of_slot[flipped]
        self.columns_of_symbols.append(column)
        symbol, first, start = len(self.columns_of_symbols) - 1, len(self.lists), len(self.numbers)
        self.lists.append(effect.rows[1])
        self.numbers += confusion.reshape(-1).tolist()
        self._emit(code.READOUT, NUMBER=start, SYMBOL=symbol, DRAW=symbol, LIST=first, COUNT=1)

    def _instrument(self, slots: range, item: InstrumentItem, effect: Effect) -> None:
        for slot in slots:
            while (found := self._localise(slot)) is not None:
                self._emit(code.ZERO, PLACE=self._activate(found[0]).place)
        strings = [self.columns.slot(slot) for slot in slots]
        touched = 0
        for x, z in strings:
            touched |= (x | z) & self.active
        component = self._joined(touched)
        generators = [
            hermitian(component.local(x), component.local(z), self.columns.is_negative(slot))
            for slot, (x, z) in zip(slots, strings, strict=True)
        ]
        symbol = len(self.columns_of_symbols)
        self.columns_of_symbols += effect.columns or (0,)
        scratch = self._room.take(1 << component.size)
        instrument = item.instrument
        first, start = len(self.lists), len(self.numbers)
        self.lists += [len(item.qubits), len(instrument.operators), instrument.num_outcomes, *effect.rows]
        for string in range(4 ** len(item.qubits)):
            self.lists += _image(string, generators)
        for coefficients in instrument.operators:
            for coefficient in coefficients:
                self.numbers += [coefficient.real, coefficient.imag]
        self.numbers += instrument.weights.reshape(-1).tolist()
        self._emit(
            code.INSTRUMENT,
            PLACE=component.place,
            SIZE=component.size,
            NUMBER=start,
            CONDITION=effect.condition,
            SYMBOL=symbol,
            DRAW=symbol,
            PIVOT=scratch,
            LIST=first,
            COUNT=len(self.lists) - first,
        )
        self._room.give_back(scratch, 1 << component.size)
        self.cost += 4 ** len(item.qubits) << component.size

    def _classical(self, item: Item, effect: Effect) -> None:
        symbol = len(self.columns_of_symbols)
        self.columns_of_symbols += effect.columns
        if isinstance(item, DecodeItem):
            self.segments.append(Segment(len(self.rows), item, effect.rows, symbol))
            return
        first, start = len(self.lists), len(self.numbers)
        self.lists += effect.rows
        if isinstance(item, ReadoutItem):
            self.numbers += item.confusion.reshape(-1).tolist()
        opcode = code.AND if isinstance(item, AndItem) else code.READOUT
        self._emit(opcode, NUMBER=start, SYMBOL=symbol, DRAW=symbol, LIST=first, COUNT=len(effect.rows))


def _image(string: int, generators: Sequence[Pauli]) -> Iterable[int]:
    """What the operator of this number, see `Instrument`, becomes if X and Z of each qubit become these."""
    letters = [(string >> 2 * q & 1, string >> 2 * q + 1 & 1) for q in range(len(generators) // 2)]
    result: Pauli = (0, 0, sum(x & z for x, z in letters) & 3)
    for q, (x, _) in enumerate(letters):
        if x:
            result = product(result, generators[2 * q])
    for q, (_, z) in enumerate(letters):
        if z:
            result = product(result, generators[2 * q + 1])
    return result
