"""Codes: stabilizers, logical operators, distances, encoders and lattices, each family under a name.

Any stabilizer matrix makes a `StabilizerCode`, two matrices a `CSSCode`, gauge operators a `SubsystemCode`.
"""

from qtoolkit.applications.qec.codes.bicycle import bivariate_bicycle_code, bivariate_bicycle_named
from qtoolkit.applications.qec.codes.color import color_code_488, color_code_666
from qtoolkit.applications.qec.codes.css import CSSCode
from qtoolkit.applications.qec.codes.distance import DistanceResult
from qtoolkit.applications.qec.codes.encoding import Encoder
from qtoolkit.applications.qec.codes.honeycomb import HoneycombCode
from qtoolkit.applications.qec.codes.registry import CODES, CodeFamily, code_named
from qtoolkit.applications.qec.codes.rotated import RotatedSurfaceCode
from qtoolkit.applications.qec.codes.small import (
    bacon_shor_code,
    fifteen_one_three_code,
    five_qubit_code,
    four_two_two_code,
    repetition_code,
    shor_code,
    steane_code,
)
from qtoolkit.applications.qec.codes.stabilizer import StabilizerCode
from qtoolkit.applications.qec.codes.subsystem import SubsystemCode
from qtoolkit.applications.qec.codes.surface import (
    rotated_patch,
    rotated_surface_code,
    surface_code,
    toric_code,
    xzzx_code,
)

__all__ = [
    # any code
    "StabilizerCode",
    "CSSCode",
    "SubsystemCode",
    "DistanceResult",
    "Encoder",
    # by name
    "CODES",
    "CodeFamily",
    "code_named",
    # families
    "RotatedSurfaceCode",
    "rotated_patch",
    "rotated_surface_code",
    "surface_code",
    "xzzx_code",
    "toric_code",
    "color_code_666",
    "color_code_488",
    "bivariate_bicycle_code",
    "bivariate_bicycle_named",
    "HoneycombCode",
    # small codes
    "repetition_code",
    "five_qubit_code",
    "steane_code",
    "shor_code",
    "bacon_shor_code",
    "four_two_two_code",
    "fifteen_one_three_code",
]
