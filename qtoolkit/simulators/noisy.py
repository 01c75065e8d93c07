"""Circuits with the noise of a model, for whoever is given both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtoolkit._arguments import check_instance
from qtoolkit.circuit import Circuit
from qtoolkit.compiler import ExecutionPlan
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["checked_noise", "with_noise"]


def checked_noise(noise: NoiseModel | None) -> NoiseModel | None:
    """A noise model, or None.

    Raises:
        InputError: if it is neither.
    """
    if noise is None:
        return None
    from qtoolkit.noise import NoiseModel  # what runs without noise starts sooner without

    return check_instance(noise, NoiseModel, "noise must be a NoiseModel")


def with_noise(circuit: Circuit | ExecutionPlan, noise: NoiseModel) -> Circuit:
    """The circuit that a model makes of another one.

    Raises:
        InputError: if it is no model, or the circuit is compiled.
    """
    checked_noise(noise)
    if isinstance(circuit, ExecutionPlan):
        raise InputError("noise is added to a circuit, got one that is compiled; compile noise.apply(circuit)")
    return noise.apply(circuit)
