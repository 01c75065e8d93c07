"""Results as commands print them: a table with its evidence, and JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtoolkit.primitives import Result

__all__ = ["evidence_of", "plain_data", "result_data"]


def result_data(result: Result) -> dict[str, Any]:
    """A result as JSON types."""
    from qtoolkit.report.counts import counts_data

    return {
        "num_clbits": result.num_clbits,
        "registers": {register.name: list(register.clbits) for register in result.registers},
        "shots": result.shots,
        "seed": result.seed,
        "backend": result.backend_name,
        "counts": counts_data(result.counts),
        "metadata": plain_data(result.metadata),
    }


def evidence_of(result: Result, num_qubits: int | None, is_local: bool, noise: str | None = None) -> str:
    """The line below a table of counts."""
    known = result.metadata
    facts = [f"{result.shots:,} shots"]
    if num_qubits is not None:
        facts.append(f"{num_qubits} qubits")
    facts.append(f"backend {result.backend_name}")
    if noise is not None:
        facts.append(f"noise of {noise}")
    if result.seed is not None:
        facts.append(f"seed {result.seed}")
    if known.get("method", "statevector") != "statevector":
        facts.append(f"method {known['method']}")
    if "precision" in known:
        facts.append(f"precision {known['precision']}")
    # A job elsewhere can be found again by its id; one in this process is gone with it.
    if not is_local and "job_id" in known:
        facts.append(f"job {known['job_id']}")
    if known.get("wall_time") is not None:
        facts.append(f"{known['wall_time']:.3g} s")
    return "; ".join(facts)


def plain_data(value: Any) -> Any:
    """Metadata as JSON types; what has none is written as text."""
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
