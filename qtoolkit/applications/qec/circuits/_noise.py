"""The noise of an experiment: a preset, or a model with the rates of each qubit."""

from __future__ import annotations

from typing import TypeAlias

from qtoolkit._arguments import shown
from qtoolkit.applications.qec.circuits.presets import NoisePreset
from qtoolkit.circuit import Circuit, Operation
from qtoolkit.errors import InputError
from qtoolkit.noise import NoiseModel
from qtoolkit.noise.insertion import empty_like

__all__ = ["Noise", "check_noise", "noisy"]

Noise: TypeAlias = NoisePreset | NoiseModel


def check_noise(noise: object) -> None:
    """Refuse what is no noise.

    Raises:
        InputError: saying what is.
    """
    if noise is not None and not isinstance(noise, NoisePreset | NoiseModel):
        raise InputError(f"noise must be a NoisePreset or a NoiseModel, got {shown(noise)}; see noise_preset")


def noisy(circuit: Circuit, noise: Noise | None, start: int = 0, stop: int | None = None) -> Circuit:
    """The circuit with noise from operation `start` on, and before `stop`."""
    if noise is None:
        return circuit
    if isinstance(noise, NoisePreset):
        return noise.apply(circuit, start, stop)
    operations = list(circuit)
    middle = noise.apply(_with(empty_like(circuit), operations[start:stop]))
    result = _with(empty_like(circuit), [*operations[:start], *middle])
    return result if stop is None else _with(result, operations[stop:])


def _with(circuit: Circuit, operations: list[Operation]) -> Circuit:
    for operation in operations:
        circuit.append(operation.gate, operation.qubits, operation.clbits)
    return circuit
