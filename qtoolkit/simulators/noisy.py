"""Circuits with the noise of a model, for whoever is given both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtoolkit._arguments import check_instance, shown
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.compiler import ExecutionPlan
from qtoolkit.errors import InputError

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel

__all__ = ["bound_for", "checked_noise", "with_noise"]


def checked_noise(noise: NoiseModel | None) -> NoiseModel | None:
    """A noise model, or None.

    Raises:
        InputError: if it is neither.
    """
    if noise is None:
        return None
    from qtoolkit.noise import NoiseModel  # what runs without noise starts sooner without

    given: object = noise
    name = shown(given) if isinstance(given, str) else "name"
    remedy = f"make one with NoiseModel().add, or take a device's, qtoolkit.backends.device_noise({name})"
    return check_instance(noise, NoiseModel, "noise must be a NoiseModel", remedy=remedy)


def bound_for(
    noise: NoiseModel, circuit: Circuit | ExecutionPlan, parameters: ParameterValues | None
) -> tuple[Circuit | ExecutionPlan, ParameterValues | None]:
    """A circuit and its values, put into it before a model that compiles circuits."""
    checked_noise(noise)
    if parameters is None or not noise.compiles or isinstance(circuit, ExecutionPlan):
        return circuit, parameters
    return circuit.bind(parameters), None


def with_noise(circuit: Circuit | ExecutionPlan, noise: NoiseModel) -> Circuit:
    """The circuit that a model makes of another one.

    Raises:
        InputError: if it is no model, or the circuit is compiled.
    """
    checked_noise(noise)
    if isinstance(circuit, ExecutionPlan):
        raise InputError("noise is added to a circuit, got one that is compiled; compile noise.apply(circuit)")
    return noise.apply(circuit)
