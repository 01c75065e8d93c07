"""Gates as a quantum computer has them, for circuits that run exactly as they stand."""

from __future__ import annotations

import cmath
import math

from qtoolkit.circuit import Gate
from qtoolkit.errors import ConversionError

__all__ = ["verbatim_call"]

_TINY = 1e-9


def verbatim_call(gate: Gate, native: frozenset[str], call: str | None) -> str:
    """A gate as the one gate of the device that equals it, up to a global phase.

    Args:
        gate: on at least one qubit.
        native: Braket's names of the device's own gates.
        call: the gate under Braket's name, with its angles; None where it has none.

    Raises:
        ConversionError: if the device has no such gate.
    """
    if call is not None and call.partition("(")[0] in native:
        return call
    if gate.num_qubits == 1:
        written = _one_qubit(gate, native)
        if written is not None:
            return written
    raise ConversionError(
        f"it is none of the device's own gates, {', '.join(sorted(native))}; write it in these, or open the device "
        "without verbatim"
    )


def _one_qubit(gate: Gate, native: frozenset[str]) -> str | None:
    (a, b), (c, d) = gate.matrix().tolist()
    if abs(b) < _TINY:
        return f"rz({cmath.phase(d / a)!r})" if "rz" in native else None
    # A rotation about an axis in the plane has equal entries on its diagonal; b and c give the axis.
    if abs(a - d) > _TINY:
        return None
    theta = 2.0 * math.atan2(abs(b), abs(a))
    # With the phase taken off that makes the diagonal real, c = −i sin(θ/2) exp(iφ) and b the same with −φ.
    phi = cmath.phase(c / b) / 2.0
    phase = cmath.phase(a) if abs(a) > _TINY else cmath.phase(1j * c) - phi
    if (1j * c * cmath.exp(-1j * (phase + phi))).real < 0.0:
        phi += math.pi
    if "prx" in native:
        return f"prx({theta!r}, {phi!r})"
    if "gpi" in native and abs(theta - math.pi) < _TINY:
        return f"gpi({phi!r})"
    if "gpi2" in native and abs(theta - math.pi / 2.0) < _TINY:
        return f"gpi2({phi!r})"
    if "rx" in native and abs(math.sin(phi)) < _TINY:
        return f"rx({theta if math.cos(phi) > 0.0 else -theta!r})"
    return None
