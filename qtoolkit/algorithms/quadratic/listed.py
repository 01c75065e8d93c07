"""Grover's mixer on the feasible choices of any constraints: the state vector over a list of them."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray

from qtoolkit import _needs
from qtoolkit._memory import reserved
from qtoolkit.algorithms.quadratic.enumerate import feasible_choices
from qtoolkit.algorithms.quadratic.measured import lower_tail, tail_observable
from qtoolkit.algorithms.quadratic.problem import QuadraticProblem

__all__ = ["ListedLandscape"]

FloatArray = NDArray[np.float64]
BitArray = NDArray[np.int8]


class ListedLandscape:
    """States after reflections ``1 − (1 − e^{iβ})|ψ⟩⟨ψ|`` and phases of the objective, over all feasible choices.

    It is a `Landscape`, with values in units of the objective's spread.

    Sources: Bärtschi and Eidenbenz, IEEE QCE 2020, 72 (arXiv:2006.00354); where ψ is tilted towards a relaxed solution,
    as Egger, Mareček and Woerner, Quantum 5, 479 (2021) do for free bits, it still is the ground state of the mixer,
    which He et al., npj Quantum Inf. 9, 121 (2023) find to matter.

    Args:
        problem: whose feasible choices are listed.
        num_layers: p; parameters are ``γ_0, β_0, γ_1, …``.
        share: of the outcomes whose mean is minimised, see `lower_tail`.
        chances: of each variable to be 1 in ψ, shape ``(n,)``; ψ is uniform by default.

    Raises:
        InputError: as `feasible_choices` does.
        InsufficientMemoryError: if there is no memory for so many choices.
    """

    is_differentiable = True
    is_exact = True
    precision = "double"
    scale = 1.0

    def __init__(
        self, problem: QuadraticProblem, num_layers: int, share: float = 1.0, chances: FloatArray | None = None
    ) -> None:
        self.problem = problem
        self.choices, self.values = feasible_choices(problem)
        self.num_parameters = 2 * num_layers
        self._share = share
        spread = float(self.values.std())
        size = float(np.abs(self.values).max())
        self.spread = spread if spread > 1e-12 * size else size or 1.0
        self._scaled = (self.values - self.values.mean()) / self.spread
        self._mean = float(self.values.mean()) / self.spread
        self._start = np.full(len(self.values), 1.0 / np.sqrt(len(self.values)))
        if chances is not None:
            logs = np.log1p(-chances).sum() + self.choices @ np.log(chances / (1.0 - chances))
            self._start = np.exp(0.5 * (logs - logs.max()))
            self._start /= np.linalg.norm(self._start)
        parts = repr((problem.fingerprint, "grover", None if chances is None else chances.tolist()))
        self.fingerprint = hashlib.blake2b(parts.encode(), digest_size=8).hexdigest()

    def with_layers(self, num_layers: int) -> ListedLandscape:
        """The same choices with another number of layers."""
        other = object.__new__(ListedLandscape)
        other.__dict__.update(self.__dict__)
        other.num_parameters = 2 * num_layers
        return other

    def probabilities(self, parameters: FloatArray) -> FloatArray:
        """Of the choices, shape ``(m,)``."""
        with self._reserved():
            state = self._state(parameters)
            found = state.real**2 + state.imag**2
            return np.asarray(found / found.sum())

    def value(self, parameters: FloatArray) -> float:
        """What is minimised: the mean, or that of the lower tail."""
        return lower_tail(self._scaled, self.probabilities(parameters), self._share)[0] + self._mean

    def value_and_gradient(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """The same and its derivatives, by the adjoint method: Jones and Gacon, arXiv:2009.02823."""
        with self._reserved():
            ket = self._state(parameters)
            observable = self._scaled
            if self._share < 1.0:
                _, bar = lower_tail(self._scaled, ket.real**2 + ket.imag**2, self._share)
                observable = tail_observable(self._scaled, bar, self._share)
            bra = observable * ket
            value = float(np.vdot(ket, bra).real)
            gradient = np.empty(self.num_parameters)
            for layer in reversed(range(self.num_parameters // 2)):
                gamma, beta = parameters[2 * layer : 2 * layer + 2]
                # the generator of the mixer's layer is -|ψ⟩⟨ψ|, so that d/dβ = i|ψ⟩⟨ψ|
                gradient[2 * layer + 1] = -2.0 * (np.vdot(bra, self._start) * np.vdot(self._start, ket)).imag
                for vector in (ket, bra):
                    vector += (np.exp(-1j * beta) - 1.0) * np.vdot(self._start, vector) * self._start
                gradient[2 * layer] = 2.0 * np.vdot(bra, self._scaled * ket).imag
                turn = np.exp(1j * gamma * self._scaled)
                ket *= turn
                bra *= turn
            return value + self._mean, gradient

    def estimate(self, parameters: FloatArray) -> tuple[float, float] | None:
        """None."""
        return None

    def outcomes(self, probabilities: FloatArray) -> tuple[BitArray, FloatArray]:
        """The choices and the probability of each."""
        return self.choices, probabilities

    def _state(self, parameters: FloatArray) -> NDArray[np.complex128]:
        state = self._start.astype(np.complex128)
        for gamma, beta in parameters.reshape(-1, 2):
            state *= np.exp(-1j * gamma * self._scaled)
            state += (np.exp(1j * beta) - 1.0) * np.vdot(self._start, state) * self._start
        return state

    def _reserved(self) -> AbstractContextManager[None]:
        needed = _needs.listed_states(len(self.values))
        return reserved(needed, f"states over {len(self.values):,} choices", "take fewer variables, or another mixer")
