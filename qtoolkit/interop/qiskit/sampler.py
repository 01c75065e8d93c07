"""`SamplerV2`: Qiskit's sampler primitive on the local simulator."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import BaseSamplerV2, PrimitiveJob, PrimitiveResult, SamplerPubResult
from qiskit.primitives.containers import BitArray, DataBin
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qtoolkit import _needs
from qtoolkit._arguments import check_integer, check_seed
from qtoolkit._memory import check_memory
from qtoolkit.interop.qiskit.prepared import PreparedCircuit, run_as_qiskit
from qtoolkit.simulators import StatevectorSimulator

__all__ = ["SamplerV2"]


class SamplerV2(BaseSamplerV2):  # type: ignore[misc]
    """Qiskit's `BaseSamplerV2` on the local simulator, with mid-circuit measurement, reset and conditions.

    A circuit is compiled once for all its parameter values. The result of a pub holds a `BitArray` for each
    classical register, of the shape of the parameter values.

    Args:
        default_shots: shots where neither the pub nor `run` gives a number.
        seed: makes every call of `run` reproducible; a generator goes on from call to call.
        precision: ``"double"`` or ``"single"``.
        num_threads: threads of the simulator, all cores by default.

    Raises:
        InputError: for shots below 1, a seed that is none, another precision or number of threads.
    """

    def __init__(
        self,
        *,
        default_shots: int = 1024,
        seed: int | np.random.Generator | None = None,
        precision: str = "double",
        num_threads: int | None = None,
    ) -> None:
        self._default_shots = check_integer(default_shots, "default_shots", 1)
        self._seed = check_seed(seed)
        self._simulator = StatevectorSimulator(precision=precision, num_threads=num_threads)

    @property
    def default_shots(self) -> int:
        """Shots where neither the pub nor `run` gives a number."""
        return self._default_shots

    @property
    def seed(self) -> int | np.random.Generator | None:
        """The seed or generator."""
        return self._seed

    def run(self, pubs: Iterable[Any], *, shots: int | None = None) -> PrimitiveJob:
        """Sample pubs, each ``(circuit, parameter values, shots)`` with the last two optional.

        Args:
            pubs: what to sample.
            shots: for pubs that give none.

        Raises:
            ConversionError: at ``job.result()``, naming what a circuit holds that cannot be simulated here.
        """
        coerced = [SamplerPub.coerce(pub, self._default_shots if shots is None else shots) for pub in pubs]
        if any(not pub.circuit.cregs for pub in coerced):
            warnings.warn(
                "a circuit has no classical register, so its result will be empty; add measure_all()",
                UserWarning,
                stacklevel=2,
            )
        job = PrimitiveJob(self._run, coerced)
        job._submit()
        return job

    def _run(self, pubs: list[Any]) -> PrimitiveResult:
        rng = np.random.default_rng(self._seed)
        return PrimitiveResult([self._run_pub(pub, rng) for pub in pubs], metadata={"version": 2})

    def _run_pub(self, pub: Any, rng: np.random.Generator) -> SamplerPubResult:
        prepared = PreparedCircuit(pub.circuit, self._simulator)
        data = {}
        if prepared.registers:
            points = prepared.values(pub.parameter_values)
            needed = _needs.converted_bits(len(points) * pub.shots, prepared.num_clbits)
            check_memory(needed, f"{pub.shots} shots of {prepared.num_clbits} bits, {len(points)} times", "take fewer")
            memory = np.empty((len(points), pub.shots, prepared.num_clbits), dtype=np.uint8)
            for number, values in enumerate(points):
                memory[number] = self._memory(prepared, values, pub.shots, rng)
            memory = memory.reshape(*pub.shape, pub.shots, prepared.num_clbits)
            data = {name: BitArray(_packed(memory[..., clbits]), len(clbits)) for name, clbits in prepared.registers}
        return SamplerPubResult(
            DataBin(**data, shape=pub.shape),
            metadata={"shots": pub.shots, "circuit_metadata": pub.circuit.metadata},
        )

    def _memory(
        self, prepared: PreparedCircuit, values: Any, shots: int, rng: np.random.Generator
    ) -> NDArray[np.uint8]:
        result = run_as_qiskit(self._simulator, prepared.plan, shots, rng, values)
        assert result.memory is not None  # the local simulator always keeps the order of shots
        return result.memory


def _packed(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bits with the lowest first, shape ``(..., n)``, as big-endian bytes of shape ``(..., ceil(n / 8))``."""
    padding = [(0, 0)] * (bits.ndim - 1) + [(-bits.shape[-1] % 8, 0)]
    return np.packbits(np.pad(bits[..., ::-1], padding), axis=-1)
