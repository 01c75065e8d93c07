"""Reports: rows of numbers beside their exact values, as tables in the terminal and as one HTML page with figures.

`qtoolkit.report.studies` computes the three applications' parts of it.
"""

from qtoolkit.report.counts import counts_data, counts_table
from qtoolkit.report.environment import environment
from qtoolkit.report.html import render
from qtoolkit.report.model import Figure, Report, Row, Section, Unit
from qtoolkit.report.tables import plain_table, report_data, results_table, row_data

__all__ = [
    # what a report is made of
    "Report",
    "Section",
    "Row",
    "Unit",
    "Figure",
    "environment",
    # the page
    "render",
    # tables and data
    "results_table",
    "report_data",
    "row_data",
    "counts_table",
    "counts_data",
    "plain_table",
]
