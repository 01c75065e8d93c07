"""Studies: each runs one application on fixed, real input and writes its part of a report."""

from qtoolkit.report.studies.chemistry import chemistry_study
from qtoolkit.report.studies.error_correction import error_correction_study
from qtoolkit.report.studies.finance import finance_study
from qtoolkit.report.studies.progress import Progress

__all__ = ["finance_study", "chemistry_study", "error_correction_study", "Progress"]
