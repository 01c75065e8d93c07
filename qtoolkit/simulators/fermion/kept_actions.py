"""Actions of programs that ran lately."""

from __future__ import annotations

import weakref
from itertools import accumulate
from typing import NamedTuple

from qtoolkit.simulators.fermion.actions import Action, actions_of
from qtoolkit.simulators.fermion.excitation_run import ExcitationRun
from qtoolkit.simulators.fermion.program import FermionProgram
from qtoolkit_kernels.team import Team

__all__ = ["KeptActions"]

MOST_BYTES = 1 << 27
"""Of all actions that are kept: those of excitations, whose lists take room."""

MOST_PROGRAMS = 16
"""However little they take."""


class _Entry(NamedTuple):
    program: weakref.ref[FermionProgram]
    actions: list[Action]
    nbytes: int


class KeptActions:
    """Actions of programs, those used last, as long as the programs are alive.

    Threads and handlers of signals may ask at any time: what is kept is replaced in one step, and at worst a program is
    made into actions twice.

    Args:
        team: runs the kernels of the actions.
    """

    def __init__(self, team: Team) -> None:
        self._team = team
        self._entries: tuple[_Entry, ...] = ()

    def of(self, program: FermionProgram) -> list[Action]:
        """The actions of a program, made if need be."""
        entries = self._entries
        for place, entry in enumerate(entries):
            if entry.program() is program:
                if place:
                    self._entries = (entry, *entries[:place], *entries[place + 1 :])
                return entry.actions
        actions = actions_of(program, self._team)
        nbytes = sum(action.nbytes for action in actions if isinstance(action, ExcitationRun))
        alive = [entry for entry in self._entries if entry.program() is not None]
        found = [_Entry(weakref.ref(program), actions, nbytes), *alive][:MOST_PROGRAMS]
        totals = accumulate(entry.nbytes for entry in found)
        self._entries = tuple(entry for entry, total in zip(found, totals, strict=True) if total <= MOST_BYTES)
        return actions
