"""Twin of the operations: amplitudes of all shots of a group as one complex array, shape ``(places, shots)``."""

import numpy as np
from numpy.typing import NDArray

from qtoolkit_kernels._types import Integers
from qtoolkit_kernels.reference.vector.frame.draws import key_of, uniforms
from qtoolkit_kernels.reference.vector.frame.symbols import flip_column
from qtoolkit_kernels.vector.frame import code as columns
from qtoolkit_kernels.vector.frame.code import BLOCK, WORD, Code, Words
from qtoolkit_kernels.vector.frame.draws import LANES
from qtoolkit_kernels.vector.frame.operations import IMPOSSIBLE, Group
from qtoolkit_kernels.vector.lanes import Lanes

__all__ = ["run_operations"]

Amplitudes = NDArray[np.complex128]


def run_operations(
    group: Group, lanes: Lanes, code: Code, start: int, stop: int, key: int, first_shot: int, bits: Words
) -> None:
    """Run some operations for the group's shots; arguments as those of the kernel."""
    width = lanes.nbytes // group.room.itemsize
    tiles = group.room.reshape(group.registers, -1, 2, width)
    state = (tiles[:, :, 0] + 1j * tiles[:, :, 1]).transpose(1, 0, 2).reshape(tiles.shape[1], -1)
    _Run(code, key_of(key, int(LANES)), first_shot, bits, state).run(start, stop)
    parts = state.reshape(tiles.shape[1], group.registers, width).transpose(1, 0, 2)
    tiles[:, :, 0], tiles[:, :, 1] = parts.real, parts.imag


def apply_string(state: Amplitudes, x: int, z: int, power: int) -> Amplitudes:
    """i^power X^x Z^z on amplitudes of shape ``(2**k, shots)``."""
    sources = np.arange(len(state)) ^ x
    signs = 1 - 2 * (np.bitwise_count(sources & z) & 1).astype(np.int64)
    found: Amplitudes = 1j**power * signs[:, None] * state[sources]
    return found


