"""What a phase estimation of energies is asked: Hamiltonian, state, evolution; and the circuits made of them."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._arguments import check_instance, check_integer, items_of, shown
from qtoolkit._checks import require_choice, require_number
from qtoolkit._memory import reserved
from qtoolkit.algorithms.dynamics.ordering import Ordering, check_hamiltonian
from qtoolkit.algorithms.dynamics.product_formula import ProductFormula
from qtoolkit.circuit import Circuit, UnitaryGate
from qtoolkit.circuit.library import fourier_transform
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = ["MAX_BITS", "EnergyProblem", "Evolution", "energy_range_of"]

Evolution: TypeAlias = Literal["exact", "trotter"]

MAX_BITS = 20
_EXACT_QUBITS = 10
_MARGIN = 1.0 / 16.0


class EnergyProblem:
    """Energies of a Hamiltonian as phases: those within a range of width W become φ in [0, 1).

    With ``τ = 2π/W`` and ``U = e^{−i(H − low)τ}``, an eigenstate of energy E has the eigenvalue ``e^{−2πiφ}`` with
    ``φ = (E − low)/W``. By default the range is centred at the mean of the spectrum and reaches 1/16 beyond the sum of
    the coefficients' magnitudes, which bounds the spectrum, so that no energy can be taken for another (an alias).

    Args:
        hamiltonian: Hermitian.
        preparation: circuit of gates that prepares the state from |0…0⟩, without free parameters.
        evolution: ``"exact"`` takes U as a matrix, for up to 10 qubits; ``"trotter"`` takes a product formula.
        steps: of the product formula for the time τ.
        order: of the product formula.
        ordering: of its terms.
        energy_range: ``(low, high)`` in place of the default, for a finer grid; energies outside appear within, shifted
            by multiples of the width.

    Raises:
        OperatorError: if the Hamiltonian is no Hermitian sum.
        InputError: if another argument does not fit, or there are too many qubits for an exact U.
    """

    def __init__(
        self,
        hamiltonian: PauliSum,
        preparation: Circuit,
        *,
        evolution: Evolution = "exact",
        steps: int = 8,
        order: int = 2,
        ordering: Ordering = "given",
        energy_range: tuple[float, float] | None = None,
    ) -> None:
        self._hamiltonian = check_hamiltonian(hamiltonian)
        check_instance(preparation, Circuit, "what prepares the state must be a Circuit")
        preparation.check_bound()
        if preparation.num_qubits != hamiltonian.num_qubits:
            raise InputError(
                f"the preparation must have the Hamiltonian's {hamiltonian.num_qubits} qubits, got "
                f"{preparation.num_qubits}"
            )
        self._preparation = preparation.copy()
        self._evolution: Evolution = evolution
        require_choice("evolution", evolution, ("exact", "trotter"))
        if evolution == "exact" and hamiltonian.num_qubits > _EXACT_QUBITS:
            raise InputError(
                f"an exact evolution is a matrix of at most {_EXACT_QUBITS} qubits, got {hamiltonian.num_qubits}; take "
                'evolution="trotter"'
            )
        self._steps = check_integer(steps, "steps", 1, 1_000_000)
        self._formula = ProductFormula(hamiltonian, order, ordering)
        self._center = hamiltonian.constant.real
        self._radius = float(np.abs(self._formula.terms.coefficients).sum())
        self._low, self._high = energy_range_of(hamiltonian, energy_range)
        self._eigen: tuple[NDArray[np.float64], NDArray[np.complex128]] | None = None

    @property
    def hamiltonian(self) -> PauliSum:
        """As given."""
        return self._hamiltonian

    @property
    def num_qubits(self) -> int:
        """Number of qubits of the Hamiltonian."""
        return self._hamiltonian.num_qubits

    @property
    def evolution(self) -> Evolution:
        """As given."""
        return self._evolution

    @property
    def energy_range(self) -> tuple[float, float]:
        """The energies of the phases 0 and 1."""
        return self._low, self._high

    @property
    def width(self) -> float:
        """W, the energy of a whole turn of the phase."""
        return self._high - self._low

    @property
    def time(self) -> float:
        """τ, the time of one U."""
        return 2.0 * math.pi / (self._high - self._low)

    @property
    def is_alias_free(self) -> bool:
        """Whether the range holds the whole spectrum by the bound of its norm."""
        lowest, highest = self.spectrum_bounds
        return self._low <= lowest and highest < self._high

    @property
    def spectrum_bounds(self) -> tuple[float, float]:
        """Two energies that the whole spectrum lies between, by the sum of the coefficients' magnitudes."""
        return self._center - self._radius, self._center + self._radius

    @property
    def evolution_error(self) -> float:
        """A bound of how far energies are shifted because U is not exact, in the units of the Hamiltonian.

        Eigenphases of unitaries at a distance δ lie within ``2 arcsin(δ/2)`` of each other. 0 for an exact U.
        """
        if self._evolution == "exact":
            return 0.0
        distance = self._formula.error_bound(self.time, self._steps).error
        return 2.0 * math.asin(min(1.0, distance / 2.0)) / self.time

    def energy(self, phase: float) -> float:
        """The energy that a phase stands for.

        Raises:
            InputError: if it is not finite.
        """
        return self._low + (require_number("phase", phase) % 1.0) * (self._high - self._low)

    def with_range(self, low: float, high: float) -> EnergyProblem:
        """The same problem with another range of energies, and steps of about the same length.

        Raises:
            InputError: if the range is none.
        """
        ends = energy_range_of(self._hamiltonian, (low, high))
        steps = max(1, math.ceil(self._steps * self.width / (ends[1] - ends[0])))
        return EnergyProblem(
            self._hamiltonian,
            self._preparation,
            evolution=self._evolution,
            steps=steps,
            order=self._formula.order,
            ordering=self._formula.ordering,
            energy_range=ends,
        )

    def controlled_evolution(self, power: int) -> Circuit:
        """``U^power`` switched on by a further qubit, the last.

        Raises:
            InputError: if the power is no integer from 1 to 2^20.
            InsufficientMemoryError: if the matrix of an exact U does not fit into free memory.
        """
        power = check_integer(power, "power", 1, 1 << MAX_BITS)
        size = self.num_qubits
        if self._evolution == "trotter":
            circuit = self._formula.controlled_circuit(power * self.time, power * self._steps)
            return circuit.p(self._low * power * self.time, size)
        energies, vectors = self._spectrum()
        phases = np.exp(-1j * (energies - self._low) * (power * self.time))
        circuit = Circuit(size + 1, name=f"controlled U^{power}")
        gate = UnitaryGate((vectors * phases) @ vectors.conj().T, label=f"U^{power}").controlled()
        return circuit.append(gate, (size, *range(size)))

    def textbook_circuit(self, num_bits: int) -> Circuit:
        """Phase estimation with a register of `num_bits` qubits behind those of the system, and its Fourier transform.

        The register is measured; an outcome y stands for the phase ``y / 2^num_bits``.

        Source: Nielsen and Chuang, Quantum Computation and Quantum Information, section 5.2.

        Raises:
            InputError: if there is no bit, or more than 20.
            CircuitError: if there would be more than 10,000,000 operations.
        """
        bits = check_integer(num_bits, "num_bits", 1, MAX_BITS)
        size = self.num_qubits
        register = range(size, size + bits)
        circuit = Circuit(size + bits, bits, name=f"phase estimation of {bits} bits")
        circuit.extend(self._preparation).h(register)
        for j, qubit in enumerate(register):
            circuit.extend(self.controlled_evolution(1 << j), (*range(size), qubit))
        # U has e^{-2πiφ}, so that the transform itself, not its inverse, gathers the phase
        circuit.extend(fourier_transform(bits), register)
        return circuit.measure(register, range(bits))

    def iterative_circuit(self, num_bits: int) -> Circuit:
        """Phase estimation with one qubit behind those of the system, measured once for each bit, lowest first.

        Each measurement turns the next by the bits that are known: outcomes follow the same law as the textbook's
        (Griffiths and Niu, Phys. Rev. Lett. 76, 3228 (1996); Dobšíček et al., Phys. Rev. A 76, 030306 (2007)).

        Raises:
            InputError: if there is no bit, or more than 20.
            CircuitError: if there would be more than 10,000,000 operations.
        """
        bits = check_integer(num_bits, "num_bits", 1, MAX_BITS)
        size = self.num_qubits
        circuit = Circuit(size + 1, bits, name=f"iterative phase estimation of {bits} bits")
        circuit.extend(self._preparation)
        for bit in range(bits):
            if bit:
                circuit.reset(size)
            circuit.h(size)
            circuit.extend(self.controlled_evolution(1 << (bits - 1 - bit)))
            for known in range(bit):
                turn = math.pi / (1 << (bit - known))
                circuit.if_(known, Circuit(size + 1, bits).p(turn, size))
            circuit.h(size).measure(size, bit)
        return circuit

    def _spectrum(self) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
        if self._eigen is None:
            size = self.num_qubits
            with reserved(_needs.dense_spectrum(size), f"a spectrum on {size} qubits", 'use evolution="trotter"'):
                self._eigen = np.linalg.eigh(self._hamiltonian.to_matrix())
        return self._eigen

    def __repr__(self) -> str:
        return (
            f"<EnergyProblem on {self.num_qubits} qubits, {self._evolution} evolution, energies from {self._low:g} to "
            f"{self._high:g}>"
        )


def energy_range_of(hamiltonian: PauliSum, energy_range: tuple[float, float] | None) -> tuple[float, float]:
    """A given range of energies, or one that holds the spectrum by the magnitudes of the coefficients, and 1/16 more.

    Raises:
        InputError: if it is no pair of numbers, the lower first.
    """
    if energy_range is None:
        is_varying = (hamiltonian.x_masks | hamiltonian.z_masks) != 0
        reach = (1.0 + _MARGIN) * float(np.abs(hamiltonian.coefficients[is_varying]).sum()) or 1.0
        center = hamiltonian.constant.real
        return center - reach, center + reach
    rule = "energy_range is a pair of numbers, the lower first"
    ends = [require_number("an end of energy_range", end) for end in items_of(energy_range, rule)]
    if len(ends) != 2 or not ends[1] - ends[0] > 1e-12 * (abs(ends[0]) + abs(ends[1])):
        raise InputError(f"{rule}, got {shown(energy_range)}")
    return ends[0], ends[1]
