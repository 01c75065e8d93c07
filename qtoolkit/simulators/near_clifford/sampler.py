"""Runs a compiled circuit: memory, threads, and decoders that are called between stretches."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._memory import reserved
from qtoolkit.simulators.memory import aligned_empty
from qtoolkit.simulators.near_clifford.builder import Segment
from qtoolkit.simulators.near_clifford.program import FrameProgram
from qtoolkit_kernels.team import Team
from qtoolkit_kernels.threads import counters
from qtoolkit_kernels.vector.frame.code import BLOCK, INSTRUMENT, LIST, OPCODE, WORD, WORDS
from qtoolkit_kernels.vector.frame.operations import FACTORS, STRING
from qtoolkit_kernels.vector.frame.run import Output, Stretch, Work, flip_symbols, run_blocks
from qtoolkit_kernels.vector.lanes import Lanes, native_vector_bytes

__all__ = ["block_keys", "sample"]

FLOAT = 8

CACHE_BYTES = 1 << 18
"""Amplitudes of the shots that run together should fill no more: a quarter of a second-level cache of 1 MiB."""

KEPT_BYTES = 1 << 30
"""Where decoders are called, so much holds the shots that wait for them, if one block of shots needs no more."""

BLOCKS_AT_A_TIME = 256
"""Blocks that a decoder gets at once, 65,536 shots, if they fit."""

LONG_WORK = 1 << 26
"""Amplitudes and row bits, a nanosecond each, from which a signal must be able to end a run."""


def block_keys(seed_words: NDArray[np.uint64], count: int, first: int = 0) -> NDArray[np.uint64]:
    """Keys of blocks, shape ``(count,)``.

    Args:
        seed_words: two random words of the run.
        count: how many.
        first: number of the first one.
    """
    numbers = np.arange(first + 1, first + count + 1, dtype=np.uint64)
    mixed = seed_words[0] + numbers * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    keys: NDArray[np.uint64] = (mixed ^ (mixed >> np.uint64(31))) ^ seed_words[1]
    return keys


def sample(
    program: FrameProgram, shots: int, rng: np.random.Generator, team: Team, packed: bool
) -> NDArray[np.uint64] | NDArray[np.uint8]:
    """The wanted bits of each shot.

    Args:
        program: what to run.
        shots: at least 1.
        rng: gives the two words that all random numbers are made of.
        team: threads.
        packed: whether bits are packed.

    Returns:
        uint64 of shape ``(shots, ceil(num_outputs / 64))``, or uint8 of shape ``(shots, num_outputs)``.

    Raises:
        InsufficientMemoryError: if amplitudes or results do not fit.
    """
    return _Run(program, shots, team, packed).run(rng.integers(0, 1 << 64, 2, np.uint64, endpoint=False))


class _Run:
    def __init__(self, program: FrameProgram, shots: int, team: Team, packed: bool) -> None:
        self._program = program
        self._shots = shots
        self._team = team
        self._packed = packed
        self._lanes = Lanes(native_vector_bytes())
        width = native_vector_bytes() // FLOAT
        self._registers = registers_for(program.room, width)
        self._room = 2 * width * max(program.room, 1) * self._registers
        self._groups = WORD // (width * self._registers)
        self._blocks = -(-shots // BLOCK)

    def run(self, seed_words: NDArray[np.uint64]) -> NDArray[np.uint64] | NDArray[np.uint8]:
        program, outputs = self._program, self._program.num_outputs
        row = 8 * -(-outputs // 64) if self._packed else outputs
        at_once = self._at_once()
        num_threads = min(self._team.num_threads, self._blocks)
        rooms = at_once * WORDS * self._groups if program.segments else num_threads
        rows = at_once if program.segments else num_threads
        widest = max((len(segment.rows) + segment.num_targets for segment in program.segments), default=0)
        needed = _needs.near_clifford(
            self._shots * row,
            rooms * self._room + num_threads * self._factors(),
            rows * WORDS * program.num_row_bits,
            decoded=at_once * BLOCK * widest,
        )
        what = f"{self._shots:,} shots with {program.room:,} amplitudes at a time"
        remedy = "take fewer shots at a time, or a circuit with fewer entangled rotations"
        with reserved(needed, what, remedy, kept=row * self._shots):
            words = np.empty((self._shots if self._packed else 0, -(-outputs // 64)), np.uint64)
            bits = np.empty((0 if self._packed else self._shots, outputs), np.uint8)
            work = Work(
                bits=np.empty((rows, WORDS, program.num_row_bits), np.uint64),
                rooms=_aligned(rooms, self._room),
                factors=_aligned(num_threads, self._factors()),
                registers=self._registers,
                keeps=int(bool(program.segments)),
            )
            for first in range(0, self._blocks, at_once):
                count = min(at_once, self._blocks - first)
                keys, shots = block_keys(seed_words, count, first), slice(first * BLOCK, (first + count) * BLOCK)
                self._run_blocks(keys, work, Output(bits[shots], words[shots], outputs), num_threads)
        return words if self._packed else bits

    def _at_once(self) -> int:
        """Blocks that run before the next ones begin."""
        if not self._program.segments:
            return self._blocks
        block = FLOAT * (self._room * WORDS * self._groups + WORDS * self._program.num_row_bits)
        return max(1, min(self._blocks, BLOCKS_AT_A_TIME, KEPT_BYTES // block))

    def _factors(self) -> int:
        operations, lists = self._program.code.operations, self._program.code.lists
        places = operations[operations[:, OPCODE] == INSTRUMENT, LIST]
        strings = 4 ** int(lists[places].max()) if places.size else 0
        return FACTORS + STRING * strings

    def _run_blocks(self, keys: NDArray[np.uint64], work: Work, output: Output, num_threads: int) -> None:
        start = 0
        for k, segment in enumerate(self._program.segments):
            self._stretch(Stretch(start, segment.stop, int(k == 0), 0), keys, work, output, num_threads)
            self._decode(segment, work.bits[: keys.size])
            start = segment.stop
        stop = len(self._program.code.operations)
        begins = int(not self._program.segments)
        self._stretch(Stretch(start, stop, begins, 1), keys, work, output, num_threads)

    def _stretch(
        self, stretch: Stretch, keys: NDArray[np.uint64], work: Work, output: Output, num_threads: int
    ) -> None:
        cost = (self._program.cost + self._program.num_row_bits) * keys.size * BLOCK
        arguments = self._program.code, self._program.noise, stretch, keys, work, output, self._lanes, counters(2)
        self._team.run(run_blocks, *arguments, num_threads=num_threads, long=cost >= LONG_WORK)

    def _decode(self, segment: Segment, bits: NDArray[np.uint64]) -> None:
        """Let a decoder have its bits, and flip what it answers."""
        rows = np.ascontiguousarray(bits[:, :, list(segment.rows)])  # blocks, words, sources
        given = np.unpackbits(rows.astype("<u8").view(np.uint8).reshape(*rows.shape, 8), axis=3, bitorder="little")
        by_shot = given.transpose(0, 1, 3, 2).reshape(-1, len(segment.rows)).astype(np.bool_)
        found = segment.item.function(by_shot)
        shaped = found.reshape(len(bits), WORDS, WORD, -1).transpose(3, 0, 1, 2)
        packed = np.packbits(np.ascontiguousarray(shaped), axis=3, bitorder="little")
        values = np.ascontiguousarray(packed).view("<u8").reshape(found.shape[1], len(bits), WORDS).astype(np.uint64)
        flip_symbols(self._program.code, bits, segment.symbols, values)


def registers_for(room: int, width: int) -> int:
    """Registers of shots that run together: as many as fit into the cache, a power of two, and 64 shots at most."""
    most = WORD // width
    fitting = CACHE_BYTES // max(1, 2 * FLOAT * width * room)
    return most if fitting >= most else 1 << int(math.log2(max(1, fitting)))


def _aligned(count: int, size: int) -> NDArray[np.float64]:
    size += -size % 8
    memory: NDArray[np.float64] = aligned_empty(count * size, np.float64)  # type: ignore[assignment]
    return memory.reshape(count, size)
