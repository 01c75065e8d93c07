"""QAOA schedules: the angles of every layer, and where to start looking for them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from qtoolkit._arguments import MOST_ITEMS, check_instance, check_integer, check_number, items_of, shown
from qtoolkit.errors import InputError

__all__ = ["Schedule"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Schedule:
    """Angles of a QAOA circuit, in radians.

    Attributes:
        gammas: angle of each cost layer, in time order.
        betas: angle of each mixer layer, as many.
        problem: fingerprint of the problem, scale included, for which the angles were found; None for angles that are
            meant for any. A schedule of one problem is refused by another; see `detached`.

    Raises:
        InputError: if there is no layer, their numbers differ or an angle is not finite.
    """

    gammas: tuple[float, ...]
    betas: tuple[float, ...]
    problem: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        for name in ("gammas", "betas"):
            object.__setattr__(self, name, _angles(getattr(self, name), name))
        if self.problem is not None:
            check_instance(self.problem, str, "a schedule's problem must be a fingerprint, a string")
        if not self.gammas or len(self.gammas) != len(self.betas):
            raise InputError(
                f"a schedule has one gamma and one beta for each layer, got {len(self.gammas)} and {len(self.betas)}"
            )
        if not all(math.isfinite(angle) for angle in (*self.gammas, *self.betas)):
            raise InputError(
                f"the angles of a schedule must be finite, got {shown(self.gammas)} and {shown(self.betas)}"
            )

    @classmethod
    def ramp(cls, num_layers: int, gamma_step: float = 0.75, beta_step: float | None = None) -> Schedule:
        """Discretised annealing: γ rises and β falls linearly, layer by layer.

        With ``f = (l + ½) / p`` at layer l of p, γ is ``f · gamma_step`` and β is ``(1 - f) · beta_step``.
        Source: Sack and Serbyn, Quantum 5, 491 (2021), whose time step near 0.75 suits costs of unit scale.

        Args:
            num_layers: at least 1.
            gamma_step: where γ ends.
            beta_step: where β begins; `gamma_step` by default.
        """
        count = check_integer(num_layers, "num_layers", most=MOST_ITEMS)
        if count < 1:
            raise InputError(f"num_layers must be at least 1, got {shown(count)}")
        gamma_step = check_number(gamma_step, "gamma_step")
        beta_step = None if beta_step is None else check_number(beta_step, "beta_step")
        progress = (np.arange(count) + 0.5) / count
        start = gamma_step if beta_step is None else beta_step
        return cls(tuple(progress * gamma_step), tuple((1.0 - progress) * start))

    @classmethod
    def from_parameters(cls, parameters: Iterable[float]) -> Schedule:
        """Read ``γ_0, β_0, γ_1, β_1, …``, the order of a QAOA circuit's parameters."""
        values = _angles(parameters, "parameters")
        return cls(tuple(values[::2]), tuple(values[1::2]))

    @property
    def num_layers(self) -> int:
        """Number of layers."""
        return len(self.gammas)

    def to_parameters(self) -> FloatArray:
        """``γ_0, β_0, γ_1, β_1, …``, float64 of shape ``(2 * num_layers,)``."""
        return np.array([self.gammas, self.betas], dtype=np.float64).T.ravel()

    def interpolated(self) -> Schedule:
        """A schedule of one layer more that follows the same curves, to start the search there.

        Source: Zhou, Wang, Choi, Pichler and Lukin, Phys. Rev. X 10, 021067 (2020), eq. (B1).
        """
        layers = self.num_layers
        weights = np.arange(layers + 1) / layers

        def stretched(angles: tuple[float, ...]) -> tuple[float, ...]:
            before, after = np.array([0.0, *angles]), np.array([*angles, 0.0])
            return tuple(weights * before + (1.0 - weights) * after)

        return replace(self, gammas=stretched(self.gammas), betas=stretched(self.betas))

    def detached(self) -> Schedule:
        """The same angles for any problem, such as the start of another one's search."""
        return replace(self, problem=None)


def _angles(given: Iterable[float], name: str) -> tuple[float, ...]:
    rule = "a real number"
    items = items_of(given, f"{name} must be a sequence of angles")
    return tuple(check_number(angle, f"an angle of {name}", kind=rule, accept=lambda _: True) for angle in items)
