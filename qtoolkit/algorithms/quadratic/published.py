"""Published QAOA angles that need no search: those of MaxCut on 3-regular graphs, brought to any free form."""

from __future__ import annotations

import math

import numpy as np

from qtoolkit._arguments import shown
from qtoolkit.algorithms.schedules import Schedule
from qtoolkit.errors import InputError
from qtoolkit.operators.quadratic import BinaryQuadratic

__all__ = ["fixed_schedule"]

_GAMMAS = (
    "0.61548002",
    "0.48788735 0.89775859",
    "0.41787832 0.79214776 0.93232948",
    "0.40718406 0.77873346 0.97786102 1.1439002",
    "0.3592396 0.70611019 0.82216781 1.003988 1.1535693",
    "0.33146716 0.64515631 0.73130303 0.83674612 1.009776 1.1268238",
    "0.3075471 0.62011806 0.7006096 0.76412924 0.86567754 1.0355176 1.1258363",
    "0.30221036 0.60130604 0.6597921 0.7115199 0.77304704 0.86802418 1.0238315 1.1045221",
    "0.2794012 0.56613324 0.6312226 0.67933252 0.72624066 0.76805642 0.874522 1.0374709 1.1179867",
    "0.26671636 0.5448227 0.60998102 0.65626008 0.69570836 0.7287574 0.77387758 0.88211138 1.043801 1.1152592",
    "0.2572874 0.52804058 0.59177096 0.6396915 0.67720562 0.70206146 0.73702426 0.7753075 0.88355874 1.0469703 "
    "1.1152377",
)
_BETAS = (
    "0.39270013",
    "0.55475546 0.2922574",
    "0.60032889 0.45241986 0.23511412",
    "0.59413038 0.44061878 0.31250151 0.16312574",
    "0.6317379 0.52261397 0.39028465 0.27619481 0.14934142",
    "0.63569681 0.53407238 0.46296397 0.35987601 0.25850709 0.13888416",
    "0.64806401 0.55839915 0.5007673 0.45132269 0.33452177 0.23544465 0.12965313",
    "0.65650754 0.56238557 0.49776919 0.46996502 0.41361734 0.31031851 0.22814776 0.12058734",
    "0.65447387 0.56186397 0.5090114 0.48677629 0.45143509 0.40321108 0.30473032 0.21983296 0.11718174",
    "0.65558354 0.56318149 0.51388817 0.49558422 0.46889487 0.43574328 0.38847067 0.29117619 0.21050905 0.11238794",
    "0.65643879 0.56334713 0.51630143 0.50366825 0.481823 0.45601256 0.42143463 0.37077327 0.27645017 0.20094698 "
    "0.1072507",
)
"""Wurtz and Lykov, Phys. Rev. A 104, 052419 (2021), for 1 to 11 layers; the symmetries of odd graphs (γ by π, with the
signs of later β; β by π/2) bring all of them to small positive angles."""

_COUPLING = math.sqrt(3.0) / 2.0
"""What a spin of the graphs feels of its three neighbours, root of the sum of squares: half a unit from each."""


def fixed_schedule(form: BinaryQuadratic, num_layers: int, scale: float) -> Schedule:
    """The angles for a form whose phases are divided by `scale`.

    Angles of MaxCut carry over to other forms if γ is divided by what a spin feels of the others: Shaydulin, Lotshaw,
    Larson, Ostrowski and Humble, ACM Trans. Quantum Comput. 4, 19 (2023). For MaxCut on 3-regular graphs that is
    nothing.

    Raises:
        InputError: for more than 11 layers.
    """
    if num_layers > len(_GAMMAS):
        raise InputError(f"fixed angles are known for at most {len(_GAMMAS)} layers, got {shown(num_layers)}")
    fields, couplings, _ = form.spins()
    felt = math.sqrt(float(np.mean(fields**2 + np.sum(couplings**2 + couplings.T**2, axis=1))))
    factor = _COUPLING * scale / felt if felt > 0.0 else 1.0
    gammas, betas = (map(float, table[num_layers - 1].split()) for table in (_GAMMAS, _BETAS))
    return Schedule(tuple(factor * gamma for gamma in gammas), tuple(betas))