class _Run:
    def __init__(self, code: Code, key: int, first_shot: int, bits: Words, state: Amplitudes) -> None:
        self._code, self._key, self._first, self._bits, self._state = code, key, first_shot, bits, state
        self._shift, self._shots = first_shot % WORD, state.shape[1]

    def run(self, start: int, stop: int) -> None:
        steps = self._open, self._zero, self._turn, self._merge, self._measure, self._instrument, self._and, self._read
        for row in self._code.operations[start:stop]:
            steps[row[columns.OPCODE]](row)

    def _row_bits(self, row: int) -> Integers:
        """A row bit of each shot."""
        turns = np.arange(self._shift, self._shift + self._shots, dtype=np.uint64)
        values: Integers = (self._bits[row] >> turns & np.uint64(1)).astype(np.int64)
        return values

    def _flip(self, symbol: int, values: Integers | np.int64) -> None:
        shots = sum(int(value) << self._shift + shot for shot, value in enumerate(np.atleast_1d(values)))
        flip_column(self._bits, self._code.column_start, self._code.column_bits, symbol, shots)

    def _uniforms(self, row: Integers) -> NDArray[np.float64]:
        return uniforms(self._key, int(row[columns.DRAW]) * BLOCK + self._first, self._shots)

    def _part(self, place: int, size: int) -> Amplitudes:
        return self._state[place : place + (1 << size)]

    def _own(self, row: Integers) -> Amplitudes:
        return self._part(row[columns.PLACE], row[columns.SIZE])

    def _angle(self, row: Integers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        cosine, sine = self._code.numbers[row[columns.NUMBER] : row[columns.NUMBER] + 2]
        signed = sine * (1 - 2 * self._row_bits(row[columns.SIGN]))
        if row[columns.CONDITION] < 0:
            return np.full(self._shots, cosine), signed
        on = self._row_bits(row[columns.CONDITION])
        return np.where(on, cosine, 1.0), np.where(on, signed, 0.0)

    def _zero(self, row: Integers) -> None:
        self._part(row[columns.PLACE], 1)[:] = np.array([[1.0], [0.0]])

    def _open(self, row: Integers) -> None:
        cosine, sine = self._angle(row)
        self._part(row[columns.PLACE], 1)[:] = cosine, sine * (1.0 if row[columns.PHASE] else -1j)

    def _turn(self, row: Integers) -> None:
        cosine, sine = self._angle(row)
        state = self._own(row)
        state[:] = cosine * state - 1j * sine * apply_string(state, *row[[columns.X, columns.Z, columns.PHASE]])

    def _merge(self, row: Integers) -> None:
        first, second = self._own(row), self._part(row[columns.X], row[columns.Z])
        product = second[:, None] * first[None]
        target = self._part(row[columns.PIVOT], row[columns.SIZE] + row[columns.Z])
        target[:] = product.reshape(-1, self._shots)

    def _measure(self, row: Integers) -> None:
        state, pivot = self._own(row), int(row[columns.PIVOT])
        x, z, phase = (int(value) for value in row[[columns.X, columns.Z, columns.PHASE]])
        image = apply_string(state, x, z, phase)
        projected = np.stack([state + image, state - image]) / 2
        weights = (np.abs(projected) ** 2).sum(axis=1)
        total = weights.sum(axis=0)
        weights[weights <= IMPOSSIBLE * total] = 0.0
        weights[0] = np.where(weights[1] > 0, weights[0], total)
        outcomes = (self._uniforms(row) * total >= weights[0]).astype(np.int64)
        self._flip(row[columns.SYMBOL], outcomes)
        if row[columns.SIZE] == 1:
            return
        numbers = np.arange(len(state))
        half = numbers[numbers >> pivot & 1 == 0]
        chosen = projected[outcomes, :, np.arange(self._shots)].T / np.sqrt(weights[outcomes, np.arange(self._shots)])
        if x:
            kept = chosen[half] * np.sqrt(2)
        else:
            odd = np.bitwise_count(half & z)[:, None] & 1
            kept = chosen[half[:, None] | (odd ^ outcomes) << pivot, np.arange(self._shots)]
        state[: len(half)] = kept

    def _instrument(self, row: Integers) -> None:
        lists, start, state = self._code.lists, int(row[columns.LIST]), self._own(row)
        num_qubits, num_operators, num_outcomes = lists[start : start + 3]
        rows = lists[start + 3 : start + 3 + 2 * num_qubits]
        frame = np.array([self._row_bits(k) for k in rows])
        strings = lists[start + 3 + 2 * num_qubits :][: 3 * 4**num_qubits].reshape(-1, 3)
        held = np.arange(len(strings))[:, None] >> np.arange(len(rows)) & 1
        signs = 1 - 2 * (held @ frame % 2)
        number = row[columns.NUMBER]
        count = num_operators * len(strings)
        coefficients = self._code.numbers[number : number + 2 * count].view(np.complex128)
        weights = self._code.numbers[number + 2 * count : number + 3 * count].reshape(num_operators, -1)
        images = np.array([apply_string(state, *string) for string in strings])
        chosen = np.zeros(self._shots, np.int64)
        if num_operators > 1:
            values = np.einsum("as,mas->ms", state.conj(), images).real
            possible = np.maximum(weights @ (signs * values), 0.0)
            possible[possible <= IMPOSSIBLE] = 0.0
            edges = np.cumsum(possible, axis=0)
            last = len(possible) - 1 - (possible[::-1] > 0).argmax(axis=0)
            chosen = np.minimum((edges <= self._uniforms(row)).sum(axis=0), last)
        on = self._row_bits(row[columns.CONDITION]) if row[columns.CONDITION] >= 0 else np.ones(self._shots, np.int64)
        if num_outcomes:
            self._flip(row[columns.SYMBOL], chosen * on)
        acting = coefficients.reshape(num_operators, -1)[chosen].T * signs
        acting = np.where(on, acting, (np.arange(len(strings)) == 0)[:, None])
        found = self._part(row[columns.PIVOT], row[columns.SIZE])  # what the kernel leaves there
        found[:] = np.einsum("ms,mas->as", acting, images)
        state[:] = found / np.sqrt((np.abs(found) ** 2).sum(axis=0))

    def _and(self, row: Integers) -> None:
        rows = self._code.lists[row[columns.LIST] : row[columns.LIST] + row[columns.COUNT]]
        self._flip(row[columns.SYMBOL], np.array([self._row_bits(k) for k in rows]).all(axis=0).astype(np.int64))

    def _read(self, row: Integers) -> None:
        count = int(row[columns.COUNT])
        rows = self._code.lists[row[columns.LIST] : row[columns.LIST] + count]
        true = sum(self._row_bits(k) << j for j, k in enumerate(rows))
        number = row[columns.NUMBER]
        confusion = self._code.numbers[number : number + 4**count].reshape(1 << count, -1)[true]
        possible = confusion.shape[1] - 1 - (confusion[:, ::-1] > 0).argmax(axis=1)
        edges = np.cumsum(confusion, axis=1)
        read = np.minimum((edges <= self._uniforms(row)[:, None]).sum(axis=1), possible)
        for k in range(count):
            self._flip(row[columns.SYMBOL] + k, np.asarray((read ^ true) >> k & 1))
