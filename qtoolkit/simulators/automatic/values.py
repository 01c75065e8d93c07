"""Expectation values of whole circuits and of pieces: that of a string is a product of those of its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import shown
from qtoolkit._optional import require
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.compact import moved
from qtoolkit.compiler import used_qubits
from qtoolkit.errors import CircuitError, ConversionError, OperatorError
from qtoolkit.operators import PauliString, PauliSum
from qtoolkit.simulators.automatic.choice import AUTOMATIC, DENSITY, NEAR_CLIFFORD, STABILIZER, STATEVECTOR, has_stim
from qtoolkit.simulators.automatic.costs import MOST_DENSITY_QUBITS
from qtoolkit.simulators.automatic.features import features_of
from qtoolkit.simulators.automatic.pieces import pieces_of
from qtoolkit.simulators.observables import Observable, check_observable
from qtoolkit.simulators.stabilizer.expectation import values_of_strings
from qtoolkit.simulators.stabilizer.writer import written_for_stim

if TYPE_CHECKING:
    import stim

    from qtoolkit.simulators.density.simulator import DensityMatrixSimulator
    from qtoolkit.simulators.statevector import StatevectorSimulator

__all__ = ["Values"]

FloatArray = NDArray[np.float64]
Strings: TypeAlias = "list[tuple[int, int]]"
"""Masks of the letters X and Y, and of Z and Y."""


class Values:
    """Computes expectation values.

    Args:
        method: ``"automatic"``, or the one that is asked for.
        vectors: simulates pure states.
        density: gives what simulates mixed ones.
    """

    def __init__(
        self, method: str, vectors: StatevectorSimulator, density: Callable[[], DensityMatrixSimulator]
    ) -> None:
        self._method = method
        self._vectors = vectors
        self._density = density

    def of(
        self, circuit: Circuit, observable: Observable | PauliString | Sequence[Observable | PauliString]
    ) -> float | FloatArray:
        """See `AutomaticSimulator.expectation_value`.

        Args:
            circuit: without free parameters.
            observable: one, or several.
        """
        several = not isinstance(observable, PauliSum | PauliString | np.ndarray) and isinstance(observable, Sequence)
        items: Sequence[Observable | PauliString] = observable if several else [observable]  # type: ignore[assignment, list-item]
        for item in items:
            _check(item, circuit.num_qubits)
        if self._method == NEAR_CLIFFORD:
            raise CircuitError(
                "the near-Clifford simulator draws shots and has no exact values: estimate them by SamplingEstimator, "
                f"or ask for one of {AUTOMATIC}, {STABILIZER}, {STATEVECTOR} and {DENSITY}"
            )
        found = self._found(circuit.without_final_measurements(), items)
        return found if several else float(found[0])

    def _found(self, circuit: Circuit, items: Sequence[Observable | PauliString]) -> FloatArray:
        diagonals = any(isinstance(item, np.ndarray) for item in items)
        program = None if diagonals and self._method == AUTOMATIC else self._program(circuit, diagonals)
        pieces = [] if program is not None else pieces_of(circuit)
        if (len(pieces) == 1 and not any(isinstance(item, PauliString) for item in items)) or diagonals:
            return np.asarray(self._simulated(circuit, items))
        strings: Strings = []
        for item in items:
            strings += _strings_of(item)
        values = self._of_pieces(pieces, strings) if program is None else values_of_strings(program, strings)
        found, first = np.empty(len(items)), 0
        for k, item in enumerate(items):
            coefficients = item.coefficients.real if isinstance(item, PauliSum) else np.ones(1)
            found[k] = coefficients @ values[first : first + len(coefficients)]
            first += len(coefficients)
        return found

    def _program(self, circuit: Circuit, diagonals: bool) -> stim.Circuit | None:
        """The circuit for strings to be taken back through; None where it is no Clifford circuit.

        Raises:
            CircuitError: if that is so, and the method is asked for.
            MissingExtraError: if it is asked for, and Stim is not installed.
        """
        if self._method not in (AUTOMATIC, STABILIZER):
            return None
        is_asked = self._method == STABILIZER
        if is_asked:
            require("stim", extra="qec")
            if diagonals:
                raise CircuitError("the method stabilizer takes observables of Pauli strings, got a diagonal")
        elif not has_stim() or not features_of(circuit).may_be_clifford:
            return None
        try:
            return written_for_stim(circuit).circuit
        except ConversionError as error:
            if is_asked:
                raise CircuitError(f"the method {STABILIZER} cannot run this circuit: {error}") from error
            return None

    def _of_pieces(self, pieces: Sequence[Circuit], strings: Strings) -> FloatArray:
        values = np.ones(len(strings))
        idle = -1
        for piece in pieces:
            qubits = used_qubits(piece.operations, piece.num_qubits)
            if not qubits:
                continue
            idle &= ~sum(1 << qubit for qubit in qubits)
            parts = [(_gathered(x, qubits), _gathered(z, qubits)) for x, z in strings]
            known = dict.fromkeys(part for part in parts if part != (0, 0))
            if not known:
                continue
            others = {qubit for operation in piece.operations for qubit in operation.qubits}.difference(qubits)
            compact = moved(piece, {qubit: place for place, qubit in enumerate((*qubits, *sorted(others)))})
            width = compact.num_qubits
            observables = [PauliString.from_masks(x, z, width).to_sum() for x, z in known]
            found = dict(zip(known, self._simulated(compact, observables), strict=True))
            values *= [found.get(part, 1.0) for part in parts]
        # A qubit that nothing happens to is in |0⟩, where X and Y are 0.
        values[[k for k, (x, _) in enumerate(strings) if x & idle]] = 0.0
        return values

    def _simulated(self, circuit: Circuit, items: Sequence[Observable | PauliString]) -> FloatArray:
        """Values of one piece, or of a circuit as it is."""
        sums = [item.to_sum() if isinstance(item, PauliString) else item for item in items]
        if self._method == STATEVECTOR:
            return self._vectors.expectation_value(circuit, sums)
        if self._method == DENSITY:
            return self._density().expectation_value(circuit, sums)
        features = features_of(circuit)
        if not features.is_random and not features.num_read:
            return self._vectors.expectation_value(circuit, sums)
        if features.num_qubits > MOST_DENSITY_QUBITS:
            raise CircuitError(
                "exact values under noise and measurements are for Clifford circuits, or for up to "
                f"{MOST_DENSITY_QUBITS} joined qubits, got {features.num_qubits}; estimate them by SamplingEstimator"
            )
        return self._density().expectation_value(circuit, sums)


def _check(item: object, num_qubits: int) -> None:
    if not isinstance(item, PauliString):
        if isinstance(item, PauliSum) or num_qubits <= 62:
            check_observable(item, num_qubits)
            return
        raise OperatorError(f"an observable on {num_qubits} qubits is a PauliString, got {shown(item)}")
    if item.num_qubits != num_qubits:
        raise OperatorError(f"the observable must have the circuit's {num_qubits} qubits, got {item.num_qubits}")


def _strings_of(item: Observable | PauliString) -> Strings:
    if isinstance(item, PauliString):
        return [(item.x_mask, item.z_mask)]
    assert isinstance(item, PauliSum)
    return list(zip(item.x_masks.tolist(), item.z_masks.tolist(), strict=True))


def _gathered(mask: int, qubits: Sequence[int]) -> int:
    return sum((mask >> qubit & 1) << place for place, qubit in enumerate(qubits))
