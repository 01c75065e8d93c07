"""Molecules as tables in a terminal, as data, as figures and as pages."""

from qtoolkit.report.molecules.answers import EnergyAnswer, ResourcesAnswer, ScanAnswer, exact_answer
from qtoolkit.report.molecules.data import energy_data, excited_data, geometry_data, resources_data, scan_data
from qtoolkit.report.molecules.pages import energy_page, excited_page, geometry_page, scan_page
from qtoolkit.report.molecules.pictures import energy_picture, excited_picture, geometry_picture, scan_picture
from qtoolkit.report.molecules.tables import (
    energy_facts,
    energy_tables,
    excited_facts,
    excited_tables,
    geometry_facts,
    geometry_tables,
    resources_tables,
    scan_facts,
    scan_tables,
)

__all__ = [
    # what is told
    "EnergyAnswer",
    "ScanAnswer",
    "ResourcesAnswer",
    "exact_answer",
    # in a terminal
    "energy_tables",
    "energy_facts",
    "scan_tables",
    "scan_facts",
    "excited_tables",
    "excited_facts",
    "geometry_tables",
    "geometry_facts",
    "resources_tables",
    # for machines
    "energy_data",
    "scan_data",
    "excited_data",
    "geometry_data",
    "resources_data",
    # as pictures
    "energy_picture",
    "scan_picture",
    "excited_picture",
    "geometry_picture",
    # on a page
    "energy_page",
    "scan_page",
    "excited_page",
    "geometry_page",
]
