"""Random operators that the tests of this folder share."""

from collections.abc import Callable

import numpy as np
import pytest

from qtoolkit.operators import FermionOperator, PauliSum


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240)


@pytest.fixture
def random_sum(rng: np.random.Generator) -> Callable[..., PauliSum]:
    """A factory of sums with repeated strings and complex coefficients; `hermitian` makes them real."""

    def make(num_qubits: int, num_terms: int, *, hermitian: bool = False) -> PauliSum:
        masks = rng.integers(1 << num_qubits, size=(2, num_terms))
        imaginary = 0 if hermitian else 1j * rng.normal(size=num_terms)
        return PauliSum(masks[0], masks[1], rng.normal(size=num_terms) + imaginary, num_qubits)

    return make


@pytest.fixture
def random_state(rng: np.random.Generator) -> Callable[[int], np.ndarray]:
    def make(num_qubits: int) -> np.ndarray:
        state = rng.normal(size=(2, 1 << num_qubits)).T.copy().view(np.complex128).ravel()
        return state / np.linalg.norm(state)

    return make


@pytest.fixture
def random_fermions(rng: np.random.Generator) -> Callable[[int, int], FermionOperator]:
    """A factory of polynomials of degree at most four, in no particular order."""

    def make(num_modes: int, num_terms: int) -> FermionOperator:
        terms = {}
        for _ in range(num_terms):
            degree = int(rng.integers(5))
            product = tuple((int(rng.integers(num_modes)), bool(rng.integers(2))) for _ in range(degree))
            terms[product] = complex(rng.normal(), rng.normal())
        return FermionOperator(terms)

    return make
