"""Density matrices with classical bits beside them: all that may have been read, each with its weight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit.compiler import DecodeStep, InitializeStep, MeasureStep, ReadoutErrorStep
from qtoolkit.simulators.density.engine import Coefficients, DensityEngine
from qtoolkit.simulators.density.lowering import Item
from qtoolkit.simulators.density.stages import BranchStage, Stage, Stretch, bits_read
from qtoolkit.simulators.density.transfer import projection

__all__ = ["Member", "Members"]

FloatArray: TypeAlias = NDArray[np.float64]


@dataclass
class Member:
    """A density matrix, whose trace is its weight, and the classical bits that go with it.

    Attributes:
        state: coefficients.
        clbits: uint8 of shape ``(num_clbits,)``.
    """

    state: Coefficients
    clbits: NDArray[np.uint8]


class Members:
    """Runs stages on all that may have been read, at parameter values.

    What differs only in bits that nothing reads any more is added up.

    Args:
        engine: runs matrices.
        num_qubits: of the states.
        values: of the parameters.
    """

    def __init__(self, engine: DensityEngine, num_qubits: int, values: FloatArray) -> None:
        self._engine = engine
        self._num_qubits = num_qubits
        self._values = values

    def final_state(self, stages: Sequence[Stage], num_clbits: int, start: Coefficients | None) -> Coefficients:
        """The density matrix at the end, whatever was read.

        Args:
            stages: all of them.
            num_clbits: of the circuit.
            start: coefficients to begin from, used up; None for ``|0…0⟩``.
        """
        state, rest = self._begin(stages, start)
        members = self._walk(rest, [Member(state, np.zeros(num_clbits, np.uint8))], frozenset())
        return members[0].state

    def _begin(self, stages: Sequence[Stage], start: Coefficients | None) -> tuple[Coefficients, Sequence[Stage]]:
        """The state behind the first stretch, and the stages that follow."""
        if start is not None:
            return start, stages
        state = self._engine.empty(self._num_qubits)
        first = stages[0] if stages and isinstance(stages[0], Stretch) else Stretch(())
        self._engine.run(first, self._values, self._num_qubits, state, is_fresh=True)
        return state, stages[1:] if first.steps else stages

    def _walk(self, stages: Sequence[Stage], members: list[Member], after: frozenset[int]) -> list[Member]:
        for number, stage in enumerate(stages):
            read = bits_read(stages[number + 1 :]) | after
            members = self._merged([m for member in members for m in self._run(stage, member, read)], read)
        return self._merged(members, after)

    def _merged(self, members: list[Member], read: frozenset[int]) -> list[Member]:
        kept: dict[bytes, Member] = {}
        for member in members:
            bits = np.zeros_like(member.clbits)
            chosen = list(read)
            bits[chosen] = member.clbits[chosen]
            known = kept.get(bits.tobytes())
            if known is None:
                kept[bits.tobytes()] = Member(member.state, bits)
            else:
                known.state += member.state
                self._engine.release(member.state)
        return list(kept.values())

    def _run(self, stage: Stage, member: Member, read: frozenset[int]) -> Iterator[Member]:
        if isinstance(stage, Stretch):
            self._engine.run(stage, self._values, self._num_qubits, member.state)
            yield member
        elif isinstance(stage, BranchStage):
            yield from self._walk(stage.then if stage.step.holds(member.clbits) else stage.otherwise, [member], read)
        elif isinstance(stage, MeasureStep):
            yield from self._measured(stage, member)
        elif isinstance(stage, InitializeStep):
            self._engine.initialize(stage, member.state)
            yield member
        elif isinstance(stage, DecodeStep):
            member.clbits[list(stage.into)] = decoded(stage, member.clbits)
            yield member
        else:
            yield from self._misread(stage, member)

    def _measured(self, step: MeasureStep, member: Member) -> Iterator[Member]:
        weights = self._engine.outcome_weights(member.state, step.qubit, self._num_qubits)
        outcomes = [outcome for outcome in range(2) if weights[outcome] > 0.0]
        for outcome in outcomes:
            last = outcome == outcomes[-1]
            state = member.state if last else self._engine.copy(member.state)
            if step.qubit < self._num_qubits:
                self._engine.multiply(Item((step.qubit,), projection(outcome)), self._num_qubits, state)
            clbits = member.clbits.copy()
            clbits[step.clbit] = outcome
            yield Member(state, clbits)

    def _misread(self, step: ReadoutErrorStep, member: Member) -> Iterator[Member]:
        chances = step.error.confusion[value_of(member.clbits, step.clbits)]
        values = np.flatnonzero(chances).tolist()
        for value in values:
            state = member.state if value == values[-1] else self._engine.copy(member.state)
            if chances[value] != 1.0:
                state *= chances[value]
            clbits = member.clbits.copy()
            write_value(clbits, step.clbits, value)
            yield Member(state, clbits)


def decoded(step: DecodeStep, clbits: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """What a decoder makes of the bits of one shot."""
    found: NDArray[np.bool_] = step.decode(clbits[None, list(step.clbits)].astype(np.bool_))[0]
    return found


def value_of(bits: NDArray[np.uint8], clbits: Sequence[int]) -> int:
    """The number that some bits spell, the first lowest."""
    return sum([int(bits[clbit]) << k for k, clbit in enumerate(clbits)])


def write_value(bits: NDArray[np.uint8], clbits: Sequence[int], value: int) -> None:
    """Have bits spell a number."""
    bits[list(clbits)] = [value >> k & 1 for k in range(len(clbits))]
