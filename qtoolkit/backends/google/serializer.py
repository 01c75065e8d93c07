"""`GoogleSerializer`: reads programs and results of the Quantum Engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qtoolkit.backends.cloud.bits import Outcomes
from qtoolkit.backends.cloud.payload import Failure, Payload, Serializer
from qtoolkit.backends.google.programs import circuit_of
from qtoolkit.backends.google.requests import native_of
from qtoolkit.errors import JobError

if TYPE_CHECKING:
    from qtoolkit.circuit import Circuit

__all__ = ["GoogleSerializer"]

_RESULTS = ("type.googleapis.com/cirq.google.api.v2.Result", "type.googleapis.com/cirq.api.google.v2.Result")


class GoogleSerializer(Serializer):
    """Payloads hold one program (see `qtoolkit.backends.google.requests`), answers a `QuantumResult`."""

    def circuits(self, payload: Payload) -> list[Circuit]:
        """The one circuit of a payload, in the processor's gates; its qubits are the grid's, by row and column."""
        (bits,) = payload.bits
        return [circuit_of(native_of(payload.body), bits)]

    def outcomes(self, payload: Payload, raw: bytes) -> Sequence[Outcomes | Failure]:
        """The shots, in order, of each key."""
        from cirq_google.api import v2
        from cirq_google.cloud import quantum
        from google.protobuf.message import DecodeError

        try:
            answer = quantum.QuantumResult.pb(quantum.QuantumResult.deserialize(raw)).result
            if answer.type_url not in _RESULTS:
                raise JobError(f"the Quantum Engine's answer is a result of version 2, got {answer.type_url!r}")
            result = v2.result_pb2.Result.FromString(answer.value)
        except DecodeError as error:
            raise JobError(f"the answer of {len(raw)} bytes is no result of the Quantum Engine: {error}") from error
        if len(result.sweep_results) != 1 or len(result.sweep_results[0].parameterized_results) != 1:
            raise JobError("the Quantum Engine's answer must hold one set of shots, and holds another number")
        (sweep,) = result.sweep_results
        (found,) = sweep.parameterized_results
        bits = {measured.key: _bits_of(measured, sweep.repetitions) for measured in found.measurement_results}
        return [Outcomes(bits)]


def _bits_of(measured: Any, shots: int) -> NDArray[np.uint8]:
    """The bits of a key, uint8 of shape ``(shots, qubits)``, the first of each byte its lowest.

    Raises:
        JobError: if there are more or fewer bytes than shots need, or a key was measured more than once.
    """
    if measured.instances > 1:
        raise JobError(f"each key is measured once, the answer has {measured.instances} of {measured.key!r}")
    columns = []
    for qubit in measured.qubit_measurement_results:
        packed = np.frombuffer(qubit.results, np.uint8)
        size = -(-shots // 8)
        if len(packed) != size:
            raise JobError(f"{shots} shots take {size} bytes, the answer has {len(packed)} of {measured.key!r}")
        columns.append(np.unpackbits(packed, count=shots, bitorder="little"))
    return np.array(columns, dtype=np.uint8).reshape(len(columns), shots).T
