"""`from_stim`: a circuit of Stim, with its noise, detectors and observables, as a circuit of ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from qtoolkit._arguments import check_instance, shown
from qtoolkit._optional import require
from qtoolkit.circuit import STANDARD_GATES, Circuit, KrausChannel, PauliRotationGate, ReadoutError, StandardGate
from qtoolkit.circuit.operation import check_size
from qtoolkit.errors import CircuitError, ConversionError
from qtoolkit.noise import depolarizing, pauli_channel
from qtoolkit.operators import PauliString
from qtoolkit.simulators.stabilizer.extensions import Extension, read_tag, with_tags
from qtoolkit.simulators.stabilizer.gates import GATES, MEASURED_IN, PREPARED_IN

if TYPE_CHECKING:
    import stim

__all__ = ["from_stim"]

_Group: TypeAlias = "Sequence[stim.GateTarget]"

MOST_IN_CHANNEL = 4
"""Qubits of a correlated error that becomes one channel; wider ones become a random bit and what it switches on."""

_A_PATH = "; a file is given as a pathlib.Path"

_GATES = {name: StandardGate(STANDARD_GATES[name]) for steps in GATES.values() for name, _ in steps}
_MIXED = depolarizing(0.75)
"""Leaves nothing of a qubit's state."""


def from_stim(source: stim.Circuit | str | Path) -> Circuit:
    """Convert a circuit of Stim.

    - Qubit k is qubit k. The measurement that is k-th in Stim's record is written into classical bit k.
    - Detectors and observables stand where they stand there, on the bits that they look back to; a detector's
      coordinates are shifted as ``SHIFT_COORDS`` says. ``REPEAT`` is written out. ``TICK`` becomes a barrier.
    - Noise becomes channels and readout errors; heralds are bits of the record. A chain of correlated errors on more
      than four qubits becomes bits at random, in the register ``correlated``, and what they switch on.
    - Gates that Stim has not are read as others write them: ``T``, ``R_Z(half turns)``, ``I_ERROR[R_Z(theta=...)]``
      and their like, see `qtoolkit.simulators.stabilizer.extensions`. What is an error there is a channel here,
      though it always happens. Other tags are passed over.

    Global phases are not kept, as Stim has none; nor are coordinates of qubits.

    Args:
        source: a `stim.Circuit`, the text of a program, or the path of a file that holds one.

    Raises:
        ConversionError: if the text is no program, naming the line; for sweep bits, and observables that are Pauli
            strings instead of measured bits; if it takes more than 10,000,000 operations when written out; if the file
            cannot be read.
        MissingExtraError: if Stim is not installed.
    """
    theirs = require("stim", extra="qec")
    if isinstance(source, Path):
        source = _text_in(source)
    if isinstance(source, str):
        try:
            source = theirs.Circuit(with_tags(source))
        except ValueError as error:
            hint = "" if "\n" in source or not source.strip().endswith(".stim") else _A_PATH
            raise ConversionError(f"Stim cannot read this program: {error}{hint}") from error
    check_instance(source, theirs.Circuit, "from_stim takes a stim.Circuit, a program or a path", ConversionError)
    try:
        check_size(_length(source, theirs), "a circuit of Stim becomes", "take fewer rounds, or let Stim run it")
        return _Reader(source, theirs).circuit
    except CircuitError as error:
        raise ConversionError(str(error)) from error


