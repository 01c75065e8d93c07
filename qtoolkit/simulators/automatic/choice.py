"""Which method runs a circuit, and each of its pieces: the cheapest that can do it and fits into memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from qtoolkit._arguments import shown
from qtoolkit._memory import check_memory
from qtoolkit._optional import is_installed, require
from qtoolkit.circuit import Circuit, Operation
from qtoolkit.circuit.analysis import split_tail
from qtoolkit.circuit.annotations import ANNOTATIONS
from qtoolkit.circuit.operation import Measure
from qtoolkit.compiler import ClassicalStep
from qtoolkit.compiler.plan_report import duration
from qtoolkit.compiler.steps import final_steps_of
from qtoolkit.errors import CircuitError, ConversionError, InputError, InsufficientMemoryError
from qtoolkit.simulators.automatic.costs import (
    IMPOSSIBLE,
    LONGEST_COMPILING,
    MOST_DENSITY_QUBITS,
    PIECE_QUBITS,
    Estimate,
    density_cost,
    near_clifford_compiling,
    near_clifford_cost,
    stabilizer_cost,
    statevector_cost,
)
from qtoolkit.simulators.automatic.features import Features, features_of
from qtoolkit.simulators.automatic.pieces import joined, measured_pieces, with_operations
from qtoolkit.simulators.stabilizer.writer import Written, written_for_stim

__all__ = ["AUTOMATIC", "METHODS", "Chooser", "Piece", "StimShots", "checked_method", "has_stim", "refused"]

AUTOMATIC, STABILIZER, NEAR_CLIFFORD = "automatic", "stabilizer", "near-clifford"
STATEVECTOR, DENSITY = "statevector", "density-matrix"

METHODS = {
    AUTOMATIC: "the cheapest of the others, for each piece of the circuit",
    STABILIZER: "Clifford gates, Pauli noise and feedback of Pauli gates, on any number of qubits, by Stim",
    NEAR_CLIFFORD: "a Clifford frame, and amplitudes of the qubits that other gates and noise entangle",
    STATEVECTOR: "2^n amplitudes; with noise or measurements on the way one run for each history of them",
    DENSITY: "4^n real numbers, in which noise is exact",
}
"""The methods by name, and what they hold."""

_MISSING = 'Stim is not installed: pip install "qtoolkit-quantum[qec]"'


class StimShots(NamedTuple):
    """What Stim samples, and what is done with the bits afterwards.

    Attributes:
        written: the circuit.
        final_steps: readout errors that Stim has not, and decoders, behind all measurements.
    """

    written: Written
    final_steps: tuple[ClassicalStep, ...] = ()


@dataclass(frozen=True)
class Piece:
    """A part of a circuit that nothing joins to the rest, and how it runs.

    Attributes:
        num_qubits: that may leave ``|0⟩``.
        num_operations: all but barriers and annotations.
        estimates: of all methods, those that can do it first, the cheapest of them at the front.
        circuit: the piece, on all qubits and bits.
    """

    num_qubits: int
    num_operations: int
    estimates: tuple[Estimate, ...]
    circuit: Circuit = field(repr=False, compare=False)

    @property
    def chosen(self) -> Estimate:
        """What runs."""
        return self.estimates[0]


def checked_method(method: object) -> str:
    """The name of a method.

    Raises:
        InputError: for another one.
    """
    if not isinstance(method, str) or method not in METHODS:
        raise InputError(f"method is one of {', '.join(METHODS)}, got {shown(method)}")
    return method


class Chooser:
    """Chooses methods.

    Args:
        method: ``"automatic"``, or the one that is asked for.
        precision: of amplitudes.
    """

    def __init__(self, method: str, precision: str) -> None:
        self.method = method
        self._precision = precision
        self._amplitude = 16 if precision == "double" else 8

    def pieces(self, circuit: Circuit, shots: int, wants_detectors: bool) -> tuple[Piece, ...]:
        """The pieces of a circuit without free parameters.

        Args:
            circuit: which measures something, or declares detectors.
            shots: about how many.
            wants_detectors: whether detectors and observables are wanted, not classical bits.

        Raises:
            CircuitError: if the method that is asked for cannot run it, or none can.
            MissingExtraError: if Stim is asked for and not installed.
            InsufficientMemoryError: if none fits into free memory.
        """
        if self.method == STABILIZER:
            require("stim", extra="qec")
        features = features_of(circuit)
        known = self._estimates(circuit, features, shots, wants_detectors)
        best = min(known, key=self._rank)
        is_one = wants_detectors or best.method == STABILIZER or features.num_qubits <= PIECE_QUBITS
        parts = [circuit] if is_one else measured_pieces(circuit)
        if len(parts) == 1 and parts[0] is circuit:
            return self._checked([self._piece(circuit, features, shots, wants_detectors, known)])
        found = [self._part(part, shots) for part in parts]
        written = [piece.circuit for piece in found if piece.chosen.method == STABILIZER]
        if len(written) > 1:
            found = [piece for piece in found if piece.chosen.method != STABILIZER]
            found.append(self._part(joined(written), shots))
        return self._checked(found)

    def surely_runs(self, circuit: Circuit, shots: int) -> bool:
        """Whether a state vector or density matrix could run what is no Clifford circuit; nothing is compiled."""
        features = features_of(circuit)
        found = self._statevector(features, 1 << shots.bit_length()), self._density(features, 1 << shots.bit_length())
        is_known = not features.may_be_clifford and self.method == AUTOMATIC
        return is_known and any(estimate.is_possible and _fits(estimate.memory) for estimate in found)

    def _part(self, circuit: Circuit, shots: int) -> Piece:
        features = features_of(circuit)
        known = self._estimates(circuit, features, shots, wants_detectors=False)
        return self._piece(circuit, features, shots, False, known)

    def _estimates(
        self, circuit: Circuit, features: Features, shots: int, wants_detectors: bool
    ) -> tuple[Estimate, ...]:
        """Of all methods whose cost needs no compiling."""
        by_bits = [self._statevector(features, shots), self._density(features, shots)]
        if wants_detectors:
            by_bits = [_instead(estimate, circuit) for estimate in by_bits]
        return self._stabilizer(circuit, features, shots, wants_detectors), *by_bits

    def _piece(
        self,
        circuit: Circuit,
        features: Features,
        shots: int,
        wants_detectors: bool,
        known: tuple[Estimate, ...],
    ) -> Piece:
        best = min(known, key=self._rank)
        near = self._near_clifford(circuit, features, shots, wants_detectors, best)
        ordered = sorted((*known, near), key=self._rank)
        return Piece(features.num_qubits, features.num_operations, tuple(ordered), circuit)

    def _rank(self, estimate: Estimate) -> tuple[bool, bool, bool, float]:
        is_other = self.method not in (AUTOMATIC, estimate.method)
        return is_other, not estimate.is_possible, not _fits(estimate.memory), estimate.seconds

    def _checked(self, pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        """The pieces, if what is chosen can run them.

        Raises:
            CircuitError, InsufficientMemoryError: if not.
        """
        for piece in pieces:
            estimate = piece.chosen
            if not estimate.is_possible:
                raise refused(estimate)
            if not _fits(estimate.memory):
                least = min((other for other in piece.estimates if other.is_possible), key=lambda other: other.memory)
                estimate = least if self.method == AUTOMATIC else estimate
                what = f"a {self._precision}-precision state of {piece.num_qubits} qubits"
                if estimate.method in (STABILIZER, NEAR_CLIFFORD):
                    what = f"a run by the method {estimate.method}"
                elif estimate.method == DENSITY:
                    what = f"a {self._precision}-precision density matrix of {piece.num_qubits} qubits"
                remedy = "use fewer qubits" + (" or single precision" if self._precision == "double" else "")
                check_memory(estimate.memory, what, remedy)
        return tuple(pieces)

    def _stabilizer(self, circuit: Circuit, features: Features, shots: int, wants_detectors: bool) -> Estimate:
        if self.method not in (AUTOMATIC, STABILIZER):
            return _unasked(STABILIZER)
        reason = _MISSING if not has_stim() else None
        if reason is None and self.method == AUTOMATIC:
            reason = _not_clifford(features)  # sooner said than tried
        prepared = None
        if reason is None:
            try:
                prepared = _for_stim(circuit, wants_detectors)
            except ConversionError as error:
                reason = _without_remedy(error)
        if reason is not None:
            return Estimate(STABILIZER, IMPOSSIBLE, 0, reason)
        num_bits = circuit.num_detectors if wants_detectors else circuit.num_clbits
        seconds, memory = stabilizer_cost(features, shots, num_bits)
        reason = "Clifford gates and Pauli noise: a shot is a Pauli frame, whatever the number of qubits"
        return Estimate(STABILIZER, seconds, 8 * memory if wants_detectors else memory, reason, prepared)

    def _statevector(self, features: Features, shots: int) -> Estimate:
        if self.method not in (AUTOMATIC, STATEVECTOR):
            return _unasked(STATEVECTOR)
        seconds, memory = statevector_cost(features, shots, self._amplitude)
        reason = f"2^{features.num_qubits} amplitudes, {features.num_operations:,} operations for each run"
        return Estimate(STATEVECTOR, seconds, memory, reason)

    def _density(self, features: Features, shots: int) -> Estimate:
        if self.method not in (AUTOMATIC, DENSITY):
            return _unasked(DENSITY)
        if features.num_qubits > MOST_DENSITY_QUBITS and self.method == AUTOMATIC:
            reason = f"4^{features.num_qubits} numbers are too many, beyond {MOST_DENSITY_QUBITS} qubits"
            return Estimate(DENSITY, IMPOSSIBLE, 0, reason)
        seconds, memory = density_cost(features, shots, self._amplitude // 2)
        reason = f"4^{features.num_qubits} real numbers, once for all shots that measure the same on the way"
        return Estimate(DENSITY, seconds, memory, reason)

    def _near_clifford(
        self, circuit: Circuit, features: Features, shots: int, wants_detectors: bool, best: Estimate
    ) -> Estimate:
        if self.method not in (AUTOMATIC, NEAR_CLIFFORD):
            return _unasked(NEAR_CLIFFORD)
        words = -(-circuit.num_clbits // 64)
        bound = near_clifford_cost(features, shots, 0, words)
        if self.method == AUTOMATIC and best.is_possible and _fits(best.memory):
            reason = None
            if best.method == STABILIZER:
                reason = "nothing is beyond Stim, which takes no compiling"
            elif bound > best.seconds:
                reason = f"with its compiling it would take {duration(bound)} at least"
            elif not features.is_random and features.num_rotations >= features.num_qubits:
                reason = "one state serves all shots, as nothing is random before the end"
            if reason is not None:
                return Estimate(NEAR_CLIFFORD, IMPOSSIBLE, 0, reason)
        compiling = near_clifford_compiling(features)
        if self.method == AUTOMATIC and compiling > LONGEST_COMPILING:
            reason = f"compiling it would take {duration(compiling)}; ask for the method if that is no matter"
            return Estimate(NEAR_CLIFFORD, IMPOSSIBLE, 0, reason)
        from qtoolkit.simulators.near_clifford import NearCliffordPlan
        from qtoolkit.simulators.near_clifford.report import report_of

        try:
            plan = NearCliffordPlan(circuit)
            program = plan.parities if wants_detectors else plan.records
        except CircuitError as error:
            return Estimate(NEAR_CLIFFORD, IMPOSSIBLE, 0, str(error))
        report = report_of(program, circuit.num_detectors if wants_detectors else None)
        seconds = near_clifford_cost(features, shots, report.cost, words)
        memory = report.memory + 8 * words * shots
        return Estimate(NEAR_CLIFFORD, seconds, memory, report.reason, plan)


@cache
def has_stim() -> bool:
    """Whether Stim is installed; the look for it takes longer than a small circuit."""
    return is_installed("stim")


def refused(estimate: Estimate) -> CircuitError:
    """The error for a circuit that a method cannot run."""
    return CircuitError(f"the method {estimate.method} cannot run this circuit: {estimate.reason}")


def _not_clifford(features: Features) -> str | None:
    if features.num_rotations:
        return f"it has gates that may be no Clifford gates, {features.num_rotations:,} of them"
    others = features.num_channels - features.num_pauli
    return f"it has channels that are no mixtures of Pauli errors, {others:,} of them" if others else None


def _without_remedy(error: ConversionError) -> str:
    """What Stim cannot take; what `to_stim` could do about it does not help here."""
    return str(error).partition("; with tags=True")[0]


def _unasked(method: str) -> Estimate:
    return Estimate(method, IMPOSSIBLE, 0, "another method is asked for")


def _fits(memory: int) -> bool:
    try:
        check_memory(memory, "", "")
    except InsufficientMemoryError:
        return False
    return True


def _for_stim(circuit: Circuit, wants_detectors: bool) -> StimShots:
    """What Stim samples.

    Raises:
        ConversionError: if it cannot.
    """
    try:
        return StimShots(written_for_stim(circuit))
    except ConversionError:
        kept, final, tail = split_tail(circuit.operations)
        if wants_detectors or not tail:
            raise
    measured = [Operation(Measure(), (qubit,), (clbit,)) for qubit, clbit in final]
    before = with_operations(circuit, [*kept, *measured])
    return StimShots(written_for_stim(before), final_steps_of(tail))


def _instead(estimate: Estimate, circuit: Circuit) -> Estimate:
    """What a method that gives bits takes for detectors, which are parities of those."""
    if not estimate.is_possible or not has_overwritten_bits(circuit):
        return estimate
    reason = "a bit of a detector is written again, and its shots know the last value alone"
    return Estimate(estimate.method, IMPOSSIBLE, 0, reason)


def has_overwritten_bits(circuit: Circuit) -> bool:
    """Whether a bit of a detector or observable is written behind it."""
    noted: set[int] = set()
    for operation in circuit.operations:
        if type(operation.gate) in ANNOTATIONS:
            noted.update(operation.clbits)
        elif not noted.isdisjoint(operation.clbits):
            return True
    return False
