"""The methods of `Circuit` that place noise, and what is done with classical bits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Self

from qtoolkit._arguments import check_instance, shown
from qtoolkit.circuit._checks import Indices, as_indices
from qtoolkit.circuit.annotations import Detector, Observable
from qtoolkit.circuit.channel import KrausChannel
from qtoolkit.circuit.decode import Decode
from qtoolkit.circuit.gate import Instruction
from qtoolkit.circuit.operation import Operation
from qtoolkit.circuit.readout import ReadoutError
from qtoolkit.circuit.tape import Tape
from qtoolkit.errors import CircuitError

__all__ = ["ChannelMethods"]


class ChannelMethods(ABC):
    """Methods over one abstract `append`; each returns the circuit."""

    _tape: Tape

    @abstractmethod
    def append(self, gate: Instruction, qubits: Indices, clbits: Indices = ()) -> Self:
        """Place an instruction."""

    @abstractmethod
    def _append_each(self, gate: Instruction, places: Iterable[tuple[Indices, Indices]]) -> Self:
        """Place an instruction on several qubits and classical bits, or on none of them."""

    def channel(self, channel: KrausChannel, qubits: Indices) -> Self:
        """Let noise act on qubits; ``qubits[0]`` is the lowest bit of its operators' index.

        A channel on one qubit also takes several, and acts on each of them independently.

        Raises:
            CircuitError: if it is none, or does not fit the qubits.
        """
        check_instance(channel, KrausChannel, "a channel must be a KrausChannel", CircuitError)
        placed = as_indices(qubits)
        if channel.num_qubits == 1 and len(placed) != 1:
            return self._append_each(channel, [((qubit,), ()) for qubit in placed])
        return self.append(channel, placed)

    def readout_error(self, error: ReadoutError, clbits: Indices) -> Self:
        """Change recorded bits at random, as a faulty readout does; place it after their measurement.

        An error of one bit also takes several, and acts on each of them independently.

        Raises:
            CircuitError: if it is none, or does not fit the bits.
        """
        check_instance(error, ReadoutError, "a readout error must be a ReadoutError", CircuitError)
        placed = as_indices(clbits)
        if error.num_clbits == 1 and len(placed) != 1:
            return self._append_each(error, [((), (clbit,)) for clbit in placed])
        return self.append(error, (), placed)

    def detector(self, clbits: Indices, coordinates: Iterable[float] = ()) -> Self:
        """Declare that the parity of some bits, as they are here, is always the same without noise.

        Args:
            clbits: distinct classical bits; none for a detector that never fires.
            coordinates: where it is in space and time.
        """
        placed = as_indices(clbits)
        return self.append(Detector(len(placed), coordinates), (), placed)

    def observable(self, clbits: Indices, index: int = 0) -> Self:
        """Add the parity of some bits, as they are here, to a logical observable."""
        placed = as_indices(clbits)
        return self.append(Observable(len(placed), index), (), placed)

    def decode(self, decoder: Any, clbits: Indices, into: Indices) -> Self:
        """Let a decoder write classical bits.

        Args:
            decoder: an object with ``decode_batch``, or that function itself; see `Decode`.
            clbits: the bits that it reads, in this order.
            into: the bits that it writes; others than those.

        Raises:
            CircuitError: if it cannot decode, or a bit comes twice.
        """
        function = getattr(decoder, "decode_batch", decoder)
        if not callable(function):
            raise CircuitError(f"a decoder has a method decode_batch or is a function, got {shown(decoder)}")
        read, written = as_indices(clbits), as_indices(into)
        return self.append(Decode(function, len(read), len(written)), (), (*read, *written))

    @property
    def detectors(self) -> tuple[Operation, ...]:
        """The detectors in time order, each a `Detector` with the bits it stands on."""
        return tuple(operation for operation in self._tape.placed_others() if type(operation.gate) is Detector)

    @property
    def num_detectors(self) -> int:
        """Number of detectors."""
        return len(self.detectors)

    @property
    def observables(self) -> tuple[Operation, ...]:
        """The parts of logical observables in time order, each an `Observable` with the bits it stands on."""
        return tuple(operation for operation in self._tape.placed_others() if type(operation.gate) is Observable)

    @property
    def num_observables(self) -> int:
        """Number of logical observables: one more than the highest index."""
        gates = [operation.gate for operation in self.observables]
        return 1 + max([gate.index for gate in gates if isinstance(gate, Observable)], default=-1)
