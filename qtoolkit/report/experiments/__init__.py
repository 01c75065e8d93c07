"""Experiments of error correction as tables in a terminal, as data, as figures and as pages."""

from qtoolkit.report.experiments.answer import MemoryAnswer, ThresholdAnswer
from qtoolkit.report.experiments.data import memory_data, result_data, threshold_data
from qtoolkit.report.experiments.page import memory_page, threshold_page
from qtoolkit.report.experiments.pictures import (
    memory_picture,
    scaling_picture,
    suppression_picture,
    threshold_picture,
)
from qtoolkit.report.experiments.tables import memory_facts, memory_tables, threshold_facts, threshold_tables

__all__ = [
    # what is told
    "MemoryAnswer",
    "ThresholdAnswer",
    # in a terminal
    "memory_tables",
    "memory_facts",
    "threshold_tables",
    "threshold_facts",
    # for machines
    "memory_data",
    "threshold_data",
    "result_data",
    # as pictures
    "memory_picture",
    "suppression_picture",
    "threshold_picture",
    "scaling_picture",
    # on a page
    "memory_page",
    "threshold_page",
]
