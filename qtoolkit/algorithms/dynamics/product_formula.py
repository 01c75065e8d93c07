"""`ProductFormula`: evolution under a sum of Pauli strings as rotations about one string after another."""

from __future__ import annotations

from functools import cached_property

from qtoolkit._arguments import check_flag, check_integer
from qtoolkit.algorithms.dynamics.bounds import (
    BoundMethod,
    ErrorLaw,
    TrotterBound,
    check_error,
    check_order,
    check_time,
    law_of,
)
from qtoolkit.algorithms.dynamics.ordering import Ordering, check_hamiltonian, fragments_of
from qtoolkit.algorithms.dynamics.rotations import RotationWriter
from qtoolkit.algorithms.dynamics.schedule import step_of
from qtoolkit.circuit import Circuit
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = ["ProductFormula", "trotter_circuit"]

_MOST_STEPS = 1 << 62


class ProductFormula:
    """The Trotter–Suzuki formula of a Hamiltonian: configured once, for any time and number of steps.

    Order 1 is ``S₁(t) = e^{−iH_Γt} … e^{−iH_1t}``, order 2 ``S₂(t) = e^{−iH_1t/2} … e^{−iH_Γt} … e^{−iH_1t/2}``, and
    order 4 ``S₂(st)² S₂((1 − 4s)t) S₂(st)²``, ``s = 1 / (4 − 4^{1/3})``. Rotations about the same string that meet are
    one.

    Source: Suzuki, J. Math. Phys. 32, 400 (1991); Lloyd, Science 273, 1073 (1996).

    Args:
        hamiltonian: Hermitian.
        order: 1, 2 or 4.
        ordering: ``"given"``, ``"lexicographic"`` or ``"commuting"``: groups of commuting terms, largest coefficients
            first.

    Raises:
        OperatorError: if the Hamiltonian is no Hermitian sum.
        InputError: for another order or ordering.
    """

    def __init__(self, hamiltonian: PauliSum, order: int = 2, ordering: Ordering = "given") -> None:
        self._hamiltonian = check_hamiltonian(hamiltonian)
        self._order = check_order(order)
        self._ordering = ordering
        self._fragments = fragments_of(hamiltonian, ordering)
        self._laws: dict[str, ErrorLaw] = {}

    @property
    def hamiltonian(self) -> PauliSum:
        """As given."""
        return self._hamiltonian

    @property
    def order(self) -> int:
        """1, 2 or 4."""
        return self._order

    @property
    def ordering(self) -> Ordering:
        """As given."""
        return self._ordering

    @property
    def num_qubits(self) -> int:
        """Number of qubits of the Hamiltonian."""
        return self._hamiltonian.num_qubits

    @property
    def terms(self) -> PauliSum:
        """The terms in the order of the formula, without the identity."""
        parts = self._fragments
        return PauliSum(parts.x_masks, parts.z_masks, parts.weights, self.num_qubits)

    @property
    def num_fragments(self) -> int:
        """Number of groups of commuting terms; without groups, of terms."""
        return len(self._fragments.starts) - 1

    def num_rotations(self, steps: int) -> int:
        """Rotations about strings in a circuit of so many steps.

        Raises:
            InputError: if it is no positive integer.
        """
        count, steps = len(self._step), check_integer(steps, "steps", 1, _MOST_STEPS)
        return steps * count - (steps - 1) * self._closes

    def circuit(self, time: float, steps: int = 1) -> Circuit:
        """``S(t/r)^r``, with the phase of the identity's coefficient.

        Args:
            time: t, in units of one over those of the Hamiltonian; negative times go back.
            steps: r.

        Raises:
            InputError: if the time is not finite, or there is no step.
            CircuitError: if there would be more than 10,000,000 operations.
        """
        return self._written(check_time(time), check_integer(steps, "steps", 1, _MOST_STEPS), False)

    def controlled_circuit(self, time: float, steps: int = 1) -> Circuit:
        """The same switched on by one further qubit, the last, of which only rotations about Z are controlled.

        Raises:
            InputError, CircuitError: as for `circuit`.
        """
        return self._written(check_time(time), check_integer(steps, "steps", 1, _MOST_STEPS), True)

    def error_bound(self, time: float, steps: int = 1, method: BoundMethod = "auto") -> TrotterBound:
        """A bound of ``‖S(t/r)^r − e^{−iHt}‖``.

        Orders 1 and 2: commutators of strings (Childs, Su, Tran, Wiebe and Zhu, Phys. Rev. X 11, 011020 (2021),
        propositions 9 and 10), each formed exactly and its norm bounded by the sum of its coefficients. Order 4, for up
        to 8 fragments: the nested commutators of theorem 5 there, those of the first powers of the time added up before
        their norm is taken. Else the one-norm, by the remainders of Taylor series (Childs, Maslov, Nam, Ross and Su,
        PNAS 115, 9456 (2018), appendix F), with the time for which the formula lets each term act.

        Args:
            time: t.
            steps: r.
            method: ``"commutator"``, ``"triangle"`` for many terms (every nested commutator of three terms counts),
                ``"one-norm"`` for any number; ``"auto"`` takes the first that stays cheap.

        Raises:
            InputError: if an argument does not fit, or there is no such bound for the order.
            InsufficientMemoryError: if the triangle bound's signs do not fit into free memory.
        """
        time, steps = check_time(time), check_integer(steps, "steps", 1, _MOST_STEPS)
        return self._law(method).bound(time, steps)

    def steps_for(self, time: float, error: float, method: BoundMethod = "auto") -> int:
        """The fewest steps for which the bound is at most `error`.

        Raises:
            InputError: as for `error_bound`; if the error is not in [1e-15, 2], or more than 2^62 steps are needed.
        """
        time, error = check_time(time), check_error(error)
        law = self._law(method)

        def is_enough(steps: int) -> bool:
            return law.bound(time, steps).error <= error

        high = 1
        while not is_enough(high):
            high *= 2
            if high > _MOST_STEPS:
                raise InputError(f"an error of {error:g} takes more than 2^62 steps; allow more")
        low = high // 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_enough(middle) else (middle, high)
        return high

    def _law(self, method: BoundMethod) -> ErrorLaw:
        if not isinstance(method, str) or method not in self._laws:
            found = law_of(self._fragments, self._order, method)
            self._laws[method] = found
        return self._laws[method]

    @cached_property
    def _step(self) -> list[tuple[int, float]]:
        """Terms of one step with their shares of its time, in time order."""
        return step_of(len(self._fragments.weights), self._order)

    @property
    def _closes(self) -> bool:
        """Whether a step ends with the term that the next one begins with."""
        return bool(self._step) and self._step[0][0] == self._step[-1][0]

    def _written(self, time: float, steps: int, controlled: bool) -> Circuit:
        parts, step = self._fragments, self._step
        writer = RotationWriter(parts.x_masks, parts.z_masks, self.num_qubits, controlled)
        if len(step) < 2:
            steps = 1  # one term evolves exactly
        angles = 2.0 * (time / steps) * parts.weights
        turns = [(k, share * float(angles[k])) for k, share in step]
        if not self._closes or steps == 1:
            circuit = writer.circuit(turns).power(steps)
        else:
            (first, opening), (_, closing) = turns[0], turns[-1]
            inner = turns[1:-1]
            circuit = writer.circuit([turns[0]])
            circuit.extend(writer.circuit([*inner, (first, opening + closing)]).power(steps - 1))
            circuit.extend(writer.circuit([*inner, turns[-1]]))
        circuit.name = f"Trotter {self._order} × {steps}"
        return writer.phase(circuit, -parts.constant * time)

    def __repr__(self) -> str:
        return (
            f"<ProductFormula of order {self._order}, {len(self._fragments.weights)} terms in {self.num_fragments} "
            f"fragments, on {self.num_qubits} qubits>"
        )


def trotter_circuit(
    hamiltonian: PauliSum,
    time: float,
    steps: int,
    order: int = 2,
    *,
    ordering: Ordering = "given",
    controlled: bool = False,
) -> Circuit:
    """The circuit of a product formula, see `ProductFormula`.

    Args:
        hamiltonian: Hermitian.
        time: t of ``e^{−iHt}``.
        steps: how often the step of time ``t / steps`` is repeated.
        order: 1, 2 or 4.
        ordering: of the terms.
        controlled: whether a further qubit, the last, switches it on.

    Raises:
        OperatorError: if the Hamiltonian is no Hermitian sum.
        InputError: if another argument does not fit.
        CircuitError: if there would be more than 10,000,000 operations.
    """
    formula = ProductFormula(hamiltonian, order, ordering)
    write = formula.controlled_circuit if check_flag(controlled, "controlled") else formula.circuit
    return write(time, steps)
