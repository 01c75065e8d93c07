"""The cross-check of a job as a table: each circuit's distances, what shots and noise would give, and the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtoolkit.report.tables import number_table

if TYPE_CHECKING:
    from rich.table import Table

    from qtoolkit.backends.verification import CircuitVerification, Comparison, Verification

__all__ = ["verification_notes", "verification_table"]

MOST_CIRCUITS = 20
"""That a table shows, those that differ first; the rest is counted in its last line."""


def verification_table(found: Verification, width: int = 80) -> Table:
    """Total variations from the ideal circuit: as counted, by shots alone, and as the calibration predicts.

    Args:
        found: by `verify`.
        width: columns that it may take.
    """
    ordered = sorted(found.circuits, key=lambda circuit: (circuit.agrees, circuit.index))
    rows = [[f"circuit {circuit.index}: {circuit.verdict}", *_numbers(circuit)] for circuit in ordered[:MOST_CIRCUITS]]
    others = ordered[MOST_CIRCUITS:]
    if others:
        agreeing = sum(circuit.agrees for circuit in others)
        rows.append([f"{len(others):,} more, of which {agreeing:,} agree", "", "", "", "", ""])
    return number_table(["circuit", "shots", "counted", "shots alone", "predicted", "p"], rows, width)


def verification_notes(found: Verification) -> list[str]:
    """What stands below the table: how references were made, what the noise is, what was sent."""
    notes = [
        "counted, shots alone, predicted: total variation from the ideal circuit, as the counts have it, as shots "
        "without noise would (mean; 95 % below the second number), and with the calibration's noise",
        "p: how probable such counts are without noise; below 0.001 they differ",
    ]
    methods = sorted({side.reference for side in _ideals(found)})
    if methods:
        notes.append(f"ideal circuit: {'; '.join(methods)}")
    noisy = sorted({circuit.noisy.reference for circuit in found.circuits if circuit.noisy is not None})
    if noisy:
        ps = [circuit.noisy.p_value for circuit in found.circuits if circuit.noisy is not None]
        notes.append(
            f"noise by the calibration of {found.calibration}: {'; '.join(noisy)}; p of the counts "
            f"{_p(min(ps))}{'' if len(ps) == 1 else f' to {_p(max(ps))}'}"
        )
    if found.payload_distance is not None:
        notes.append(f"circuits sent and asked for: total variation {found.payload_distance:.1e} at most")
    if found.seed is not None and any(side.reference_shots is not None for side in _ideals(found)):
        notes.append(f"seed {found.seed}")
    return notes


def _ideals(found: Verification) -> list[Comparison]:
    return [circuit.ideal for circuit in found.circuits if circuit.ideal is not None]


def _numbers(circuit: CircuitVerification) -> list[str]:
    if circuit.ideal is None:
        return [f"{circuit.shots:,}", "", "", "", ""]
    alone = f"{circuit.ideal.expected:.3f} <{circuit.ideal.bound:.3f}"
    predicted = "" if circuit.predicted is None else f"{circuit.predicted:.3f}"
    counted = f"{circuit.ideal.total_variation:.3f}"
    return [f"{circuit.shots:,}", counted, alone, predicted, _p(circuit.ideal.p_value)]


def _p(value: float) -> str:
    if value >= 0.001:
        return f"{value:.3f}"
    return f"{value:.0e}" if value > 0.0 else "0"
