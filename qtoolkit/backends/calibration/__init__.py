"""Calibrations: what providers measured of their devices on a day, in one form, and the noise that follows from it.

They are read from plain data, so no vendor's package is loaded.
"""

from qtoolkit.backends.calibration.braket import calibration_from_braket
from qtoolkit.backends.calibration.calibration import Calibration, GateCalibration, QubitCalibration
from qtoolkit.backends.calibration.google import calibration_from_google
from qtoolkit.backends.calibration.ibm import calibration_from_ibm
from qtoolkit.backends.calibration.iqm import calibration_from_iqm
from qtoolkit.backends.calibration.origin import calibration_from_origin

__all__ = [
    "Calibration",
    "QubitCalibration",
    "GateCalibration",
    "calibration_from_ibm",
    "calibration_from_google",
    "calibration_from_braket",
    "calibration_from_origin",
    "calibration_from_iqm",
]
