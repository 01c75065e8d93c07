"""Credit books: loans whose defaults depend on one common factor."""

from __future__ import annotations

import hashlib
import math
from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np

from qtoolkit._arguments import check_instance, shown
from qtoolkit._checks import require_array, require_choice, require_integer, require_number
from qtoolkit._labels import aligned, labels_of
from qtoolkit.applications.finance.data.assets import read_names
from qtoolkit.applications.finance.risk._conditional import ConditionalDefaults, CreditLosses, latent_nodes
from qtoolkit.applications.finance.risk._law import FloatArray, LossLaw
from qtoolkit.circuit import Circuit
from qtoolkit.circuit.library import load_probabilities, lookup_rotation, weighted_sum
from qtoolkit.errors import InputError

__all__ = ["CreditBook", "LatentGrid"]

_MOST_SENSITIVITY = 0.99
_MOST_UNITS_BITS = 16
_ROUNDING = 1e-9
"""Of a loss in units: what divisions leave of whole numbers."""


@dataclass(frozen=True)
class LatentGrid:
    """How a register holds the common factor z, which is standard normal.

    Attributes:
        num_qubits: 1 to 6.
        rule: ``"gauss"`` for the points and weights of Gauss and Hermite, with which errors fall exponentially with the
            number of points, or ``"points"`` for equidistant points from ``-reach`` to `reach`, weighted by the
            density, as in the literature.
        reach: of the equidistant points, positive.

    Raises:
        InputError: if one is none of these.
    """

    num_qubits: int = 3
    rule: Literal["gauss", "points"] = "gauss"
    reach: float = 3.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "num_qubits", require_integer("num_qubits", self.num_qubits, 1, 6))
        require_choice("rule", self.rule, ("gauss", "points"))
        object.__setattr__(self, "reach", require_number("reach", self.reach, 0.0, 30.0))
        if self.reach == 0.0:
            raise InputError("reach must be positive, got 0")

    def points(self) -> tuple[FloatArray, FloatArray]:
        """The points, and their probabilities."""
        return latent_nodes(self.num_qubits, self.rule, self.reach)


