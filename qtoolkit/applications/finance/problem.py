"""The portfolio problem: choose K of n assets by return and risk, as numbers, as a QUBO and as a Hamiltonian."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qtoolkit._arguments import shown
from qtoolkit._checks import require_array, require_integer, require_number
from qtoolkit._labels import aligned, labels_of
from qtoolkit.applications.finance.data import PriceHistory, ReturnHistory
from qtoolkit.applications.finance.data.assets import indices_of, read_names
from qtoolkit.errors import InputError
from qtoolkit.operators import PauliSum

__all__ = ["PortfolioProblem", "require_problem"]

FloatArray = NDArray[np.float64]

# relative to the largest variance: what rounding leaves in a sample covariance
_TOLERANCE = 1e-9

# squares of sums of so many of them are still numbers
_LARGEST = 1e140


@dataclass(frozen=True, eq=False)
class PortfolioProblem:
    """Minimise ``risk_aversion · xᵀΣx − μᵀx`` over choices ``x ∈ {0, 1}ⁿ`` of exactly `budget` assets.

    Source: Markowitz, J. Finance 7, 77 (1952), with equal weights on the chosen assets; in this quadratic form for
    quantum annealers and QAOA, e.g. Hodson et al., arXiv:1911.05296.

    A pandas Series of expected returns and a DataFrame of covariances are brought into one order by their labels, which
    become the names of the assets; arrays are taken in the order of `asset_names`.

    Attributes:
        expected_returns: μ, shape ``(num_assets,)``.
        covariance: Σ, shape ``(num_assets, num_assets)``, symmetric and positive semidefinite to 1e-9 of its largest
            variance.
        risk_aversion: q, at least 0.
        budget: K, 1 to num_assets.
        asset_names: distinct; by default the labels of the expected returns, or of the covariance, or ``asset 0``,
            ``asset 1``, …

    Raises:
        InputError: if one of these breaks its rule.
    """

    expected_returns: FloatArray
    covariance: FloatArray
    risk_aversion: float
    budget: int
    asset_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = read_names(self.asset_names) or labels_of(self.expected_returns) or labels_of(self.covariance)
        if names is not None and len(set(names)) != len(names):
            raise InputError(f"asset_names must be {len(names)} distinct names, got {', '.join(names)}")
        if names is None:
            count = len(self.expected_returns) if isinstance(self.expected_returns, Sized) else 0
            names = tuple(f"asset {k}" for k in range(count))
        returns = require_array("expected_returns", aligned("expected_returns", self.expected_returns, names))
        if returns.ndim != 1 or not returns.size:
            raise InputError(
                f"expected_returns must be a vector with an entry for each asset, got shape {returns.shape}"
            )
        if len(names) != returns.size:
            raise InputError(f"asset_names must be {returns.size} distinct names, got {', '.join(names)}")
        covariance = require_array("covariance", aligned("covariance", self.covariance, names, names))
        if covariance.shape != (returns.size, returns.size):
            raise InputError(
                f"the covariance of {returns.size} assets must have shape {(returns.size, returns.size)}, "
                f"got {covariance.shape}"
            )
        budget = require_integer("budget", self.budget)
        if not 1 <= budget <= returns.size:
            raise InputError(f"budget must be 1 to {returns.size}, the number of assets, got {shown(budget)}")
        risk_aversion = require_number("risk_aversion", self.risk_aversion, 0)
        largest = max(float(np.abs(returns).max()), max(1.0, risk_aversion) * float(np.abs(covariance).max()))
        if largest > _LARGEST:
            raise InputError(
                f"expected returns, and covariance times risk_aversion, must be at most {_LARGEST:g} in magnitude, got "
                f"{largest:g}; give them in other units"
            )
        _check_covariance(covariance)
        object.__setattr__(self, "expected_returns", returns)
        object.__setattr__(self, "covariance", covariance)
        object.__setattr__(self, "risk_aversion", risk_aversion)
        object.__setattr__(self, "budget", budget)
        object.__setattr__(self, "asset_names", names)

    @classmethod
    def from_returns(cls, history: ReturnHistory | ArrayLike, *, risk_aversion: float, budget: int) -> PortfolioProblem:
        """The problem with the sample mean and covariance of a history of returns.

        Args:
            history: returns, or a pandas DataFrame of them that `ReturnHistory` can read.
            risk_aversion: q.
            budget: K.

        Raises:
            InputError: if risk aversion or budget breaks its rule, or the history is no history of returns.
        """
        if isinstance(history, PriceHistory):
            raise InputError("from_returns takes returns, got prices; pass their simple_returns()")
        if not isinstance(history, ReturnHistory):
            history = ReturnHistory(history)
        return cls(history.expected_returns, history.covariance, risk_aversion, budget, history.asset_names)

    @property
    def num_assets(self) -> int:
        """n, also the number of qubits."""
        return self.expected_returns.size

    @property
    def num_feasible(self) -> int:
        """Number of ways to choose `budget` assets."""
        return math.comb(self.num_assets, self.budget)

    def objective(self, choices: ArrayLike) -> FloatArray:
        """``q·xᵀΣx − μᵀx`` of choices x, shape ``(..., num_assets)``, each entry 0 or 1, to shape ``(...)``.

        Any number of assets may be chosen here. A Series, or the columns of a DataFrame, may name the assets in any
        order.

        Raises:
            InputError: if the shape or labels do not fit, or an entry is neither 0 nor 1.
        """
        by_asset = (self.asset_names,) if getattr(choices, "ndim", 1) == 1 else (None, self.asset_names)
        x = require_array("choices", aligned("choices", choices, *by_asset))
        if x.ndim < 1 or x.shape[-1] != self.num_assets:
            raise InputError(f"a choice has one entry for each of {self.num_assets} assets, got shape {x.shape}")
        if not np.all((x == 0.0) | (x == 1.0)):
            raise InputError("the entries of a choice must be 0 or 1, got others")
        return self._objective(x)

    def value(self, assets: Iterable[int | str]) -> float:
        """The objective of some assets, by index or name.

        Raises:
            InputError: for an asset that is not there, or one named twice.
        """
        choice = np.zeros(self.num_assets)
        choice[indices_of(assets, self.asset_names)] = 1.0
        return float(self._objective(choice))

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that another problem does not share; results carry those of theirs."""
        parts = [self.expected_returns.tobytes(), self.covariance.tobytes()]
        parts += [repr((self.risk_aversion, self.budget, self.asset_names)).encode()]
        return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()

    def names(self, indices: Iterable[int]) -> tuple[str, ...]:
        """Names of distinct assets given by index.

        Raises:
            InputError: for an index that is not there or given twice.
        """
        return tuple(self.asset_names[index] for index in indices_of(indices, self.asset_names))

    def qubo(self) -> FloatArray:
        """Symmetric Q of shape ``(n, n)`` with ``xᵀQx`` the objective, which has its linear part on the diagonal."""
        matrix = self.risk_aversion * 0.5 * (self.covariance + self.covariance.T)
        matrix[np.diag_indices_from(matrix)] -= self.expected_returns
        return np.asarray(matrix, dtype=np.float64)

    def cost_hamiltonian(self) -> PauliSum:
        """The objective as a diagonal operator: asset k is qubit k, ``x_k = (1 − Z_k)/2``."""
        return _ising(self.qubo(), 0.0)

    def penalty_hamiltonian(self, penalty: float) -> PauliSum:
        """``penalty · (Σ x_k − budget)²`` as a diagonal operator.

        Raises:
            InputError: if the penalty is not positive.
        """
        strength = require_number("a penalty", penalty)
        if strength <= 0.0:
            raise InputError(f"a penalty must be a positive number, got {penalty}")
        matrix = np.ones((self.num_assets, self.num_assets))
        matrix[np.diag_indices_from(matrix)] -= 2.0 * self.budget
        return _ising(strength * matrix, strength * self.budget**2)

    def sufficient_penalty(self) -> float:
        """A penalty beyond which the penalised minimum is a choice of exactly `budget` assets, and so the optimum.

        It bounds what the objective can rise when a choice of fewer assets takes one in, or a choice of more drops
        one: a choice that misses the budget by d is then d steps, and less than d² penalties, from one that does not.
        """
        qubo = self.qubo()
        linear = np.diag(qubo).copy()
        pairs = 2.0 * (qubo - np.diag(linear))
        ordered = np.sort(pairs + np.diag(np.full(self.num_assets, np.nan)), axis=1)[:, : self.num_assets - 1]
        # taking in an asset beside at most K - 1 others; dropping one from beside at least K, at most n - 1 others
        rise = linear + np.maximum(ordered, 0.0)[:, ::-1][:, : self.budget - 1].sum(axis=1)
        fixed, free = ordered[:, : self.budget], ordered[:, self.budget :]
        fall = -(linear + fixed.sum(axis=1) + np.minimum(free, 0.0).sum(axis=1))
        bound = float(np.max(rise, initial=0.0))
        if self.budget < self.num_assets:
            bound = max(bound, float(np.max(fall)))
        return max(bound, float(np.finfo(np.float64).tiny))

    def _objective(self, x: FloatArray) -> FloatArray:
        risk = np.einsum("...i,ij,...j->...", x, self.covariance, x)
        return np.asarray(self.risk_aversion * risk - x @ self.expected_returns, dtype=np.float64)


