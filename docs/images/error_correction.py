"""Draws the pictures of `docs/tutorials/error-correction.md`, in some minutes; run with the extras qec and plot."""

from __future__ import annotations

from pathlib import Path

from qtoolkit.applications.qec import (
    ExperimentResult,
    NoisePreset,
    code_named,
    correct_once,
    memory_tasks,
    run_experiments,
)
from qtoolkit.noise import bit_flip
from qtoolkit.report.experiments import MemoryAnswer, ThresholdAnswer, suppression_picture, threshold_picture

FOLDER = Path(__file__).parent


def flips(rate: float) -> NoisePreset:
    """Bit flips before perfect checks."""
    return NoisePreset("bit flips, perfect checks", data=bit_flip(rate))


def answer(results: tuple[ExperimentResult, ...]) -> MemoryAnswer:
    """What a picture is of."""
    return MemoryAnswer(results, "", 1e-9)


def main() -> None:
    """Writes the pictures beside this file."""
    shot = correct_once(code_named("rotated-surface", distance=5), 0.12, seed=4)
    tasks = memory_tasks("rotated-surface", [3, 5, 7], [0.002, 0.003, 0.004], bases=("x", "z"))
    sweep = answer(run_experiments(tasks, max_shots=400_000, max_errors=500, seed=11))
    rates = [0.09, 0.095, 0.1, 0.105, 0.11, 0.115]
    tasks = memory_tasks("rotated-surface", [9, 13, 17, 21], rates, rounds=1, noise=flips)
    threshold = ThresholdAnswer(answer(run_experiments(tasks, max_shots=60_000, seed=3)))
    for name, svg in (
        ("correction", shot.draw()),
        ("suppression", suppression_picture(sweep)),
        ("threshold", threshold_picture(threshold)),
    ):
        (FOLDER / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
