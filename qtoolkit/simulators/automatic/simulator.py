"""The simulator that chooses the method."""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_flag, check_integer, seeded, shown
from qtoolkit._memory import check_memory
from qtoolkit._needs import bits_by_shot
from qtoolkit._packed_bits import num_words
from qtoolkit._version import __version__
from qtoolkit.circuit import Circuit, ParameterValues
from qtoolkit.circuit import Observable as LogicalObservable
from qtoolkit.errors import CircuitError, InputError
from qtoolkit.operators import PauliString, PauliSum
from qtoolkit.primitives import Result
from qtoolkit.simulators.automatic.choice import (
    AUTOMATIC,
    DENSITY,
    NEAR_CLIFFORD,
    STABILIZER,
    STATEVECTOR,
    Chooser,
    Piece,
    StimShots,
    checked_method,
)
from qtoolkit.simulators.automatic.costs import PLAIN_QUBITS
from qtoolkit.simulators.automatic.features import is_plain, measures
from qtoolkit.simulators.automatic.report import MethodReport
from qtoolkit.simulators.automatic.values import Values
from qtoolkit.simulators.final_steps import run_final_steps
from qtoolkit.simulators.noisy import with_noise
from qtoolkit.simulators.observables import Observable
from qtoolkit.simulators.options import check_shots
from qtoolkit.simulators.stabilizer.sampler import bits_of_shots, detectors_of_shots
from qtoolkit.simulators.statevector import StatevectorSimulator

if TYPE_CHECKING:
    from qtoolkit.noise import NoiseModel
    from qtoolkit.simulators.density.simulator import DensityMatrixSimulator
    from qtoolkit.simulators.near_clifford import NearCliffordSimulator

__all__ = ["AutomaticSimulator"]

MOST_KEPT = 8
"""Circuits whose choice is remembered, with what was written or compiled for it."""


class _Kept(NamedTuple):
    circuit: weakref.ref[Circuit]
    version: Hashable
    pieces: tuple[Piece, ...]


