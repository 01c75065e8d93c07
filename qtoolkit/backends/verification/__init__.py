"""The cross-check: what a job sent is parsed back, simulated on this machine, and compared with what came."""

from qtoolkit.backends.verification.comparison import Comparison, compare
from qtoolkit.backends.verification.payloads import verify_payload
from qtoolkit.backends.verification.reference import Reference, reference_of
from qtoolkit.backends.verification.verify import CircuitVerification, Verification, verify

__all__ = [
    "verify",
    "Verification",
    "CircuitVerification",
    "verify_payload",
    "compare",
    "Comparison",
    "reference_of",
    "Reference",
]
