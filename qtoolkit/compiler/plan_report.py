"""The report on a plan: rows of numbers, and as text a table of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["WIDTH", "PassReport", "PlanReport", "StepReport", "SweepReport", "duration"]

WIDTH = 80

NOTES = (
    "Flops count a fused multiply-add as two; bytes are read and written between memory and the cache, passes are over "
    "a block inside the cache; all three for each amplitude of the state.",
    "Times are predicted, not measured: for cores of 4 to 5 GHz with AVX-512 and 1 MiB of second-level cache each, "
    "50 GB/s of memory for each thread, half of the rotations with a sine larger than the cosine, and parameter values "
    "at which nothing vanishes. What Python adds, 1 to 20 microseconds, is left out.",
)
BRANCHES = "Totals leave the branches out."


@dataclass(frozen=True)
class SweepReport:
    """One pass over memory.

    Attributes:
        depth: how many branches it stands in.
        bits: index bits that its blocks hold; none for a gate that runs by itself on the whole state.
        gates: gates of the circuit that it stands for.
        operations: number of operations of the block program by name.
        flops, bytes, passes: real floating-point operations, bytes between memory and cache, and passes over a block
            held in the cache, for each amplitude of the state.
        seconds: predicted time.
    """

    depth: int
    bits: tuple[int, ...]
    gates: int
    operations: Mapping[str, int]
    flops: float
    bytes: float
    passes: float
    seconds: float


@dataclass(frozen=True)
class StepReport:
    """A step between the gates: a measurement, a reset, a branch.

    Attributes:
        depth: how many branches it stands in.
        description: in words.
    """

    depth: int
    description: str


@dataclass(frozen=True)
class PassReport:
    """What a pass of the planner leaves.

    Attributes:
        name: of the pass, a module of `qtoolkit_kernels.planner`.
        counts: how many nodes of each kind there are after it; of the last passes, sweeps, actions and operations.
    """

    name: str
    counts: Mapping[str, int]


@dataclass(frozen=True)
class PlanReport:
    """What a plan does and how long that should take; `str` makes a table of it.

    Totals leave out what stands in branches.

    Attributes:
        num_qubits: of the circuit.
        precision: ``"double"`` or ``"single"``.
        num_threads: that the times are for.
        block_bits: index bits of a block.
        rows: sweeps and other steps, in time order.
        planner_passes: what the planner did to each stretch of gates, pass by pass, if that was asked for.
    """

    num_qubits: int
    precision: str
    num_threads: int
    block_bits: int
    rows: tuple[SweepReport | StepReport, ...]
    planner_passes: tuple[PassReport, ...] = ()

    @property
    def sweeps(self) -> tuple[SweepReport, ...]:
        """All sweeps, in branches too."""
        return tuple(row for row in self.rows if isinstance(row, SweepReport))

    @property
    def gates(self) -> int:
        """Gates of the circuit."""
        return sum(row.gates for row in self._counted)

    @property
    def flops(self) -> float:
        """Floating-point operations an amplitude."""
        return sum(row.flops for row in self._counted)

    @property
    def bytes(self) -> float:
        """Bytes between memory and cache an amplitude."""
        return sum(row.bytes for row in self._counted)

    @property
    def passes(self) -> float:
        """Passes over blocks held in the cache."""
        return sum(row.passes for row in self._counted)

    @property
    def seconds(self) -> float:
        """Predicted time."""
        return sum(row.seconds for row in self._counted)

    @property
    def _counted(self) -> list[SweepReport]:
        return [row for row in self.sweeps if row.depth == 0]

    def __str__(self) -> str:
        threads = "1 thread" if self.num_threads == 1 else f"{self.num_threads} threads"
        lines = [
            f"{self.num_qubits} qubits in {self.precision} precision on {threads}, "
            f"blocks of 2^{self.block_bits} amplitudes",
            "",
            _line("sweep", "bits in the block", "gates", "flops", "bytes", "passes", "time"),
        ]
        number = 0
        for row in self.rows:
            indent = "  " * row.depth
            if isinstance(row, StepReport):
                lines.append(f"{indent}     - {row.description}")
                continue
            number += 1
            bits = textwrap.wrap(_ranges(row.bits) or "whole state", 26)
            lines.append(_line(f"{indent}{number}", bits[0], str(row.gates), *_costs(row)))
            lines += [f"       {more}" for more in bits[1:]]
            operations = ", ".join(f"{count} {name}" for name, count in row.operations.items())
            lines += textwrap.wrap(operations, WIDTH, initial_indent=" " * 9, subsequent_indent=" " * 9)
        lines += [_line("", "total", str(self.gates), *_costs(self)), ""]
        if self.planner_passes:
            lines += [*_pass_lines(self.planner_passes), ""]
        notes = [*NOTES, *([BRANCHES] if any(row.depth for row in self.rows) else [])]
        return "\n".join([*lines, *(line for note in notes for line in textwrap.wrap(note, WIDTH))])


def _line(number: str, bits: str, gates: str, flops: str, size: str, passes: str, time: str) -> str:
    return f"{number:>5}  {bits:<26} {gates:>6} {flops:>8} {size:>7} {passes:>7} {time:>10}"


def _pass_lines(passes: Sequence[PassReport]) -> list[str]:
    """A table of passes; of those that change no numbers, the name alone."""
    lines = [f"{'pass':<10}{'nodes':>6}  kinds of nodes after it"]
    before: Mapping[str, int] | None = None
    for report in passes:
        if report.counts == before:
            lines.append(f"{report.name:<10}{'':>6}  the same")
            continue
        before = report.counts
        kinds = ", ".join(f"{count} {name}" for name, count in before.items())
        wrapped = textwrap.wrap(kinds, WIDTH - 18) or ["none"]
        lines.append(f"{report.name:<10}{sum(before.values()):>6}  {wrapped[0]}")
        lines += [f"{'':18}{more}" for more in wrapped[1:]]
    return lines


def _costs(row: SweepReport | PlanReport) -> tuple[str, str, str, str]:
    return f"{row.flops:.1f}", f"{row.bytes:.1f}", f"{row.passes:.2f}", duration(row.seconds)


def duration(seconds: float) -> str:
    """A time in the unit that fits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def _ranges(bits: Sequence[int]) -> str:
    """Numbers in ascending order, runs as ``first-last``."""
    runs: list[list[int]] = []
    for bit in bits:
        if runs and bit == runs[-1][1] + 1:
            runs[-1][1] = bit
        else:
            runs.append([bit, bit])
    return " ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
