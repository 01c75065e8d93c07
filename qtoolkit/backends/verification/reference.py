"""What a circuit's bits should be: their exact distribution where it fits, else many shots of this machine's own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import check_instance, check_integer
from qtoolkit.circuit import Circuit, Decode, IfElse, Initialize, KrausChannel, Measure, ReadoutError, Reset
from qtoolkit.circuit.analysis import split_tail
from qtoolkit.circuit.compact import without_idle_qubits
from qtoolkit.circuit.operation import everything_in
from qtoolkit.circuit.tape import Tape
from qtoolkit.errors import CircuitError, InsufficientMemoryError
from qtoolkit.noise import NoiseModel

if TYPE_CHECKING:
    from qtoolkit.primitives import Result

__all__ = ["MOST_EXACT_BITS", "Reference", "reference_of"]

MOST_EXACT_BITS = 20
"""Written bits of an exact distribution, which holds ``2**bits`` numbers."""

MOST_EXACT_QUBITS = 22
"""Of a state vector for one: some seconds, and 64 MiB."""

MOST_NOISY_QUBITS = 10
"""Of a density matrix for one: a second or so."""

MOST_RECORDED_QUBITS = 8
"""Of a density matrix with a qubit for each bit, where bits are written on the way."""

LEAST_SHOTS, MOST_SHOTS, MORE_SHOTS = 20_000, 500_000, 20
"""Of a sampled reference: at least, at most, and so many for each shot that is compared."""

MOST_SAMPLED_BITS = 1 << 25
"""Shots times classical bits: a letter each, where no outcome comes twice."""

LONGEST = 60.0
"""Seconds that a sampled reference may take, as the simulator predicts."""

IMPOSSIBLE = 1e-13
"""An exact probability below is rounding."""


@dataclass(frozen=True, eq=False)
class Reference:
    """The distribution of a circuit's classical bits.

    Attributes:
        num_clbits: of the circuit.
        bits: classical bits that the circuit writes, ascending; the others are 0.
        probabilities: of the outcomes of `bits`, bit k of an outcome being ``bits[k]``, float64 of shape
            ``(2**len(bits),)``; None where the reference is sampled.
        sample: shots of this machine; None where the reference is exact.
        method: how it was made.
        seed: of the sample; None where there is none.
    """

    num_clbits: int
    bits: tuple[int, ...]
    probabilities: NDArray[np.float64] | None
    sample: Result | None
    method: str
    seed: int | None = None

    @property
    def is_exact(self) -> bool:
        """Whether there is no error of sampling in it."""
        return self.probabilities is not None

    @property
    def shots(self) -> int | None:
        """Of the sample; None where the reference is exact."""
        return None if self.sample is None else self.sample.shots

    @cached_property
    def counts(self) -> Counter[str]:
        """Of the sample, by bitstrings over all classical bits; empty where the reference is exact."""
        return Counter() if self.sample is None else Counter(dict(self.sample.counts))

    def total_variation(self, other: Reference) -> float:
        """Half the sum of the differences of two exact distributions of as many classical bits.

        Raises:
            CircuitError: if one is sampled, or they have another number of bits.
        """
        check_instance(other, Reference, "the distance is that of two references", CircuitError)
        if self.probabilities is None or other.probabilities is None or self.num_clbits != other.num_clbits:
            raise CircuitError("the distance is that of two exact distributions of as many classical bits")
        joint = tuple(sorted({*self.bits, *other.bits}))
        if len(joint) > MOST_EXACT_BITS + 4:
            raise CircuitError(f"the two write {len(joint)} classical bits together, which is too many to compare")
        difference = _spread(self.probabilities, self.bits, joint) - _spread(other.probabilities, other.bits, joint)
        return 0.5 * float(np.abs(difference).sum())


def reference_of(
    circuit: Circuit,
    shots: int,
    *,
    noise: NoiseModel | None = None,
    seed: int | np.random.Generator | None = None,
    exact: bool | None = None,
) -> Reference:
    """The distribution of a circuit's classical bits: exact where it fits, else from many shots.

    Exact are circuits that measure at most 20 bits at their end, on 22 qubits, or 10 with noise, and small ones with
    measurements on the way. All others are sampled by the method that costs least: Clifford circuits on hundreds of
    qubits too.

    Args:
        circuit: without free parameters, with a measurement at least.
        shots: of the counts that are to be compared with it; a sample has 20 times as many, within limits.
        noise: is put into the circuit before.
        seed: of a sample.
        exact: whether it must be exact, or a sample; by default as fits.

    Raises:
        InputError: if it is no circuit, or shots are below 1.
        UnboundParameterError: if a parameter has no value.
        CircuitError: if nothing is measured, or it must be exact and does not fit.
        InsufficientMemoryError: if no method fits into free memory, or within a minute.
    """
    check_instance(circuit, Circuit, "a reference is that of a Circuit")
    check_integer(shots, "shots", 1)
    if noise is not None:
        check_instance(noise, NoiseModel, "noise must be a NoiseModel")
    circuit.check_bound()
    written = circuit if noise is None else noise.apply(circuit)
    bits = tuple(sorted({c for op in everything_in(written.operations) for c in _written(op.gate, op.clbits)}))
    if not bits:
        raise CircuitError("a reference needs a measurement; measure some qubits")
    compact = without_idle_qubits(written)
    if exact is not False:
        probabilities, method = _exact(compact, bits)
        if probabilities is not None:
            return Reference(circuit.num_clbits, bits, probabilities, None, method)
        if exact:
            raise CircuitError(
                f"the exact distribution of {len(bits)} bits of {compact.num_qubits} qubits does not fit; sample it"
            )
    return _sampled(circuit, compact, bits, shots, seed)


def _written(gate: object, clbits: tuple[int, ...]) -> tuple[int, ...]:
    """The classical bits that an instruction writes."""
    if isinstance(gate, Decode):
        return clbits[gate.num_in :]
    return clbits if isinstance(gate, Measure | ReadoutError) else ()


def _exact(circuit: Circuit, bits: tuple[int, ...]) -> tuple[NDArray[np.float64] | None, str]:
    """Probabilities of the outcomes of bits, and how they were found; None where they do not fit."""
    if len(bits) > MOST_EXACT_BITS:
        return None, ""
    kept, measured, tail = split_tail(circuit.operations)
    source = {clbit: qubit for qubit, clbit in measured}
    at_end = not any(isinstance(op.gate, Measure | IfElse | ReadoutError) for op in kept)
    simple = at_end and set(source) == set(bits) and all(isinstance(op.gate, ReadoutError) for op in tail)
    if not simple:
        return _recorded(circuit, bits), "exact, by a density matrix with a qubit for each bit"
    state = circuit._with_tape(Tape(kept))
    qubits = sorted({source[bit] for bit in bits})
    try:
        if not _is_mixed(circuit):
            from qtoolkit.simulators import StatevectorSimulator

            if circuit.num_qubits > MOST_EXACT_QUBITS:
                return None, ""
            found, method = StatevectorSimulator().probabilities(state, qubits), "exact, by a state vector"
        else:
            from qtoolkit.simulators import DensityMatrixSimulator

            if circuit.num_qubits > MOST_NOISY_QUBITS:
                return None, ""
            found, method = DensityMatrixSimulator().probabilities(state, qubits), "exact, by a density matrix"
    except InsufficientMemoryError:
        return None, ""
    place = {qubit: k for k, qubit in enumerate(qubits)}
    found = _copied(found, [place[source[bit]] for bit in bits])
    for operation in tail:
        assert isinstance(operation.gate, ReadoutError)
        found = _misread(found, [bits.index(clbit) for clbit in operation.clbits], operation.gate.confusion)
    return _cleaned(found), method


def _is_mixed(circuit: Circuit) -> bool:
    """Whether the state before the measurements is no vector."""
    return any(isinstance(op.gate, KrausChannel | Reset | Initialize) for op in circuit.operations)


def _recorded(circuit: Circuit, bits: tuple[int, ...]) -> NDArray[np.float64] | None:
    """By a qubit for each bit, on which it is written when all is over; None where that is too large."""
    from qtoolkit.simulators import DensityMatrixSimulator

    own = circuit.num_qubits
    if own + len(bits) > MOST_RECORDED_QUBITS:
        return None
    longer = Circuit(own + len(bits))
    longer.num_clbits = circuit.num_clbits
    longer.extend(circuit, qubits=range(own), clbits=range(circuit.num_clbits))
    for place, bit in enumerate(bits):
        flip = Circuit(longer.num_qubits)
        flip.num_clbits = circuit.num_clbits
        longer.if_(bit, flip.x(own + place))
    try:
        return _cleaned(DensityMatrixSimulator().probabilities(longer, range(own, own + len(bits))))
    except InsufficientMemoryError:
        return None


def _copied(found: NDArray[np.float64], sources: list[int]) -> NDArray[np.float64]:
    """Probabilities of bits by those of the qubits that they come from; two bits may come from one qubit."""
    values = np.arange(len(found))
    outcomes = np.zeros_like(values)
    for place, source in enumerate(sources):
        outcomes |= (values >> source & 1) << place
    result = np.zeros(1 << len(sources))
    np.add.at(result, outcomes, found)
    return result


def _misread(found: NDArray[np.float64], places: list[int], confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities behind a readout error, whose lowest bit is at the first place."""
    count, size = len(found).bit_length() - 1, len(places)
    axes = [count - 1 - place for place in reversed(places)]
    moved = np.moveaxis(found.reshape((2,) * count), axes, range(size))
    mixed = confusion.T @ moved.reshape(1 << size, -1)
    back: NDArray[np.float64] = np.moveaxis(mixed.reshape((2,) * count), range(size), axes).reshape(-1)
    return back


