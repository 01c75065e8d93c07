"""Excited states: by variational deflation, by a search in a subspace, by expansion about a ground state and by its
equations of motion, each with spin labels and exact energies beside."""

from qtoolkit.applications.chemistry.excited.deflation import vqd
from qtoolkit.applications.chemistry.excited.expansion import quantum_subspace_expansion
from qtoolkit.applications.chemistry.excited.motion import qeom
from qtoolkit.applications.chemistry.excited.result import ExcitedStates
from qtoolkit.applications.chemistry.excited.search import ssvqe

__all__ = ["ExcitedStates", "vqd", "ssvqe", "quantum_subspace_expansion", "qeom"]
