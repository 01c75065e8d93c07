"""`twirled_circuit`: a circuit whose noise is made of Pauli errors, as Stim and error models take it."""

from __future__ import annotations

import numpy as np

from qtoolkit._arguments import check_instance
from qtoolkit.circuit import Circuit, IfElse, Instruction, KrausChannel, ReadoutError
from qtoolkit.errors import CircuitError
from qtoolkit.noise.fidelity import twirled
from qtoolkit.noise.insertion import empty_like

__all__ = ["twirled_circuit"]


def twirled_circuit(circuit: Circuit) -> Circuit:
    """The circuit with the Pauli twirl of each of its channels, and readout errors that flip 0 and 1 alike.

    What is a channel is noise, what is a gate is meant: an over-rotation that stands in the circuit as a channel with
    one operator, as `over_rotation` makes it, becomes Pauli errors; a rotation gate stays. A readout error is twirled
    as if X stood before each of its measurements and a flip behind it, both at random: bits flip as they do on average
    over all true values. Pauli channels stay as they are, and so does a circuit that has nothing else.

    Source: C. Dankert, R. Cleve, J. Emerson and E. Livine, Phys. Rev. A 80, 012304 (2009), for channels; E. van den
    Berg, Z. K. Minev and K. Temme, Phys. Rev. A 105, 032620 (2022), for readout errors.

    Raises:
        CircuitError: if it is no circuit.
    """
    check_instance(circuit, Circuit, "what is twirled is a Circuit", CircuitError)
    known: dict[Instruction, Instruction] = {}
    return _twirled(circuit, known)


def _twirled(circuit: Circuit, known: dict[Instruction, Instruction]) -> Circuit:
    result = empty_like(circuit)
    for operation in circuit.operations:
        gate = operation.gate
        if isinstance(gate, IfElse):
            result.if_(gate.condition, *[_twirled(branch, known) for branch in gate.branches])
            continue
        if isinstance(gate, KrausChannel | ReadoutError):
            if gate not in known:
                known[gate] = _channel(gate) if isinstance(gate, KrausChannel) else _readout(gate)
            gate = known[gate]
        result.append(gate, operation.qubits, operation.clbits)
    return result


def _channel(channel: KrausChannel) -> KrausChannel:
    return channel if channel.pauli_probabilities is not None else twirled(channel)


def _readout(error: ReadoutError) -> ReadoutError:
    values = np.arange(len(error.confusion))
    flips = error.confusion[values[:, None], values[:, None] ^ values].mean(axis=0)
    return ReadoutError(flips[values[:, None] ^ values])
