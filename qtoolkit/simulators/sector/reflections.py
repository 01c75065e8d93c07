"""Recognise reflections: a phase on one basis state between some exchanges and their inverses.

That is how a circuit writes a Grover mixer, ``1 - (1 - e^{iβ})|s⟩⟨s|``: the preparation of |s⟩ undone, a phase on the
state it starts from, and the preparation again. As an update of rank one it takes two passes over the state.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qtoolkit.simulators.sector.steps import PairStep, PhaseLayer, ReflectionStep, SectorStep

__all__ = ["with_reflections"]

LEAST_EXCHANGES = 4
"""Fewer exchanges on each side are as fast as a reflection."""


def with_reflections(steps: Sequence[SectorStep], num_qubits: int, weight: int) -> list[SectorStep]:
    """The steps with reflections in place of what spells them out."""
    result = list(steps)
    everything = (1 << num_qubits) - 1
    place = 0
    while place < len(result):
        step = result[place]
        if isinstance(step, PhaseLayer) and not step.tables and not step.spins and len(step.terms) == 1:
            term, angle = step.terms[0]
            if term.match_mask == everything and term.match_value.bit_count() == weight:
                reach = _mirrored(result, place)
                if reach >= LEAST_EXCHANGES:
                    preparation = tuple(s for s in result[place + 1 : place + 1 + reach] if isinstance(s, PairStep))
                    reflection = ReflectionStep(term.match_value, preparation, angle)
                    result[place - reach : place + 1 + reach] = [reflection]
                    place -= reach
        place += 1
    return result


def _mirrored(steps: Sequence[SectorStep], centre: int) -> int:
    """How many exchanges before a place are inverted after it, in reverse order."""
    reach = 0
    while reach < centre and centre + reach + 1 < len(steps):
        before, after = steps[centre - reach - 1], steps[centre + reach + 1]
        if not isinstance(before, PairStep) or not isinstance(after, PairStep) or before.pattern != after.pattern:
            break
        left, right = before.constant_matrix(), after.constant_matrix()
        if left is None or right is None:
            break
        product = np.reshape(right, (2, 2)) @ np.reshape(left, (2, 2))
        if np.abs(product - np.eye(2)).max() > 1e-14:
            break
        reach += 1
    return reach
