"""Actions of programs that ran lately."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import NamedTuple

from qtoolkit.simulators.fermion.actions import Action, actions_of
from qtoolkit.simulators.fermion.excitation_run import ExcitationRun
from qtoolkit.simulators.fermion.program import FermionProgram
from qtoolkit_kernels.team import Team

__all__ = ["KeptActions"]

MOST_BYTES = 1 << 27
"""Of all actions that are kept: those of excitations, whose lists take room."""

MOST_PROGRAMS = 64
"""However little they take."""


class _Entry(NamedTuple):
    program: weakref.ref[FermionProgram]
    actions: list[Action]
    nbytes: int


class KeptActions:
    """Actions of programs, those used last, as long as the programs are alive.

    Python threads may ask at the same time.

    Args:
        team: runs the kernels of the actions.
    """

    def __init__(self, team: Team) -> None:
        self._team = team
        self._lock = threading.Lock()
        self._entries: OrderedDict[int, _Entry] = OrderedDict()

    def of(self, program: FermionProgram) -> list[Action]:
        """The actions of a program, made if need be."""
        with self._lock:
            entry = self._entries.get(id(program))
            if entry is not None and entry.program() is program:
                self._entries.move_to_end(id(program))
                return entry.actions
        actions = actions_of(program, self._team)
        made = _Entry(
            weakref.ref(program), actions, sum(action.nbytes for action in actions if isinstance(action, ExcitationRun))
        )
        with self._lock:
            gone = [key for key, entry in self._entries.items() if entry.program() is None]
            for key in gone:
                del self._entries[key]
            self._entries[id(program)] = made
            while len(self._entries) > MOST_PROGRAMS or self._nbytes() > MOST_BYTES:
                self._entries.popitem(last=False)
        return actions

    def _nbytes(self) -> int:
        return sum(entry.nbytes for entry in self._entries.values())
