"""What IBM's samplers return, as a `Result`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qtoolkit.circuit import ClassicalRegister
from qtoolkit.primitives import Result

__all__ = ["decode"]


def decode(
    pub_result: Any,
    names: Sequence[str],
    registers: tuple[ClassicalRegister, ...],
    seed: int | None,
    backend_name: str,
    metadata: Mapping[str, Any],
) -> Result:
    """Join the bits of IBM's registers.

    Args:
        pub_result: of one circuit.
        names: IBM's registers in order; together they hold all classical bits, lowest first.
        registers: the circuit's own.
        seed: what reproduces the result.
        backend_name: where it ran.
        metadata: evidence.
    """
    bits = [pub_result.data[name].to_bool_array(order="little") for name in names]
    memory = np.concatenate(bits, axis=1).astype(np.uint8)
    return Result.from_memory(memory, registers=registers, seed=seed, backend_name=backend_name, metadata=metadata)
