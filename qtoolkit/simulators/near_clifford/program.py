"""A circuit compiled for the near-Clifford kernels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit.errors import CircuitError
from qtoolkit.simulators.near_clifford.builder import Builder, Segment
from qtoolkit.simulators.near_clifford.lowering import Lowered
from qtoolkit.simulators.near_clifford.pauli import set_bits
from qtoolkit.simulators.near_clifford.pullback import pull_back
from qtoolkit.simulators.near_clifford.schedule import build
from qtoolkit.simulators.near_clifford.sensitivity import Mechanism, analyse
from qtoolkit_kernels.vector.frame.code import ROW, Code, Noise

if TYPE_CHECKING:
    from qtoolkit_kernels._types import Integers

__all__ = ["FrameProgram", "compile_program"]

MOST_QUBITS = 40
"""Of one component: far more than any memory holds, and few enough for 64-bit integers."""


@dataclass(frozen=True, eq=False)
class FrameProgram:
    """What runs for each shot.

    Attributes:
        code, noise: for the kernels.
        segments: decoders between stretches of the code.
        num_outputs: row bits that are wanted, the first ones.
        room: amplitudes that are held at most.
        peak: qubits of the largest component.
        most_active: qubits that hold amplitudes at the same time, at most.
        cost: amplitudes that are written in one shot.
        order: whose order the operations are in.
        num_rotations: gates that are no Clifford gates, as rotations.
        num_pruned: of these and of channels, those that change nothing that is wanted.
        num_mechanisms: places of noise.
        measured: how many measurements are certain, coins and projections.
        fair: outputs that a coin flips which nothing else depends on, so that they are as often 1 as 0.
    """

    code: Code
    noise: Noise
    segments: tuple[Segment, ...]
    num_outputs: int
    room: int
    peak: int
    most_active: int
    cost: int
    order: str
    num_rotations: int
    num_pruned: int
    num_mechanisms: int
    measured: dict[str, int]
    fair: tuple[int, ...]

    @property
    def num_row_bits(self) -> int:
        """Bits that each shot has."""
        return self.code.constant.size


def compile_program(lowered: Lowered, num_parities: int) -> FrameProgram:
    """Compile items for their classical bits, or for the parities that are declared.

    Args:
        lowered: the items.
        num_parities: detectors and observables; 0 for the classical bits.

    Raises:
        CircuitError: if rotations entangle more than 40 qubits.
    """
    items = lowered.items
    wanted = 0 if num_parities else lowered.num_clbits
    analysis = analyse(items, lowered.num_qubits, lowered.num_bits, wanted, num_parities)
    pulled = pull_back(items, analysis.effects, lowered.num_qubits)
    builder, order = build(lambda: Builder(items, pulled))
    if builder.peak > MOST_QUBITS:
        raise CircuitError(
            f"the near-Clifford simulator holds up to {MOST_QUBITS} entangled qubits as amplitudes, got "
            f"{builder.peak}; the circuit is too far from a Clifford circuit"
        )
    columns = [*builder.columns_of_symbols]
    fair = 0
    for column in (columns[coin] for coin in builder.coins):
        fair |= column if column >> analysis.num_outputs == 0 else 0
    noise = _noise(analysis.mechanisms, builder.coins, columns)
    constant = np.zeros(analysis.num_rows, np.int64)
    constant[list(set_bits(analysis.constant ^ builder.constant))] = 1
    start, bits = _packed([list(set_bits(column)) for column in columns])
    code = Code(
        operations=np.array(builder.rows, np.int64).reshape(-1, ROW),
        numbers=np.array(builder.numbers or [0.0]),
        lists=_integers(builder.lists or [0]),
        column_start=start,
        column_bits=bits,
        constant=constant,
    )
    return FrameProgram(
        code=code,
        noise=noise,
        segments=tuple(builder.segments),
        num_outputs=analysis.num_outputs,
        room=builder.room,
        peak=builder.peak,
        most_active=builder.most_active,
        cost=builder.cost,
        order=order,
        num_rotations=lowered.num_rotations,
        num_pruned=analysis.num_pruned,
        num_mechanisms=len(analysis.mechanisms),
        measured=dict(builder.num_measured),
        fair=tuple(set_bits(fair)),
    )


def _noise(mechanisms: Sequence[Mechanism], coins: Sequence[int], columns: list[int]) -> Noise:
    """Mechanisms by their probability; their columns are added to `columns`."""
    by_probability: dict[float, list[Mechanism]] = {}
    for mechanism in mechanisms:
        total = min(sum(mechanism.probabilities), 1.0)
        by_probability.setdefault(total, []).append(mechanism)
    group_start, rates = [0], []
    alternatives: list[list[float]] = []
    symbols: list[int] = []
    known: dict[int, int] = {}
    for total, group in by_probability.items():
        for mechanism in group:
            edges = np.cumsum(mechanism.probabilities) / sum(mechanism.probabilities)
            edges[-1] = 1.0
            alternatives.append(edges.tolist())
            for column in mechanism.columns:
                if column not in known:
                    known[column] = len(columns)
                    columns.append(column)
                symbols.append(known[column])
        group_start.append(len(alternatives))
        rates.append(float(1.0 / np.log1p(-total)) if total < 1.0 else 0.0)
    start = np.cumsum([0, *map(len, alternatives)])
    flat = [edge for edges in alternatives for edge in edges]
    return Noise(
        coins=_integers([[coin, coin] for coin in coins]).reshape(-1, 2),
        group_start=_integers(group_start),
        rates=np.array(rates, np.float64),
        alternative_start=_integers(start.tolist()),
        thresholds=np.array(flat, np.float64),
        symbols=_integers(symbols),
    )


def _packed(rows: Iterable[Sequence[int]]) -> tuple[Integers, Integers]:
    """Lists one after another, and where each begins."""
    lists = list(rows)
    start = np.cumsum([0, *map(len, lists)])
    return _integers(start.tolist()), _integers([entry for entries in lists for entry in entries])


def _integers(values: Sequence[int] | Sequence[Sequence[int]]) -> NDArray[np.int64]:
    return np.array(values, np.int64)