def require_problem(problem: object) -> PortfolioProblem:
    """The problem, or an `InputError` when it is none."""
    if not isinstance(problem, PortfolioProblem):
        raise InputError(f"the problem must be a PortfolioProblem, got {shown(problem)}")
    return problem


def _check_covariance(covariance: FloatArray) -> None:
    scale = float(np.abs(np.diag(covariance)).max())
    asymmetry = float(np.abs(covariance - covariance.T).max())
    if asymmetry > _TOLERANCE * scale:
        raise InputError(f"a covariance must be symmetric, got entries that differ by {asymmetry:.3g}")
    lowest = float(np.linalg.eigvalsh(covariance)[0])
    if lowest < -_TOLERANCE * scale:
        raise InputError(
            f"a covariance must be positive semidefinite, got the eigenvalue {lowest:.3g}; "
            "estimate it from complete data, or shrink it towards its diagonal"
        )


def _ising(qubo: FloatArray, constant: float) -> PauliSum:
    """``xᵀQx + constant`` with ``x = (1 − Z)/2``, for symmetric Q."""
    size = len(qubo)
    first, second = np.triu_indices(size, k=1)
    couplings = qubo[first, second] / 2.0
    off_diagonal = qubo.sum(axis=1) - np.diag(qubo)
    fields = -(np.diag(qubo) + off_diagonal) / 2.0
    offset = constant + np.trace(qubo) / 2.0 + couplings.sum()
    bits = np.left_shift(1, np.arange(size, dtype=np.int64))
    z_masks = np.concatenate([[0], bits, bits[first] | bits[second]]).astype(np.int64)
    return PauliSum(np.zeros_like(z_masks), z_masks, np.concatenate([[offset], fields, couplings]), size)
