"""The targets of Azure Quantum that take circuits in a text of their own: what each company's are like."""

from __future__ import annotations

from dataclasses import dataclass

from qtoolkit._arguments import shown
from qtoolkit.backends.azure.qasm import BASIS as QASM_GATES
from qtoolkit.backends.azure.quil import BASIS as QUIL_GATES
from qtoolkit.backends.ionq_json import NATIVE_GATES as IONQ_GATES
from qtoolkit.errors import BackendError

__all__ = ["Family", "family_of", "known_qubits"]


@dataclass(frozen=True)
class Family:
    """What the targets of one company have in common.

    Attributes:
        provider_id: as the service calls the company.
        input_format: of the circuits.
        output_format: of the answers.
        media_type: of the circuits.
        gates: this toolkit's names of the gates that the format has.
        is_dynamic: whether a circuit may measure, reset and decide before its end.
        has_memory: whether an answer holds each shot.
        max_shots: the most shots of its devices; None where no limit is known.
    """

    provider_id: str
    input_format: str
    output_format: str
    media_type: str
    gates: frozenset[str]
    is_dynamic: bool = False
    has_memory: bool = False
    max_shots: int | None = None


_FAMILIES = (
    Family("ionq", "ionq.circuit.v1", "ionq.quantum-results.v1", "application/json", IONQ_GATES, max_shots=10_000),
    Family(
        "quantinuum",
        "honeywell.openqasm.v1",
        "honeywell.quantum-results.v1",
        "application/qasm",
        QASM_GATES,
        is_dynamic=True,
        has_memory=True,
        max_shots=10_000,
    ),
    Family("rigetti", "rigetti.quil.v1", "rigetti.quil-results.v1", "text/plain", QUIL_GATES, has_memory=True),
)

_QUBITS = {
    "ionq.simulator": 29,
    "ionq.qpu.aria-1": 25,
    "ionq.qpu.forte-1": 36,
    "ionq.qpu.forte-enterprise-1": 36,
    "rigetti.qpu.cepheus-1-108q": 108,
}
"""As azure-quantum and the documentation of Azure Quantum give them, for when the service does not say."""

_H2_QUBITS = 56
_NEEDS_QIR = "helios"


def family_of(target: str) -> Family:
    """The company of a target.

    Raises:
        BackendError: if its circuits cannot be written here.
    """
    company = target.partition(".")[0]
    family = next((item for item in _FAMILIES if item.provider_id == company), None)
    if family is None or "." not in target:
        raise BackendError(
            f"targets of Azure Quantum are those of {', '.join(item.provider_id for item in _FAMILIES)}, such as "
            f"azure:ionq.simulator; got {shown(target)}"
        )
    if _NEEDS_QIR in target:
        raise BackendError(f"{target} takes QIR alone, which is not written here; take a quantinuum target of h2")
    return family


def known_qubits(target: str) -> int | None:
    """Qubits of a target, as far as they are known without asking the service."""
    return _H2_QUBITS if target.startswith("quantinuum.") and ".h2-" in target else _QUBITS.get(target)
