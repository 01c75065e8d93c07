"""Steps of a plan as stages of a density matrix.

All that happens whatever bits were read is one stage, a stretch: gates, channels, resets and measurements that nobody
looks at. The stages between stretches read or write classical bits that matter later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import (
    BranchStep,
    ChannelStep,
    DecodeStep,
    InitializeStep,
    MeasureStep,
    ReadoutErrorStep,
    ResetStep,
    Step,
    UnitaryStep,
)
from qtoolkit.simulators.density.lowering import Item, Wide, has_wide_gates, items_of
from qtoolkit.simulators.density.sweeping import Sweeps
from qtoolkit.simulators.density.transfer import DEPHASING, RESET, transfer_matrices
from qtoolkit.simulators.values import NO_VALUES

__all__ = ["BranchStage", "Call", "Stage", "Stretch", "all_stages", "bits_read", "stages_of"]

FloatArray: TypeAlias = NDArray[np.float64]
Call: TypeAlias = Sweeps | Item | Wide


@dataclass(eq=False)
class Stretch:
    """What happens whatever bits were read.

    Attributes:
        steps: in time order.
        kept: what has been made of it for runs, where no parameter enters.
    """

    steps: tuple[UnitaryStep | ChannelStep | ResetStep | MeasureStep, ...]
    kept: dict[tuple[object, ...], tuple[list[Call], FloatArray | None]] = field(default_factory=dict)

    @cached_property
    def has_wide_gates(self) -> bool:
        """Whether it has gates that run on the matrix itself."""
        return any(isinstance(step, UnitaryStep) and has_wide_gates(step.program) for step in self.steps)

    @cached_property
    def has_wide_channels(self) -> bool:
        """Whether it has channels on more than two qubits."""
        return any(isinstance(step, ChannelStep) and len(step.qubits) > 2 for step in self.steps)

    @property
    def is_constant(self) -> bool:
        """Whether no parameter enters."""
        return not any(isinstance(step, UnitaryStep) and step.program.groups for step in self.steps)

    def items(self, values: FloatArray) -> list[Item | Wide]:
        """The matrices in time order."""
        found: list[Item | Wide] = []
        for step, fixed in zip(self.steps, self._fixed, strict=True):
            if fixed is not None:
                found += fixed
            elif isinstance(step, UnitaryStep):
                found += items_of(step.program, values)
        return found

    @cached_property
    def _fixed(self) -> list[list[Item | Wide] | None]:
        """The matrices of each step; None where parameters enter."""
        return [self._matrices_of(step) for step in self.steps]

    def _matrices_of(self, step: UnitaryStep | ChannelStep | ResetStep | MeasureStep) -> list[Item | Wide] | None:
        if isinstance(step, UnitaryStep):
            return None if step.program.groups else items_of(step.program, NO_VALUES)
        if isinstance(step, ChannelStep):
            return [Item(step.qubits, channel_matrix(step))]
        if isinstance(step, ResetStep):
            return [Item((qubit,), RESET) for qubit in step.qubits]
        return [Item((step.qubit,), DEPHASING)]


@dataclass(frozen=True, eq=False)
class BranchStage:
    """A condition on classical bits, and the stages of both cases."""

    step: BranchStep
    then: tuple[Stage, ...]
    otherwise: tuple[Stage, ...]


Stage: TypeAlias = Stretch | MeasureStep | InitializeStep | ReadoutErrorStep | DecodeStep | BranchStage

_matrices: dict[object, FloatArray] = {}
MOST_KEPT = 1 << 8
"""Channels whose matrices are remembered."""


def channel_matrix(step: ChannelStep) -> FloatArray:
    """The matrix of a channel on Pauli coefficients."""
    known = _matrices.get(step.channel)
    if known is None:
        if len(_matrices) >= MOST_KEPT:
            _matrices.clear()
        known = _matrices[step.channel] = transfer_matrices(np.array(step.channel.operators)).sum(axis=0)
    return known


def all_stages(stages: Iterable[Stage]) -> Iterator[Stage]:
    """The stages, those of both cases of conditions behind these."""
    for stage in stages:
        yield stage
        if isinstance(stage, BranchStage):
            yield from all_stages(stage.then)
            yield from all_stages(stage.otherwise)


def bits_read(stages: Iterable[Stage | Step]) -> frozenset[int]:
    """The classical bits on which what happens later depends: those of conditions and of decoders."""
    found: set[int] = set()
    for stage in stages:
        if isinstance(stage, BranchStage):
            found |= {*stage.step.clbits, *bits_read(stage.then), *bits_read(stage.otherwise)}
        elif isinstance(stage, BranchStep):
            found |= {*stage.clbits, *bits_read(stage.then), *bits_read(stage.otherwise)}
        elif isinstance(stage, DecodeStep):
            found.update(stage.clbits)
    return frozenset(found)


def stages_of(steps: Sequence[Step], num_qubits: int, wanted: frozenset[int] | None) -> tuple[Stage, ...]:
    """Group steps.

    Args:
        steps: of a plan, or of one case of a condition.
        num_qubits: of the plan; a measured qubit of this number is always 0.
        wanted: classical bits that matter; None for all.
    """
    stages: list[Stage] = []
    waiting: list[UnitaryStep | ChannelStep | ResetStep | MeasureStep] = []
    for number, step in enumerate(steps):
        if isinstance(step, ResetStep) and isinstance((*steps, None)[number + 1], InitializeStep):
            continue  # which clears its qubits itself
        if isinstance(step, UnitaryStep | ChannelStep | ResetStep):
            waiting.append(step)
            continue
        if isinstance(step, MeasureStep) and wanted is not None and step.clbit not in wanted:
            if step.qubit < num_qubits:
                waiting.append(step)
            continue
        if isinstance(step, ReadoutErrorStep) and wanted is not None and wanted.isdisjoint(step.clbits):
            continue
        if waiting:
            stages.append(Stretch(tuple(waiting)))
            waiting = []
        if isinstance(step, BranchStep):
            cases = [stages_of(case, num_qubits, wanted) for case in (step.then, step.otherwise)]
            stages.append(BranchStage(step, *cases))
        else:
            stages.append(step)
    if waiting:
        stages.append(Stretch(tuple(waiting)))
    return tuple(stages)
