"""Programs of small circuits as products of one-qubit gates and Pauli strings, whose angles parameters enter linearly.

Any gate ``U(θ)`` on one qubit with a constant generator is ``exp(-iθG) U(0)``, and a controlled one is that of a
string with controls, in a basis that constant gates turn to; some gates on two qubits are a few strings. So a few kinds
of operations suffice; a program with other gates is left to the engine. Operations leave global phases out, which no
expectation value knows; they are added up apart.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qtoolkit._masks import bits_of
from qtoolkit.compiler import Differential, Opcode, Program
from qtoolkit.simulators.small.gates import (
    LEAVES,
    NEGLIGIBLE,
    Rotation,
    diagonal_rotations,
    direction,
    is_euler,
    quaternion_of,
    rotation_of,
    steps_of,
)

__all__ = ["Product", "SmallPlan", "String", "small_plan", "string_signs"]

ComplexArray = NDArray[np.complex128]
FloatArray = NDArray[np.float64]

MAX_PHASES = 16
"""Diagonals with more entries other than 1 are left to the engine."""


@dataclass
class Product:
    """One-qubit gates in a row.

    Attributes:
        qubit: that they act on.
        factors: in time order: 1, 2 or 3 for a rotation about X, Y or Z and the number of its turn, or 0 and the number
            of a quaternion.
    """

    qubit: int
    factors: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class String:
    """ψ(x) becomes ``a ψ(x) ± i^k b ψ(x ^ x_mask)`` where controls have their values.

    Attributes:
        x_mask, z_mask: flips, and bits whose parity gives a sign.
        controls, values: masks of index bits.
        sign: of b.
        imaginary: k.
        turn: the number of a and b.
        inverse: the sign of b in the inverse.
    """

    x_mask: int
    z_mask: int
    controls: int
    values: int
    sign: int
    imaginary: int
    turn: int
    inverse: int = -1


@dataclass
class SmallPlan:
    """What a program comes to.

    Attributes:
        operations: in time order.
        quaternions: (w, x, y, z) of the constant one-qubit gates ``w - i (x X + y Y + z Z)``.
        slots: of each turn that a parameter enters: the slot of its angle, what that is multiplied by and what is
            added, in radians; the turn is its cosine and sine.
        constants: other turns, by number counted from -1 downwards.
        phases: slots that the global phase depends on, and what their angles are multiplied by.
        turned: ``e^{iφ}`` of the rest of it, of which a sum of angles would keep fewer digits.
    """

    operations: list[Product | String] = field(default_factory=list)
    quaternions: list[FloatArray] = field(default_factory=list)
    slots: list[tuple[int, float, float]] = field(default_factory=list)
    constants: list[tuple[float, float]] = field(default_factory=list)
    phases: list[tuple[int, float]] = field(default_factory=list)
    turned: complex = 1.0 + 0.0j


def string_signs(x_mask: int, z_mask: int) -> tuple[int, int]:
    """Sign and power of i of a rotation: (P ψ)(x) = (-i)^y (-1)^|x & z| ψ(x ^ x_mask) with y letters Y."""
    y = (x_mask & z_mask).bit_count() & 3
    return (-1 if y < 2 else 1), 1 - (y & 1)


def small_plan(program: Program) -> SmallPlan | None:
    """Take a program apart; None if it has gates that are no such operations."""
    builder = _Builder(program)
    return builder.plan if all(builder.add(i) for i in range(program.num_operations)) else None


@dataclass
class _Gate:
    """One operation of the program, taken apart."""

    targets: tuple[int, ...]
    controls: int
    values: int
    coefficients: ComplexArray
    table: list[int]
    differential: Differential | None


class _Builder:
    def __init__(self, program: Program) -> None:
        self.plan = SmallPlan(phases=[(program.phase_slot, 1.0)])
        self._program = program
        self._differentials = {d.operation: d for d in program.differentials}
        self._open: dict[int, Product] = {}
        self._kinds: dict[int, Callable[[_Gate], bool]] = {
            Opcode.PAULI_ROTATION: self._pauli_rotation,
            Opcode.PERMUTATION: self._permutation,
            Opcode.DIAGONAL: self._diagonal,
            Opcode.DENSE_1Q: self._dense,
            Opcode.DENSE_2Q: self._stepwise,
        }

    def add(self, i: int) -> bool:
        """Add an operation of the program; False if it cannot be done."""
        program = self._program
        place, stop = (int(k) for k in program.coefficient_start[i : i + 2])
        gate = _Gate(
            tuple(program.qubits[program.qubit_start[i] : program.qubit_start[i + 1]].tolist()),
            int(program.control_masks[i]),
            int(program.control_values[i]),
            program.constant_coefficients[place:stop],
            program.table[program.table_start[i] : program.table_start[i + 1]].tolist(),
            self._differentials.get(i),
        )
        kind = self._kinds.get(int(program.opcodes[i]))
        return kind is not None and kind(gate)

    def _pauli_rotation(self, gate: _Gate) -> bool:
        x_mask, z_mask = gate.table
        if gate.differential is None:
            turn = self._constant(gate.coefficients[0].real, gate.coefficients[1].real)
        else:
            turn = self._turn(gate.differential.slots[0], 0.5)
        self._rotation(x_mask, z_mask, gate.controls, gate.values, turn)
        return True

    def _permutation(self, gate: _Gate) -> bool:
        if gate.table == [1, 0]:
            self._flip(gate.targets[0], gate.controls, gate.values)
            return True
        if gate.table != [0, 2, 1, 3]:
            return False
        first, second = (1 << target for target in gate.targets)
        self._flip(gate.targets[0], second, second)
        self._flip(gate.targets[1], gate.controls | first, gate.values | first)
        self._flip(gate.targets[0], second, second)
        return True

    def _diagonal(self, gate: _Gate) -> bool:
        if gate.differential is None:
            return self._constant_diagonal(gate)
        assert gate.differential.record is not None
        rotations = diagonal_rotations(gate.differential.record)
        if rotations is None:
            return False
        for slot, (generator, z_mask) in zip(gate.differential.slots, rotations, strict=True):
            if len(gate.targets) == 1 and not gate.controls:
                self._factor(gate.targets[0], 3, self._turn(slot, (generator[0] - generator[1]) / 2))
                self.plan.phases.append((slot, -(generator[0] + generator[1]) / 2))
            elif z_mask:
                turn = self._turn(slot, generator[0])
                self._rotation(0, _deposit(z_mask, gate.targets), gate.controls, gate.values, turn)
            else:
                for place, entry in enumerate(generator):
                    if entry:
                        self._phase(gate, place, self._turn(slot, -entry))
        return True

    def _constant_diagonal(self, gate: _Gate) -> bool:
        entries = gate.coefficients
        if len(gate.targets) == 1 and not gate.controls:
            quaternion, phase = quaternion_of(np.diag(entries))
            self._constant_factor(gate.targets[0], quaternion, phase)
            return True
        places = np.flatnonzero(entries != 1.0).tolist()
        if len(places) > MAX_PHASES:
            return False
        for place in places:
            self._phase(gate, place, self._constant(entries[place].real, entries[place].imag))
        return True

    def _dense(self, gate: _Gate) -> bool:
        target = gate.targets[0]
        if gate.differential is None:
            quaternion, phase = quaternion_of(gate.coefficients)
            if not gate.controls:
                self._constant_factor(target, quaternion, phase)
                return True
            axis, sine = direction(quaternion[1:])
            if abs(sine) > NEGLIGIBLE:
                self._about(gate, axis, self._constant(float(quaternion[0]), sine))
            if abs(phase) > NEGLIGIBLE:
                self._control_phase(gate, self._constant(float(np.cos(phase)), float(np.sin(phase))))
            return True
        record = gate.differential.record
        assert record is not None
        if len(gate.differential.slots) == 1:
            return self._dense_rotation(gate, gate.differential.slots[0], rotation_of(record))
        if gate.controls or not is_euler(record):
            return False
        for letter, k in ((3, 2), (2, 0), (3, 1)):
            self._factor(target, letter, self._turn(gate.differential.slots[k], 0.5))
        self.plan.phases += [(gate.differential.slots[k], 0.5) for k in (1, 2)]
        return True

    def _dense_rotation(self, gate: _Gate, slot: int, rotation: Rotation | None) -> bool:
        if rotation is None:
            return False
        is_one = np.abs(rotation.start[1:]).max() < NEGLIGIBLE  # the cosine would not tell angles below 1e-7
        if gate.controls and not (is_one and abs(rotation.phase) < NEGLIGIBLE):
            return False
        if not is_one:
            self._constant_factor(gate.targets[0], rotation.start)
        if rotation.size:
            self._about(gate, rotation.axis, self._turn(slot, rotation.size))
        if gate.controls and rotation.offset:
            self._control_phase(gate, self._turn(slot, -rotation.offset))
        if not gate.controls:
            self.plan.phases.append((slot, -rotation.offset))
            self.plan.turned *= cmath.rect(1.0, rotation.phase)
        return True

    def _stepwise(self, gate: _Gate) -> bool:
        if gate.differential is None or gate.differential.record is None or gate.controls:
            return False
        steps = steps_of(gate.differential.record)
        for leaf, qubits, start, angle, slope in steps or ():
            letters, scale = LEAVES[leaf], 0.5 if LEAVES[leaf] else 1.0
            if angle >= 0:
                turn = self._turn(gate.differential.slots[angle], scale * slope, scale * start)
            else:
                turn = self._constant(math.cos(scale * start), math.sin(scale * start))
            bits = [1 << gate.targets[q] for q in qubits]
            if letters:
                x_mask = sum(bit for bit, letter in zip(bits, letters, strict=True) if letter in "XY")
                z_mask = sum(bit for bit, letter in zip(bits, letters, strict=True) if letter in "YZ")
                self._rotation(x_mask, z_mask, 0, 0, turn)
            else:
                self._string(String(0, 0, sum(bits), sum(bits), 1, 1, turn))
        return steps is not None

    def _about(self, gate: _Gate, axis: FloatArray, turn: int) -> None:
        """Rotate one qubit, perhaps controlled, about any axis."""
        target, bit = gate.targets[0], 1 << gate.targets[0]
        k = int(np.argmax(np.abs(axis)))
        masks = ((bit, 0), (bit, bit), (0, bit))
        if np.abs(np.delete(axis, k)).max() < NEGLIGIBLE:
            self._rotation(*masks[k], gate.controls, gate.values, turn)
            return
        # The shortest rotation that takes Z there.
        there = np.array([1.0 + axis[2], -axis[1], axis[0], 0.0])
        there /= np.linalg.norm(there)
        self._constant_factor(target, there * [1, -1, -1, -1])
        self._rotation(0, bit, gate.controls, gate.values, turn)
        self._constant_factor(target, there)

    def _rotation(self, x_mask: int, z_mask: int, controls: int, values: int, turn: int) -> None:
        """``cos - i sin P`` for a Pauli string."""
        qubits = x_mask | z_mask
        if not controls and qubits.bit_count() == 1:
            self._factor(qubits.bit_length() - 1, 2 if x_mask and z_mask else (1 if x_mask else 3), turn)
            return
        self._string(String(x_mask, z_mask, controls, values, *string_signs(x_mask, z_mask), turn))

    def _flip(self, target: int, controls: int, values: int) -> None:
        if not controls:
            self._constant_factor(target, np.array([0.0, 1.0, 0.0, 0.0]), math.pi / 2)
        else:
            self._string(String(1 << target, 0, controls, values, 1, 0, self._constant(0.0, 1.0), 1))

    def _phase(self, gate: _Gate, place: int, turn: int) -> None:
        """A phase where targets and controls have some values."""
        controls = gate.controls | _deposit(-1, gate.targets)
        self._string(String(0, 0, controls, gate.values | _deposit(place, gate.targets), 1, 1, turn))

    def _control_phase(self, gate: _Gate, turn: int) -> None:
        self._string(String(0, 0, gate.controls, gate.values, 1, 1, turn))

    def _string(self, string: String) -> None:
        for qubit in bits_of(string.x_mask | string.z_mask | string.controls):
            self._open.pop(qubit, None)
        self.plan.operations.append(string)

    def _constant_factor(self, qubit: int, quaternion: FloatArray, phase: float = 0.0) -> None:
        self.plan.quaternions.append(quaternion)
        self.plan.turned *= cmath.rect(1.0, phase)
        self._factor(qubit, 0, len(self.plan.quaternions) - 1)

    def _factor(self, qubit: int, axis: int, number: int) -> None:
        if qubit not in self._open:
            self._open[qubit] = Product(qubit)
            self.plan.operations.append(self._open[qubit])
        self._open[qubit].factors.append((axis, number))

    def _turn(self, slot: int, scale: float, offset: float = 0.0) -> int:
        constant = float(self._program.slots.constant[slot])
        self.plan.slots.append((slot, scale, scale * constant + offset))
        return len(self.plan.slots) - 1

    def _constant(self, cosine: float, sine: float) -> int:
        found = (float(cosine), float(sine))
        if found not in self.plan.constants:
            self.plan.constants.append(found)
        return -1 - self.plan.constants.index(found)


def _deposit(value: int, targets: tuple[int, ...]) -> int:
    """The index whose bit ``targets[j]`` is bit j of `value`."""
    return sum(1 << target for j, target in enumerate(targets) if value >> j & 1)