def _cleaned(found: NDArray[np.float64]) -> NDArray[np.float64]:
    kept: NDArray[np.float64] = np.where(found > IMPOSSIBLE, found, 0.0)
    kept /= kept.sum()
    return kept


def _spread(found: NDArray[np.float64], bits: tuple[int, ...], joint: tuple[int, ...]) -> NDArray[np.float64]:
    """Probabilities of more bits, those that are not written being 0."""
    result = np.zeros(1 << len(joint))
    values, outcomes = np.arange(len(found)), np.zeros(len(found), np.int64)
    for place, bit in enumerate(bits):
        outcomes |= (values >> place & 1) << joint.index(bit)
    result[outcomes] = found
    return result


def _sampled(
    circuit: Circuit, compact: Circuit, bits: tuple[int, ...], shots: int, seed: int | np.random.Generator | None
) -> Reference:
    from qtoolkit.simulators import AutomaticSimulator

    simulator = AutomaticSimulator()
    most = min(MOST_SHOTS, max(1000, MOST_SAMPLED_BITS // circuit.num_clbits))
    wanted = min(max(LEAST_SHOTS, MORE_SHOTS * shots), most)
    seconds = simulator.explain(compact, wanted, detectors=False).seconds
    while seconds > LONGEST and wanted > 1000:
        wanted = max(1000, wanted // 4)
        seconds = simulator.explain(compact, wanted, detectors=False).seconds
    if seconds > LONGEST:
        raise InsufficientMemoryError(
            f"1000 shots of {circuit.name} on {compact.num_qubits} qubits would take about {seconds:.0f} s on this "
            f"machine, {LONGEST:.0f} s are the most; there is nothing to compare with"
        )
    sample = simulator.run(compact, wanted, seed=seed)
    method = f"{wanted:,} shots, by the method {sample.metadata['method']}"
    return Reference(circuit.num_clbits, bits, None, sample, method, sample.seed)
