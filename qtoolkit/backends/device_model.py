"""What noise models of devices have in common: they compile a circuit, and keep what decoders read."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from qtoolkit._arguments import check_instance
from qtoolkit.circuit import Circuit, Decode, IfElse, Instruction, KrausChannel, Measure, Operation, ReadoutError
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.operation import everything_in
from qtoolkit.errors import BackendError, InputError
from qtoolkit.noise import NoiseModel

__all__ = ["DeviceModel"]


class DeviceModel(NoiseModel):
    """A noise model that compiles circuits for a device before it adds noise."""

    compiles: ClassVar[bool] = True
    refused: ClassVar[tuple[type[Instruction], ...]] = (KrausChannel, ReadoutError, Decode)
    """What the compiler of the device cannot take."""

    def apply(self, circuit: Circuit) -> Circuit:
        """The circuit in the device's gates, with its noise.

        Detectors and observables come at its end, on the bits that they are on.

        Raises:
            InputError: if it is no circuit, has free parameters, or holds noise of its own or decoders.
            ConversionError: naming what the device's compiler cannot hold.
            BackendError: if it does not fit the device, or a detector's bit is written again behind it.
        """
        check_instance(circuit, Circuit, "noise is added to a Circuit", remedy="add it before compiling")
        if circuit.parameters:
            raise InputError(
                f"a circuit is compiled for {self.device_name} when its parameters are bound, got free "
                f"{', '.join(parameter.name for parameter in circuit.parameters[:5])}; bind them first"
            )
        for operation in everything_in(circuit.operations):
            if isinstance(operation.gate, self.refused):
                raise InputError(
                    f"a circuit is compiled for {self.device_name} without noise of its own, decoders and what its "
                    f"compiler has not, got {operation.gate.name}; leave it out, or add it to what apply returns"
                )
        annotations = _lasting_annotations(circuit)
        result = self._compiled_with_noise(circuit)
        for operation in annotations:
            result.append(operation.gate, (), operation.clbits)
        return result

    def uncovered(self, circuit: Circuit) -> dict[str, int]:
        """Not here: the gates that get noise are those of the compiled circuit.

        Raises:
            InputError: always.
        """
        raise InputError(f"the gates of {self.device_name} are those that apply returns, with their noise; look there")

    @property
    @abstractmethod
    def device_name(self) -> str:
        """How messages call the device."""

    @abstractmethod
    def _compiled_with_noise(self, circuit: Circuit) -> Circuit:
        """The noisy circuit with the classical bits of a circuit that was checked."""


def _lasting_annotations(circuit: Circuit) -> list[Operation]:
    """Detectors and observables, in order, if nothing is written into their bits after them.

    Raises:
        BackendError: if something is.
    """
    found: list[Operation] = []
    later: set[int] = set()
    for operation in reversed(list(circuit.operations)):
        gate = operation.gate
        if isinstance(gate, ANNOTATIONS):
            lost = sorted(later.intersection(operation.clbits))
            if lost:
                raise BackendError(
                    f"a compiled circuit has its {gate.name}s at its end, got one on classical bit {lost[0]}, which is "
                    "measured again behind it; give each measurement a bit of its own"
                )
            found.append(operation)
        elif isinstance(gate, Measure):
            later.update(operation.clbits)
        elif isinstance(gate, IfElse):
            inner = (item for branch in gate.branches for item in everything_in(branch.operations))
            later.update(clbit for item in inner if isinstance(item.gate, Measure) for clbit in item.clbits)
    return found[::-1]