@dataclass(frozen=True, eq=False)
class CreditBook:
    """Loans whose defaults are independent given a common normal factor z.

    The k-th defaults with the probability ``Φ((Φ⁻¹(p_k) - √ρ_k z) / √(1 - ρ_k))`` given z, which is p_k on average.
    pandas Series are brought into one order by their labels, which become the names.

    A circuit has a qubit for each loan, `LatentGrid.num_qubits` for z, as many as the sum of losses in units has bits,
    and one more. Up to 20 qubits, which 12 loans that lose a unit each take with three for z, the amplitude is read
    from the state vector. Of larger books it follows from the law on the grid, which is summed loan by loan, and
    outcomes are drawn from the law of measurements that goes with it: hundreds of loans are estimated as a machine
    would, queries and depth counted. Circuits that a sampler runs are run whatever their size.

    Source: Egger, Gutiérrez, Mestre and Woerner, IEEE Trans. Comput. 70, 2136 (2021), arXiv:1907.03044.

    Attributes:
        default_probabilities: p, each between 0 and 1, shape ``(num_loans,)``.
        sensitivities: ρ, each from 0 to 0.99: squared correlations with z.
        losses: given default, each positive.
        loss_unit: losses are rounded to multiples of it; by default the greatest common divisor of whole numbers.
        names: distinct; by default labels, or ``loan 0``, ``loan 1``, …

    Raises:
        InputError: if one of these breaks its rule, lengths or labels differ, or losses are no whole numbers and no
            unit is given.
    """

    default_probabilities: FloatArray
    sensitivities: FloatArray
    losses: FloatArray
    _: KW_ONLY
    loss_unit: float | None = None
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = (self.default_probabilities, self.sensitivities, self.losses)
        labels = [found for found in map(labels_of, given) if found is not None]
        names = read_names(self.names) or (labels[0] if labels else None)
        first = self.default_probabilities
        plain = require_array(
            "default_probabilities", first if names is None else aligned("default_probabilities", first, names), (None,)
        )
        names = names or tuple(f"loan {k}" for k in range(plain.size))
        if not names or len(set(names)) != len(names) or plain.size != len(names):
            raise InputError(f"there must be a default probability for each of some distinct names, got {shown(names)}")
        sensitivities = require_array("sensitivities", aligned("sensitivities", given[1], names), (len(names),))
        losses = require_array("losses", aligned("losses", given[2], names), (len(names),))
        if plain.min() <= 0.0 or plain.max() >= 1.0:
            raise InputError(f"default_probabilities must be between 0 and 1, got {shown(plain.tolist())}")
        if sensitivities.min() < 0.0 or sensitivities.max() > _MOST_SENSITIVITY:
            raise InputError(
                f"sensitivities must be from 0 to {_MOST_SENSITIVITY}, got {shown(sensitivities.tolist())}"
            )
        if losses.min() <= 0.0:
            raise InputError(f"losses must be positive, got {shown(losses.tolist())}")
        object.__setattr__(self, "default_probabilities", plain)
        object.__setattr__(self, "sensitivities", sensitivities)
        object.__setattr__(self, "losses", losses)
        object.__setattr__(self, "loss_unit", _unit(self.loss_unit, losses))
        object.__setattr__(self, "names", names)
        if sum(self.units).bit_length() > _MOST_UNITS_BITS:
            raise InputError(
                f"losses must sum to less than 2**{_MOST_UNITS_BITS} units, got {sum(self.units)} of "
                f"{self.loss_unit:g}; take a larger loss_unit"
            )
        if min(self.units) < 1:
            raise InputError(
                f"losses must be at least half a unit, got {losses.min():g} with a unit of {self.loss_unit:g}"
            )

    @property
    def num_loans(self) -> int:
        """How many loans there are."""
        return len(self.names)

    @property
    def units(self) -> tuple[int, ...]:
        """Losses in units, rounded."""
        assert self.loss_unit is not None
        return tuple(int(units) for units in np.rint(self.losses / self.loss_unit))

    @property
    def rounding(self) -> float:
        """How far the sum of losses is moved by rounding them to units, at most."""
        assert self.loss_unit is not None
        moved = np.abs(self.losses - self.loss_unit * np.array(self.units))
        return float(np.where(moved > _ROUNDING * self.loss_unit, moved, 0.0).sum())

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that another book does not share."""
        arrays = (self.default_probabilities, self.sensitivities, self.losses)
        parts = [array.tobytes() for array in arrays] + [repr((self.loss_unit, self.names)).encode()]
        return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()

    def _law(self, grid: LatentGrid | int | None = None) -> LossLaw:
        """Losses in a register, and their continuous law.

        Args:
            grid: of the common factor; a number is that of its qubits.

        Raises:
            InputError: if it is none.
        """
        if grid is None or not isinstance(grid, LatentGrid):
            grid = LatentGrid() if grid is None else LatentGrid(require_integer("grid", grid, 1, 6))
        from scipy.special import ndtri

        assert self.loss_unit is not None
        check_instance(grid, LatentGrid, "grid must be a LatentGrid or a number of qubits")
        defaults = ConditionalDefaults(ndtri(self.default_probabilities), self.sensitivities, self.units)
        exact = CreditLosses(defaults, self.loss_unit, float(self.default_probabilities @ self.losses), self.losses)
        z, weights = grid.points()
        circuit, register = _circuit(grid.num_qubits, weights, defaults.probabilities(z), self.units)
        size = 1 << len(register)
        probabilities, continuous = np.zeros(size), np.zeros(size)
        law = defaults.law_on(z, weights)
        probabilities[: law.size], continuous[: law.size] = law, exact.law
        points = self.loss_unit * np.arange(size, dtype=np.float64)
        return LossLaw(
            circuit=circuit,
            register=register,
            points=points,
            lows=points,
            highs=points,
            probabilities=probabilities,
            chance_errors=np.abs(np.cumsum(probabilities) - np.cumsum(continuous)),
            rounding=self.rounding,
            exact=exact,
            fingerprint=self.fingerprint,
        )

    def __repr__(self) -> str:
        expected = float(self.default_probabilities @ self.losses)
        return f"CreditBook({self.num_loans} loans, at most {self.losses.sum():g}, {expected:g} expected)"


def _unit(given: object, losses: FloatArray) -> float:
    if given is not None:
        unit = require_number("loss_unit", given)
        if unit <= 0.0:
            raise InputError(f"loss_unit must be positive, got {unit:g}")
        return unit
    whole = [int(loss) for loss in np.rint(losses)] if losses.max() < 2.0**53 else []
    if not whole or not np.array_equal(whole, losses):
        raise InputError(
            "losses must be whole numbers, or a loss_unit given to which they are rounded, got "
            f"{shown(losses.tolist())}"
        )
    return float(math.gcd(*whole))


def _circuit(
    num_latent: int, weights: FloatArray, chances: FloatArray, units: tuple[int, ...]
) -> tuple[Circuit, tuple[int, ...]]:
    """The factor on the first qubits, a qubit for each loan, then the sum of losses; the exact chances, by tables."""
    first = num_latent + len(units)
    total = weighted_sum(units)
    circuit = Circuit(num_latent + total.num_qubits, name=f"credit({len(units)})")
    circuit.extend(load_probabilities(weights), range(num_latent))
    for k, row in enumerate(chances):
        circuit.extend(lookup_rotation(row), (*range(num_latent), num_latent + k))
    circuit.extend(total, range(num_latent, circuit.num_qubits))
    return circuit, tuple(range(first, circuit.num_qubits))