class AutomaticSimulator:
    """Runs each circuit, or each piece of it that nothing joins to the rest, by the method that costs least.

    Clifford circuits with Pauli noise go to Stim on any number of qubits, nearly Clifford ones to a Clifford frame with
    few amplitudes, small noisy ones to a density matrix, and all others to state vectors. `explain` tells the method,
    its cost and the reason, and what the others would cost. Small circuits without noise run exactly as in
    `StatevectorSimulator`, after a look at the circuit of a microsecond or two.

    Args:
        method: ``"automatic"``, or ``"stabilizer"``, ``"near-clifford"``, ``"statevector"`` or ``"density-matrix"`` for
            one of them, which then refuses what it cannot do.
        precision: ``"double"`` or ``"single"``, of amplitudes.
        num_threads: 1 to the number of cores; None for all of them. Results do not depend on it.

    Raises:
        InputError: for another method, precision or number of threads.
    """

    def __init__(self, method: str = AUTOMATIC, precision: str = "double", num_threads: int | None = None) -> None:
        self._vectors = StatevectorSimulator(precision, num_threads)
        self._chooser = Chooser(checked_method(method), precision)
        self._kept: OrderedDict[tuple[int, int, bool], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def method(self) -> str:
        """``"automatic"``, or the method that is asked for."""
        return self._chooser.method

    @property
    def precision(self) -> str:
        """``"double"`` or ``"single"``."""
        return self._vectors.precision

    @property
    def num_threads(self) -> int:
        """Threads used for large states, and for shots."""
        return self._vectors.num_threads

    def __repr__(self) -> str:
        return (
            f"AutomaticSimulator(method={self.method!r}, precision={self.precision!r}, num_threads={self.num_threads})"
        )

    def __reduce__(self) -> tuple[type[AutomaticSimulator], tuple[str, str, int]]:
        return AutomaticSimulator, (self.method, self.precision, self.num_threads)

    def run(
        self,
        circuit: Circuit,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> Result:
        """Measured bits of `shots` independent runs.

        Args:
            circuit: with a measurement at least; bits never measured are 0.
            shots: at least 1.
            seed: makes the result reproducible with the same method, which `explain` names; shots of Stim depend on
                its version and on the width of the processor's registers as well. Without one, the result carries the
                seed that was drawn.
            parameters: values of the free parameters.
            noise: is put into the circuit before it runs.

        Returns:
            The result, whose metadata names the ``method``.

        Raises:
            CircuitError: if the circuit measures nothing, or the method that is asked for cannot run it.
            InputError: if `shots` is below 1 or `seed` is no integer of at least 0.
            UnboundParameterError: if a parameter has no value.
            MissingExtraError: if the method ``"stabilizer"`` is asked for and Stim is not installed.
            InsufficientMemoryError: if no method fits into free memory.
        """
        if noise is None and self._runs_plainly(circuit):
            result = self._vectors.run(circuit, shots, seed, parameters)
            result.metadata["method"] = STATEVECTOR  # type: ignore[index]  # a dictionary of this call's own
            return result
        started = time.perf_counter()
        bound = _bound(circuit, parameters, noise)
        check_shots(shots, measures(bound.operations))
        shots = int(shots)
        pieces = self._pieces(bound, shots, wants_detectors=False)
        number, rng = seeded(seed)
        words: NDArray[np.uint64] | None = None
        for piece in pieces:
            # A circuit of one piece has the shots that the method itself draws for this seed.
            alone: int | np.random.Generator = rng if number is None else number
            own = alone if len(pieces) == 1 else np.random.default_rng(rng.integers(1 << 63))
            drawn = self._drawn(piece, shots, own)
            if words is None:
                words = drawn
            else:
                words |= drawn
        assert words is not None
        method = MethodReport(shots, "", pieces).method
        evidence = {
            "method": method,
            **({} if method == STABILIZER else {"precision": self.precision}),
            "num_threads": self.num_threads,
            "wall_time": time.perf_counter() - started,
            "version": __version__,
        }
        return Result.from_packed(
            words,
            bound.num_clbits,
            registers=bound.clbit_registers,
            seed=number,
            backend_name=method,
            metadata=evidence,
        )

    def sample_detectors(
        self,
        circuit: Circuit,
        shots: int,
        seed: int | np.random.Generator | None = None,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Detectors and logical observables of `shots` independent runs: parities of recorded bits.

        Args:
            circuit: with a detector or an observable at least.
            shots: at least 1.
            seed: as for `run`.
            parameters: values of the free parameters.
            noise: is put into the circuit before it runs.

        Returns:
            bool arrays of shape ``(shots, num_detectors)`` and ``(shots, num_observables)``.

        Raises:
            CircuitError: if the circuit declares no detector and no observable, or the method that is asked for cannot
                run it.
            InputError: if `shots` is below 1 or `seed` is no integer of at least 0.
            UnboundParameterError: if a parameter has no value.
            MissingExtraError: if the method ``"stabilizer"`` is asked for and Stim is not installed.
            InsufficientMemoryError: if no method fits into free memory.
        """
        bound = _bound(circuit, parameters, noise)
        shots = check_integer(shots, "shots", 1)
        _check_declares(bound)
        (piece,) = self._pieces(bound, shots, wants_detectors=True)
        _, rng = seeded(seed)
        chosen = piece.chosen
        if chosen.method == STABILIZER:
            return detectors_of_shots(chosen.prepared.written, shots, rng)
        if chosen.method == NEAR_CLIFFORD:
            return self._near_clifford.sample_detectors(chosen.prepared, shots, rng)
        return _parities(bound, self._drawn(piece, shots, rng))

    @overload
    def expectation_value(
        self,
        circuit: Circuit,
        observable: Observable | PauliString,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> float: ...

    @overload
    def expectation_value(
        self,
        circuit: Circuit,
        observable: Sequence[Observable | PauliString],
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> NDArray[np.float64]: ...

    def expectation_value(
        self,
        circuit: Circuit,
        observable: Observable | PauliString | Sequence[Observable | PauliString],
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
    ) -> float | NDArray[np.float64]:
        """``tr(observable ρ)`` at the end of the circuit, whatever was measured on the way, exact.

        Clifford circuits with Pauli noise take any number of qubits; of others each piece is simulated by itself, by
        its state vector, or by its density matrix where noise or measurements have a part in it.

        Args:
            circuit: whose final measurements are left out.
            observable: one, or several; a `PauliString` takes more qubits than a `PauliSum`.
            parameters: values of the free parameters.
            noise: is put into the circuit before.

        Returns:
            A number, or an array of shape ``(num_observables,)``.

        Raises:
            CircuitError: if noise or measurements have a part in it on more than 14 qubits that are joined, or the
                method that is asked for has no values or cannot do it.
            OperatorError: if an observable is not Hermitian or has another number of qubits.
            UnboundParameterError: if a parameter has no value.
            InsufficientMemoryError: if a state does not fit into free memory.
        """
        if noise is None and not _has_strings(observable) and self._runs_plainly(circuit):
            return self._vectors.expectation_value(circuit, observable, parameters)  # type: ignore[arg-type]
        values = Values(self.method, self._vectors, lambda: self._density)
        return values.of(_bound(circuit, parameters, noise), observable)

    def explain(
        self,
        circuit: Circuit,
        shots: int = 1024,
        parameters: ParameterValues | None = None,
        noise: NoiseModel | None = None,
        detectors: bool | None = None,
    ) -> MethodReport:
        """Tell by which method shots of a circuit are drawn, what that costs and why, and what others would cost.

        Nothing is run; where it may pay, the circuit is compiled for that. Print the report to read it.

        Args:
            circuit: as for `run`.
            shots: how many; the choice depends on their order of magnitude.
            parameters: values of the free parameters.
            noise: is put into the circuit before.
            detectors: whether to explain `sample_detectors`, not `run`; by default where the circuit declares any.

        Raises:
            CircuitError, InputError, UnboundParameterError, InsufficientMemoryError: as `run`.
        """
        bound = _bound(circuit, parameters, noise)
        shots = check_integer(shots, "shots", 1)
        declares = bound.num_detectors + bound.num_observables > 0
        wants = declares if detectors is None else check_flag(detectors, "detectors")
        if wants:
            _check_declares(bound)
        else:
            check_shots(shots, measures(bound.operations))
        wanted = "detectors and observables" if wants else "classical bits"
        return MethodReport(shots, wanted, self._pieces(bound, shots, wants))

    def check(self, circuit: Circuit, shots: int) -> None:
        """Refuse what `run` would refuse for want of memory or of a method, before it is run.

        Args:
            circuit: as for `run`, without free parameters.
            shots: at least 1.

        Raises:
            CircuitError, InputError, UnboundParameterError, InsufficientMemoryError: as `run`.
        """
        bound = _bound(circuit, None, None)
        check_shots(shots, measures(bound.operations))
        _check_room(bound, int(shots), wants_detectors=False)
        if not self._runs_plainly(bound) and not self._chooser.surely_runs(bound, int(shots)):
            self._pieces(bound, int(shots), wants_detectors=False)

    def _runs_plainly(self, circuit: Circuit) -> bool:
        return self.method == AUTOMATIC and type(circuit) is Circuit and is_plain(circuit, PLAIN_QUBITS)

    def _pieces(self, circuit: Circuit, shots: int, wants_detectors: bool) -> tuple[Piece, ...]:
        """The pieces, as they were last time where the circuit has not changed."""
        _check_room(circuit, shots, wants_detectors)
        size = shots.bit_length()
        key, version = (id(circuit), size, wants_detectors), circuit.version
        known = self._kept.get(key)
        if known is not None and known.circuit() is circuit and known.version == version:
            return known.pieces
        pieces = self._chooser.pieces(circuit, 1 << size, wants_detectors)
        with self._lock:
            self._kept[key] = _Kept(weakref.ref(circuit), version, pieces)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return pieces

    def _drawn(self, piece: Piece, shots: int, seed: int | np.random.Generator) -> NDArray[np.uint64]:
        """Packed bits of a piece."""
        circuit, chosen = piece.circuit, piece.chosen
        if chosen.method == STABILIZER:
            prepared: StimShots = chosen.prepared
            rng = np.random.default_rng(seed)
            words = bits_of_shots(prepared.written, circuit.num_clbits, shots, rng)
            run_final_steps(prepared.final_steps, words, rng)
            return words
        if chosen.method == NEAR_CLIFFORD:
            found = self._near_clifford.run(chosen.prepared, shots, seed)
        elif chosen.method == DENSITY:
            found = self._density.run(circuit, shots, seed)
        else:
            found = self._vectors.run(circuit, shots, seed)
        packed = found._packed()
        assert packed is not None
        return packed

    @cached_property
    def _near_clifford(self) -> NearCliffordSimulator:
        from qtoolkit.simulators.near_clifford import NearCliffordSimulator

        return NearCliffordSimulator(self.num_threads)

    @cached_property
    def _density(self) -> DensityMatrixSimulator:
        from qtoolkit.simulators.density.simulator import DensityMatrixSimulator

        return DensityMatrixSimulator(self.precision, self.num_threads)


def _bound(circuit: Circuit, parameters: ParameterValues | None, noise: NoiseModel | None) -> Circuit:
    """A circuit without free parameters, with the noise of a model.

    Raises:
        InputError: if it is none.
        UnboundParameterError: if a parameter has no value.
    """
    if not isinstance(circuit, Circuit):
        raise InputError(f"the method is chosen for a Circuit, got {shown(circuit)}; each method compiles its own")
    if parameters is not None:
        circuit = circuit.bind(parameters)
    circuit.check_bound()
    return circuit if noise is None else with_noise(circuit, noise)


def _has_strings(observable: object) -> bool:
    """Whether an observable is a `PauliString`, or the first of several that is no other one."""
    if not isinstance(observable, PauliSum | np.ndarray) and isinstance(observable, Sequence):
        observable = next((item for item in observable if not isinstance(item, PauliSum | np.ndarray)), None)
    return isinstance(observable, PauliString)


def _check_room(circuit: Circuit, shots: int, wants_detectors: bool) -> None:
    """Refuse shots whose bits do not fit into free memory."""
    num_bits = circuit.num_detectors + circuit.num_observables if wants_detectors else circuit.num_clbits
    needed = bits_by_shot(shots, num_bits) if wants_detectors else 8 * shots * num_words(num_bits)
    check_memory(needed, f"{shown(shots)} shots of {num_bits} bits", "take fewer at a time and add the counts")


def _check_declares(circuit: Circuit) -> None:
    if not circuit.num_detectors + circuit.num_observables:
        raise CircuitError("a circuit must declare a detector or an observable to be sampled, got none; see detector()")


def _parities(circuit: Circuit, words: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Detectors and observables of bits that are as they were where those stand."""
    detectors, parts = circuit.detectors, circuit.observables
    wanted = len(detectors) + circuit.num_observables
    check_memory(bits_by_shot(len(words), wanted), f"{len(words):,} shots of {wanted} parities", "take fewer shots")
    found = np.zeros((len(words), len(detectors)), np.bool_), np.zeros((len(words), circuit.num_observables), np.bool_)
    for k, operation in enumerate(detectors):
        found[0][:, k] = _parity(words, operation.clbits)
    for operation in parts:
        gate = operation.gate
        assert isinstance(gate, LogicalObservable)
        found[1][:, gate.index] ^= _parity(words, operation.clbits)
    return found


def _parity(words: NDArray[np.uint64], clbits: Sequence[int]) -> NDArray[np.bool_]:
    masks: dict[int, int] = {}
    for clbit in clbits:
        masks[clbit // 64] = masks.get(clbit // 64, 0) | 1 << clbit % 64
    counts = np.zeros(len(words), np.uint8)
    for word, mask in masks.items():
        counts += np.bitwise_count(words[:, word] & np.uint64(mask))
    parity: NDArray[np.bool_] = (counts & 1).astype(np.bool_)
    return parity