def _text_in(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConversionError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConversionError(f"a program of Stim is text in UTF-8, got something else in {str(path)!r}") from error


def _length(circuit: stim.Circuit, theirs: Any) -> int:
    """Targets of all instructions, written out."""
    return sum(
        item.repeat_count * _length(item.body_copy(), theirs)
        if isinstance(item, theirs.CircuitRepeatBlock)
        else 1 + len(item.targets_copy())
        for item in circuit
    )


class _Reader:
    """Adds instructions to a circuit, one after the other."""

    def __init__(self, source: stim.Circuit, theirs: Any) -> None:
        self.circuit = Circuit(source.num_qubits, source.num_measurements)
        self._theirs = theirs
        self._measured = 0
        self._shift: list[float] = []
        self._channels: dict[tuple[str, tuple[float, ...]], KrausChannel] = {}
        self._errors: dict[tuple[float, float], ReadoutError] = {}
        self._chain: list[tuple[float, dict[int, str]]] = []
        """Correlated errors of which at most one happens: the probability if none has yet, letters by qubit."""
        self._read(source)
        self._close_chain()

    def _read(self, body: stim.Circuit) -> None:
        for item in body:
            if isinstance(item, self._theirs.CircuitRepeatBlock):
                inner = item.body_copy()
                for _ in range(item.repeat_count):
                    self._read(inner)
                continue
            name = item.name
            if name != "ELSE_CORRELATED_ERROR":
                self._close_chain()
            try:
                self._add(name, item)
            except (CircuitError, ConversionError) as error:
                raise ConversionError(f"cannot convert {shown(str(item))}: {error}") from error

    def _add(self, name: str, item: stim.CircuitInstruction) -> None:
        extension = read_tag(name, item.tag)
        if name in GATES or name in ("SPP", "SPP_DAG"):
            self._gate(name, item, extension)
        elif name in _OTHERS:
            _OTHERS[name](self, item)
        elif extension is not None:
            self._extended_error(item, extension)
        elif name not in ("I_ERROR", "II_ERROR", "QUBIT_COORDS"):
            raise ConversionError(f"the instruction {name} is not known here")

    # Gates.

    def _gate(self, name: str, item: stim.CircuitInstruction, extension: Extension | None) -> None:
        if name in ("SPP", "SPP_DAG"):
            angle = extension.angles[0] if extension is not None else math.pi / 2
            for group in item.target_groups():
                letters, negative = self._product(group)
                label, qubits = _label(letters)
                turn = -angle if negative != (name == "SPP_DAG") else angle
                self.circuit.append(PauliRotationGate(label, turn), qubits)
        elif extension is not None:
            for group in item.target_groups():
                self._extended(extension, [target.value for target in group])
        else:
            steps = GATES[name]
            for group in item.target_groups():
                if any(target.value < 0 or not target.is_qubit_target for target in group):
                    self._fed_back(name, group)
                    continue
                for gate, places in steps:
                    self.circuit.append(_GATES[gate], tuple([group[place].value for place in places]))

    def _extended(self, extension: Extension, qubits: Sequence[int]) -> None:
        gate, angles = _extension_gate(extension)
        getattr(self.circuit, gate)(*angles, *qubits)

    def _fed_back(self, name: str, group: _Group) -> None:
        """A Pauli gate that a measured bit switches on."""
        first, second = group
        if first.is_sweep_bit_target or second.is_sweep_bit_target:
            raise ConversionError("a circuit has no sweep bits; write the gate or leave it out")
        if first.is_measurement_record_target and second.is_measurement_record_target:
            return  # a phase that nobody sees
        letter = {"CX": "x", "CY": "y", "CZ": "z", "XCZ": "x", "YCZ": "y"}[name]
        control, target = (first, second) if first.is_measurement_record_target else (second, first)
        self.circuit.if_(self._bit(control), self._body().append(_GATES[letter], (target.value,)))

    def _body(self) -> Circuit:
        """What a condition switches on, still empty."""
        return Circuit(self.circuit.num_qubits, self.circuit.num_clbits)

    def _product(self, group: _Group) -> tuple[dict[int, str], bool]:
        """Letters by qubit of a product of Paulis, and whether its sign is negative."""
        negative = False
        letters: dict[int, str] = {}
        phase = 0  # of i
        for target in group:
            if target.is_combiner:
                continue
            negative ^= target.is_inverted_result_target
            before = letters.pop(target.value, "I")
            letter, turns = _PRODUCTS[before, target.pauli_type]
            phase += turns
            if letter != "I":
                letters[target.value] = letter
        if phase % 2:
            raise ConversionError("the product of these Paulis is not Hermitian")
        return letters, negative ^ (phase % 4 == 2)

    # Measurements.

    def _bit(self, target: stim.GateTarget) -> int:
        return self._measured + int(target.value)

    def _next_bit(self) -> int:
        self._measured += 1
        return self._measured - 1

    def _basis(self, names: Sequence[str], *qubits: int) -> None:
        for name in names:
            for qubit in qubits:
                self.circuit.append(_GATES[name], (qubit,))

    def _measure(self, item: stim.CircuitInstruction) -> None:
        """M, MX, MY and the same with a reset, MR, MRX, MRY."""
        basis = item.name[-1] if item.name[-1] in "XY" else "Z"
        resets = item.name.startswith("MR")
        for targets in _together(item):
            qubits = [target.value for target in targets]
            self._basis(MEASURED_IN[basis], *qubits)
            for target in targets:
                self._record(target.value, target.is_inverted_result_target, item)
            if resets:
                self.circuit.reset(qubits)
            self._basis(PREPARED_IN[basis], *qubits)

    def _record(self, qubit: int, inverted: bool, item: stim.CircuitInstruction) -> None:
        """Measure Z into the next bit, which may be inverted and wrong."""
        bit = self._next_bit()
        self.circuit.measure(qubit, bit)
        self._flip(bit, inverted, *item.gate_args_copy())

    def _flip(self, bit: int, inverted: bool, rate: float = 0.0) -> None:
        flip = 1.0 - rate if inverted else rate
        if flip:
            self._readout(bit, flip, flip)

    def _readout(self, bit: int, up: float, down: float) -> None:
        error = self._errors.get((up, down))
        if error is None:
            error = self._errors[up, down] = ReadoutError([[1.0 - up, up], [down, 1.0 - down]])
        self.circuit.readout_error(error, bit)

    def _measure_product(self, item: stim.CircuitInstruction) -> None:
        """MPP, MXX, MYY, MZZ."""
        letter = item.name[1]
        for group in item.target_groups():
            if item.name == "MPP":
                letters, negative = self._product(group)
            elif group[0].value == group[1].value:
                letters, negative = {}, group[0].is_inverted_result_target != group[1].is_inverted_result_target
            else:
                letters = {target.value: letter for target in group}
                negative = group[0].is_inverted_result_target != group[1].is_inverted_result_target
            if not letters:
                self._flip(self._next_bit(), negative, *item.gate_args_copy())
                continue
            *others, last = letters
            for qubit, basis in letters.items():
                self._basis(MEASURED_IN[basis], qubit)
            for qubit in others:
                self.circuit.cx(qubit, last)
            self._record(last, negative, item)
            for qubit in reversed(others):
                self.circuit.cx(qubit, last)
            for qubit, basis in letters.items():
                self._basis(PREPARED_IN[basis], qubit)

    def _pad(self, item: stim.CircuitInstruction) -> None:
        for (target,) in item.target_groups():
            self._flip(self._next_bit(), bool(target.value), *item.gate_args_copy())

    def _reset(self, item: stim.CircuitInstruction) -> None:
        basis = item.name[-1] if item.name[-1] in "XY" else "Z"
        qubits = list(dict.fromkeys(target.value for target in item.targets_copy()))
        self.circuit.reset(qubits)
        self._basis(PREPARED_IN[basis], *qubits)

    # Annotations.

    def _detector(self, item: stim.CircuitInstruction) -> None:
        given = item.gate_args_copy()
        shift = [*self._shift, *[0.0] * len(given)]
        self.circuit.detector(self._parity(item), [value + shift[k] for k, value in enumerate(given)])

    def _observable(self, item: stim.CircuitInstruction) -> None:
        if any(not target.is_measurement_record_target for target in item.targets_copy()):
            raise ConversionError("an observable is a parity of measured bits here; measure the Pauli string")
        (index,) = item.gate_args_copy()
        self.circuit.observable(self._parity(item), int(index))

    def _parity(self, item: stim.CircuitInstruction) -> list[int]:
        """Bits that come an odd number of times."""
        bits: dict[int, None] = {}
        for target in item.targets_copy():
            bit = self._bit(target)
            if bit in bits:
                del bits[bit]
            else:
                bits[bit] = None
        return list(bits)

    def _shift_coordinates(self, item: stim.CircuitInstruction) -> None:
        given = item.gate_args_copy()
        self._shift.extend([0.0] * (len(given) - len(self._shift)))
        for k, value in enumerate(given):
            self._shift[k] += value

    def _tick(self, item: stim.CircuitInstruction) -> None:
        if self.circuit.num_qubits:
            self.circuit.barrier()

    # Noise.

    def _channel(self, item: stim.CircuitInstruction) -> None:
        arguments = tuple(item.gate_args_copy())
        channel = self._known(item.name, arguments)
        for group in item.target_groups():
            self.circuit.channel(channel, [target.value for target in group])

    def _known(self, name: str, arguments: tuple[float, ...]) -> KrausChannel:
        channel = self._channels.get((name, arguments))
        if channel is None:
            channel = self._channels[name, arguments] = _channel_of(name, arguments)
        return channel

    def _extended_error(self, item: stim.CircuitInstruction, extension: Extension) -> None:
        rate = sum(item.gate_args_copy()) if item.gate_args_copy() else 1.0
        for group in item.target_groups():
            qubits = [target.value for target in group]
            alone = Circuit(len(qubits))
            gate, angles = _extension_gate(extension)
            getattr(alone, gate)(*angles, *range(len(qubits)))
            matrix = alone.to_matrix()
            stays = [] if rate == 1.0 else [math.sqrt(1.0 - rate) * np.eye(len(matrix))]
            operators = [*stays, math.sqrt(rate) * matrix]
            self.circuit.channel(KrausChannel(operators, name=extension.name), qubits)

    def _herald(self, item: stim.CircuitInstruction) -> None:
        arguments = tuple(item.gate_args_copy())
        rate = min(1.0, sum(arguments))
        if item.name == "HERALDED_ERASE":
            channel = _MIXED
        else:
            channel = self._known("PAULI_CHANNEL_1", tuple(p / rate for p in arguments[1:])) if rate else _MIXED
        for (target,) in item.target_groups():
            bit, qubit = self._next_bit(), target.value
            if rate:
                self._readout(bit, rate, 0.0)
                self.circuit.if_(bit, self._body().channel(channel, qubit))

    def _correlated(self, item: stim.CircuitInstruction) -> None:
        (rate,) = item.gate_args_copy()
        (group,) = item.target_groups() or ((),)
        self._chain.append((rate, {target.value: target.pauli_type for target in group if not target.is_combiner}))

    def _close_chain(self) -> None:
        """Write correlated errors of which at most one happens."""
        chain, self._chain = self._chain, []
        chain = [(rate, letters) for rate, letters in chain if rate]
        if not chain:
            return
        qubits = sorted({qubit for _, letters in chain for qubit in letters})
        if len(qubits) <= MOST_IN_CHANNEL:
            left, probabilities = 1.0, dict[str | PauliString, float]()
            for rate, letters in chain:
                label = "".join(letters.get(qubit, "I") for qubit in reversed(qubits))
                probabilities[label] = probabilities.get(label, 0.0) + left * rate
                left *= 1.0 - rate
            if qubits:
                self.circuit.channel(pauli_channel(probabilities), qubits)
            return
        taken = sum(register.name.startswith("correlated") for register in self.circuit.clbit_registers)
        bits = self.circuit.add_clbits(len(chain), f"correlated{taken or ''}").clbits
        for place, (rate, letters) in enumerate(chain):
            error = ReadoutError([[1.0 - rate, rate], [0.0, 1.0]])
            if place:
                none_yet = self.circuit.clbit_registers[-1]
                self.circuit.if_(none_yet == 0, self._body().readout_error(error, bits[place]))
            else:
                self.circuit.readout_error(error, bits[0])
            body = self._body()
            for qubit, letter in letters.items():
                body.append(_GATES[letter.lower()], (qubit,))
            self.circuit.if_(bits[place], body)


def _together(item: stim.CircuitInstruction) -> Sequence[Sequence[stim.GateTarget]]:
    """Targets that one step may treat: all of them, or one by one where a qubit comes twice."""
    targets = item.targets_copy()
    return [targets] if len({target.value for target in targets}) == len(targets) else [[target] for target in targets]


def _label(letters: dict[int, str]) -> tuple[str, tuple[int, ...]]:
    qubits = tuple(letters)
    return "".join(letters[qubit] for qubit in reversed(qubits)), qubits


def _pauli_products() -> Iterator[tuple[tuple[str, str], tuple[str, int]]]:
    """The product of two letters, and the power of i that comes with it."""
    for letter in "IXYZ":
        yield ("I", letter), (letter, 0)
        if letter != "I":
            yield (letter, "I"), (letter, 0)
            yield (letter, letter), ("I", 0)
    for first, second, third in ("XYZ", "YZX", "ZXY"):
        yield (first, second), (third, 1)
        yield (second, first), (third, 3)


_PRODUCTS = dict(_pauli_products())


def _extension_gate(extension: Extension) -> tuple[str, tuple[float, ...]]:
    """The method of `Circuit`, and its angles."""
    names = {"T": "t", "T_DAG": "tdg", "U3": "u"}
    return names.get(extension.name, extension.name.replace("_", "").lower()), extension.angles


_PAIRS = tuple(second + first for first in "IXYZ" for second in "IXYZ")[1:]
"""Labels of Stim's fifteen products of two Paulis, in its order, which names the first qubit first."""


def _rates(pairs: Iterable[tuple[str, float]]) -> dict[str | PauliString, float]:
    return {label: rate for label, rate in pairs if rate}


def _channel_of(name: str, arguments: tuple[float, ...]) -> KrausChannel:
    if name == "DEPOLARIZE1":
        return depolarizing(arguments[0])
    if name == "DEPOLARIZE2":
        return depolarizing(arguments[0], num_qubits=2)
    if name == "PAULI_CHANNEL_1":
        return pauli_channel(_rates(zip("XYZ", arguments, strict=True)))
    if name == "PAULI_CHANNEL_2":
        return pauli_channel(_rates(zip(_PAIRS, arguments, strict=True)))
    return pauli_channel({name[0]: arguments[0]})  # X_ERROR, Y_ERROR, Z_ERROR


_OTHERS: dict[str, Callable[[_Reader, Any], None]] = {
    **dict.fromkeys(("M", "MX", "MY", "MR", "MRX", "MRY"), _Reader._measure),
    **dict.fromkeys(("MPP", "MXX", "MYY", "MZZ"), _Reader._measure_product),
    **dict.fromkeys(("R", "RX", "RY"), _Reader._reset),
    **dict.fromkeys(("X_ERROR", "Y_ERROR", "Z_ERROR", "DEPOLARIZE1", "DEPOLARIZE2"), _Reader._channel),
    **dict.fromkeys(("PAULI_CHANNEL_1", "PAULI_CHANNEL_2"), _Reader._channel),
    **dict.fromkeys(("HERALDED_ERASE", "HERALDED_PAULI_CHANNEL_1"), _Reader._herald),
    **dict.fromkeys(("E", "ELSE_CORRELATED_ERROR"), _Reader._correlated),
    "MPAD": _Reader._pad,
    "DETECTOR": _Reader._detector,
    "OBSERVABLE_INCLUDE": _Reader._observable,
    "SHIFT_COORDS": _Reader._shift_coordinates,
    "TICK": _Reader._tick,
}
